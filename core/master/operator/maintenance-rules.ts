/** Rules for machines and maintenance schedules (spec operator-api, section 4.11). */
import { toJson } from '../../wire/json.ts';
import type { Schedule } from '../../wire/types/mesos.v1.maintenance.ts';
import type { MachineID, MachineInfoMode } from '../../wire/types/mesos.v1.ts';
import { machineKey } from '../agent-info.ts';
import type { MasterState } from '../state.ts';

export function refuseSchedule(state: MasterState, schedule: Schedule): string | undefined {
  const scheduled = new Set<string>();
  for (const { machine_ids: machines = [], unavailability } of schedule.windows ?? []) {
    if (machines.length === 0) return 'List of machines in the maintenance window is empty';
    if ((unavailability.duration?.nanoseconds ?? 0) < 0) {
      return "Unavailability 'duration' is negative";
    }
    const why = refuseList(machines, scheduled);
    if (why !== undefined) return why;
  }
  for (const [key, { id, mode }] of state.machines) {
    if (mode !== 'DOWN' || scheduled.has(key)) continue;
    return `Machine '${nameOf(id)}' is deactivated and cannot be removed from the schedule`;
  }
  return undefined;
}

/** Down: from DRAINING; up: from DOWN. */
export function refuseMachines(
  state: MasterState,
  machines: readonly MachineID[],
  change: 'down' | 'up',
): string | undefined {
  if (machines.length === 0) return 'List of machines is empty';
  const why = refuseList(machines, new Set());
  if (why !== undefined) return why;
  const needed: MachineInfoMode = change === 'down' ? 'DRAINING' : 'DOWN';
  for (const id of machines) {
    const machine = state.machines.get(machineKey(id));
    if (machine === undefined && !isUp(state, id)) {
      return `Machine '${nameOf(id)}' is not part of a maintenance schedule`;
    }
    if (machine?.mode === needed) continue;
    return `Machine '${nameOf(id)}' is not in ${needed} mode and cannot be brought ${change}`;
  }
  return undefined;
}

/** Machines that nobody scheduled are known as long as agents are on them. */
function isUp(state: MasterState, id: MachineID): boolean {
  const key = machineKey(id);
  for (const { info, pid } of state.agents.values()) {
    if (machineKey({ hostname: info.hostname, ip: pid.ip }) === key) return true;
  }
  return false;
}

/** `seen` grows by the keys of the machines. */
function refuseList(machines: readonly MachineID[], seen: Set<string>): string | undefined {
  for (const id of machines) {
    const why = refuseMachine(id);
    if (why !== undefined) return why;
    const key = machineKey(id);
    if (seen.has(key)) return `Machine '${nameOf(id)}' appears more than once in the schedule`;
    seen.add(key);
  }
  return undefined;
}

function refuseMachine({ hostname = '', ip = '' }: MachineID): string | undefined {
  if (hostname === '' && ip === '') return "Both 'hostname' and 'ip' for a machine are empty";
  if (ip === '' || isIpv4(ip)) return undefined;
  return `Failed to parse the IP '${ip}'`;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

function nameOf(id: MachineID): string {
  return toJson('mesos.v1.MachineID', id);
}
