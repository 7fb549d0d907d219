/** Small questions about agents: capabilities, machine, maintenance, checkpointed resources. */
import { add as addResources, subtract as subtractResources } from '../resources/arithmetic.ts';
import type {
  MachineID,
  Resource,
  ResourceDiskInfo,
  Unavailability,
} from '../wire/types/mesos.v1.ts';
import type { Agent, RecoveredAgent } from './records.ts';
import type { MasterState } from './state.ts';

export function machineKey(id: MachineID): string {
  return `${(id.hostname ?? '').toLowerCase()} ${id.ip ?? ''}`;
}

export function machineOf(state: MasterState, hostname: string, ip: string) {
  return state.machines.get(machineKey({ hostname, ip }));
}

/** What the registry keeps of a registered agent. */
export function registryRecord(state: MasterState, agent: Agent): RecoveredAgent {
  return {
    id: agent.id,
    info: agent.info,
    pid: agent.pid,
    drainInfo: state.drainRecords.get(agent.id) ?? agent.drainInfo,
    deactivated: agent.deactivated ? true : undefined,
  };
}

export function unavailabilityOf(state: MasterState, agent: Agent): Unavailability | undefined {
  return machineOf(state, agent.info.hostname, agent.pid.ip)?.unavailability;
}

/** Only dynamic reservations and persistent volumes are checkpointed by agents. */
export function needsCheckpointing(resource: Resource): boolean {
  if (resource.disk?.persistence !== undefined) return true;
  const last = resource.reservations?.at(-1);
  return last?.type === 'DYNAMIC';
}

/** The agent's configured resources with its reservations and volumes put in place. */
export function applyCheckpointed(
  configured: readonly Resource[],
  checkpointed: readonly Resource[],
): readonly Resource[] {
  let total = configured;
  for (const resource of checkpointed) {
    if (!needsCheckpointing(resource)) continue;
    total = addResources(subtractResources(total, [stripCheckpointed(resource)]), [resource]);
  }
  return total;
}

/** What the resource was before reservations and volumes: static reservation and disk source stay. */
function stripCheckpointed(resource: Resource): Resource {
  const kept = (resource.reservations ?? []).filter((each) => each.type === 'STATIC');
  const { reservations: _reservations, disk, shared: _shared, ...rest } = resource;
  const source = disk?.source;
  const bareDisk: ResourceDiskInfo | undefined = source === undefined ? undefined : { source };
  return {
    ...rest,
    ...(kept.length === 0 ? {} : { reservations: kept }),
    ...(bareDisk === undefined ? {} : { disk: bareDisk }),
  };
}
