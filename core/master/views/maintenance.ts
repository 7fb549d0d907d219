/** Maintenance schedule and status (spec operator-api, section 4.11). Legacy keys are sorted. */
import type { Allocator } from '../../allocator/types.ts';
import { toJsonValue } from '../../wire/json.ts';
import type { JsonObject, JsonValue } from '../../wire/json-text.ts';
import { Double, RawJson } from '../../wire/json-text.ts';
import type {
  ClusterStatus,
  ClusterStatusDrainingMachine,
  Schedule,
} from '../../wire/types/mesos.v1.maintenance.ts';
import type { MachineID } from '../../wire/types/mesos.v1.ts';
import type { MasterState } from '../state.ts';

export function maintenanceSchedule(state: MasterState): Schedule {
  return state.schedules[0] ?? {};
}

export function maintenanceScheduleDocument(state: MasterState): JsonValue {
  return sortedKeys(toJsonValue('mesos.v1.maintenance.Schedule', maintenanceSchedule(state)));
}

export function maintenanceStatus(state: MasterState, allocator: Allocator): ClusterStatus {
  const draining: ClusterStatusDrainingMachine[] = [];
  const down: MachineID[] = [];
  for (const { id, mode } of state.machines.values()) {
    if (mode === 'DOWN') down.push(id);
    if (mode === 'DRAINING') draining.push({ id, statuses: inverseStatuses(state, allocator, id) });
  }
  return { draining_machines: draining, down_machines: down };
}

export function maintenanceStatusDocument(state: MasterState, allocator: Allocator): JsonValue {
  const status = maintenanceStatus(state, allocator);
  return sortedKeys(toJsonValue('mesos.v1.maintenance.ClusterStatus', status));
}

function inverseStatuses(
  state: MasterState,
  allocator: Allocator,
  machine: MachineID,
): NonNullable<ClusterStatusDrainingMachine['statuses']> {
  const statuses: NonNullable<ClusterStatusDrainingMachine['statuses']>[number][] = [];
  for (const [agentId, byFramework] of allocator.inverseOfferStatuses()) {
    const agent = state.agents.get(agentId);
    if (agent === undefined || !isOnMachine(machine, agent.info.hostname, agent.pid.ip)) continue;
    statuses.push(...byFramework.values());
  }
  return statuses;
}

function isOnMachine(machine: MachineID, hostname: string, ip: string): boolean {
  const sameName = machine.hostname?.toLowerCase() === hostname.toLowerCase();
  return sameName && machine.ip === ip;
}

/** The same tree with every object's keys in order, as the original's maps print them. */
export function sortedKeys(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Double || value instanceof RawJson) return value;
  if (isList(value)) return value.map(sortedKeys);
  const sorted: Record<string, JsonValue | undefined> = {};
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    sorted[key] = member === undefined ? undefined : sortedKeys(member);
  }
  return sorted;
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}
