/**
 * Maintenance of machines (spec operator-api, section 4.11): UP -> DRAINING by a schedule, DRAINING ->
 * DOWN and DOWN -> UP by operators. The schedule and all machines in it are in the registry.
 */
import type { Schedule } from '../../wire/types/mesos.v1.maintenance.ts';
import type { MachineID, MachineInfo } from '../../wire/types/mesos.v1.ts';
import { removeAgent } from '../agent-departure.ts';
import { machineKey } from '../agent-info.ts';
import type { MasterContext } from '../context.ts';
import { rescindInverseOffersOf } from '../inverse-offers.ts';
import { rescindOffersOf } from '../offers.ts';
import type { Agent } from '../records.ts';
import type { RegistryOperation } from '../registry.ts';
import { refuseMachines, refuseSchedule } from './maintenance-rules.ts';
import type { Permit } from './permissions.ts';
import { afterWrite, DONE, type Outcome, refuse } from './requests.ts';

const DOWN_MESSAGE = "Operator initiated 'Machine DOWN'";

/** Replaces the whole schedule. */
export function updateSchedule(
  context: MasterContext,
  schedule: Schedule,
  permit: Permit,
): Outcome {
  const { state } = context;
  const why = refuseSchedule(state, schedule);
  const refused = why === undefined ? permit() : refuse(400, why);
  if (refused !== undefined) return refused;
  const machines = scheduledMachines(context, schedule);
  const removed = [...state.machines].filter(([key]) => !machines.has(key));
  const operations: RegistryOperation[] = [
    { kind: 'set-schedules', schedules: [schedule] },
    ...removed.map(([key]) => ({ kind: 'remove-machine', key }) as const),
    ...[...machines.values()].map((machine) => ({ kind: 'set-machine', machine }) as const),
  ];
  return afterWrite(context, operations, () => {
    state.schedules = [schedule];
    for (const [key, { id }] of removed) {
      state.machines.delete(key);
      changeUnavailability(context, id);
    }
    for (const [key, machine] of machines) {
      state.machines.set(key, machine);
      changeUnavailability(context, machine.id);
    }
    return DONE;
  });
}

/** What the schedule says about each machine; a machine that is DOWN stays so, under its old name. */
function scheduledMachines(
  { state }: MasterContext,
  schedule: Schedule,
): ReadonlyMap<string, MachineInfo> {
  const machines = new Map<string, MachineInfo>();
  for (const { machine_ids: ids = [], unavailability } of schedule.windows ?? []) {
    for (const id of ids) {
      const known = state.machines.get(machineKey(id));
      const mode = known?.mode ?? 'DRAINING';
      machines.set(machineKey(id), { id: known?.id ?? id, mode, unavailability });
    }
  }
  return machines;
}

/** Frameworks must see the new window: what they hold as offers shows the old one. */
function changeUnavailability(context: MasterContext, id: MachineID): void {
  const unavailability = context.state.machines.get(machineKey(id))?.unavailability;
  for (const agent of agentsOn(context, id)) {
    rescindOffersOf(context, agent);
    rescindInverseOffersOf(context, agent);
    context.allocator.updateUnavailability(agent.id, unavailability, context.now);
  }
}

/** `/machine/down`: the agents there are told to end and removed. */
export function startMaintenance(
  context: MasterContext,
  ids: readonly MachineID[],
  permit: Permit,
): Outcome {
  const { state } = context;
  const why = refuseMachines(state, ids, 'down');
  const refused = why === undefined ? permit() : refuse(400, why);
  if (refused !== undefined) return refused;
  const machines = ids
    .map((id) => state.machines.get(machineKey(id)))
    .filter((machine) => machine !== undefined)
    .map((machine): MachineInfo => ({ ...machine, mode: 'DOWN' }));
  const operations = machines.map((machine) => ({ kind: 'set-machine', machine }) as const);
  return afterWrite(context, operations, () => {
    for (const machine of machines) {
      state.machines.set(machineKey(machine.id), machine);
      for (const agent of agentsOn(context, machine.id)) takeDown(context, agent);
    }
    return DONE;
  });
}

/** Removed at once, in case the agent never hears of it. */
function takeDown(context: MasterContext, agent: Agent): void {
  const message = DOWN_MESSAGE;
  context.send(agent, { name: 'mesos.internal.ShutdownMessage', message: { message } });
  removeAgent(context, agent, message, undefined);
}

/** `/machine/up`: the machine leaves the schedule; its agents may register again. */
export function stopMaintenance(
  context: MasterContext,
  ids: readonly MachineID[],
  permit: Permit,
): Outcome {
  const { state } = context;
  const why = refuseMachines(state, ids, 'up');
  const refused = why === undefined ? permit() : refuse(400, why);
  if (refused !== undefined) return refused;
  const keys = new Set(ids.map(machineKey));
  const schedules = state.schedules
    .map((schedule) => without(schedule, keys))
    .filter(({ windows = [] }) => windows.length > 0);
  const operations: RegistryOperation[] = [
    { kind: 'set-schedules', schedules },
    ...[...keys].map((key) => ({ kind: 'remove-machine', key }) as const),
  ];
  return afterWrite(context, operations, () => {
    state.schedules = schedules;
    for (const key of keys) state.machines.delete(key);
    for (const id of ids) changeUnavailability(context, id);
    return DONE;
  });
}

function without(schedule: Schedule, keys: ReadonlySet<string>): Schedule {
  const windows = (schedule.windows ?? []).map((window) => ({
    ...window,
    machine_ids: (window.machine_ids ?? []).filter((id) => !keys.has(machineKey(id))),
  }));
  return { ...schedule, windows: windows.filter(({ machine_ids: ids }) => ids.length > 0) };
}

function agentsOn({ state }: MasterContext, id: MachineID): readonly Agent[] {
  const key = machineKey(id);
  return [...state.agents.values()].filter(
    ({ info, pid }) => machineKey({ hostname: info.hostname, ip: pid.ip }) === key,
  );
}
