/**
 * One instance against one offer (spec marathon-behaviour, section 4.4). A match takes what it needs
 * out of the pool; a refusal takes nothing and says why.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { Random } from '../../../core/base/random.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { Offer, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources, reservationRole } from '../../kit/offer-resources.ts';
import type { RejectReason } from '../machine/offer-statistics.ts';
import type { MachineSettings } from '../machine/settings.ts';
import { isResident } from '../model/persistent-volumes.ts';
import { isMarathonReservation } from '../model/reservation.ts';
import { gpusOf, type RunSpec } from '../model/run-spec.ts';
import type { Place } from './constraint-values.ts';
import { satisfiesConstraints } from './constraints.ts';
import { type Demand, demandOf, totalDemand } from './demand.ts';
import { chooseHostPorts, type RequiredPorts } from './ports.ts';

export interface TaskMatch {
  readonly resources: readonly Resource[];
  /** Per declared port. */
  readonly hostPorts: readonly (number | undefined)[];
}

export interface Match {
  /** As the demand names them. */
  readonly tasks: readonly TaskMatch[];
  readonly executorResources: readonly Resource[];
  /** Per entry of the context's. */
  readonly rootVolumes: readonly Resource[];
}

export interface MatchContext {
  readonly settings: MachineSettings;
  readonly random: Random;
  readonly now: Instant;
  readonly masterRegion: string | undefined;
  /** Where the app's or pod's instances of the present configuration are. */
  readonly placed: readonly Place[];
  /** Differs from the run spec's while an older reservation is used. */
  readonly role: string;
  /** Bound to this agent by its volumes, so that sparing its GPUs for others is no use. */
  readonly isBound?: boolean;
  /** Sizes, MiB, of volumes that are to be made of the ordinary disk. */
  readonly rootVolumesMb?: readonly number[];
  /** Ports that other apps insist on. */
  readonly requiredPorts?: RequiredPorts;
}

export function placeOf(offer: Offer): Place {
  return {
    host: offer.hostname,
    region: offer.domain?.fault_domain?.region.name,
    zone: offer.domain?.fault_domain?.zone.name,
    attributes: offer.attributes ?? [],
  };
}

export function matchOffer(
  spec: RunSpec,
  pool: OfferResources,
  context: MatchContext,
): Result<Match, readonly RejectReason[]> {
  const offer = pool.offer;
  const place = placeOf(offer);
  const reasons: RejectReason[] = [];
  const { role, rootVolumesMb = [] } = context;
  if ((offer.allocation_info?.role ?? role) !== role) reasons.push('UnfulfilledRole');
  const isFar = !isInRegion(spec, place, context.masterRegion);
  if (isFar || !satisfiesConstraints(spec, place, context.placed)) {
    reasons.push('UnfulfilledConstraint');
  }
  if (!context.settings.plugins.accepts(offer, spec)) reasons.push('UnfulfilledConstraint');
  if (isInMaintenance(offer, context)) reasons.push('AgentMaintenance');
  const spares = context.isBound !== true;
  if (spares && wastesGpus(spec, pool, context.settings)) reasons.push('DeclinedScarceResources');
  const demand = demandOf(spec, context.settings);
  const total = totalDemand(demand);
  const volumesMb = rootVolumesMb.reduce((sum, size) => sum + size, 0);
  for (const name of pool.missing({ ...total, disk: (total['disk'] ?? 0) + volumesMb })) {
    reasons.push(SCALAR_REASONS[name] ?? 'InsufficientCpus');
  }
  const wanted = demand.tasks.flatMap(({ ports }) => ports);
  const hostPorts = chooseHostPorts(wanted, pool, context.random, context.requiredPorts);
  if (hostPorts === undefined) reasons.push('InsufficientPorts');
  if (reasons.length > 0 || hostPorts === undefined) return err(reasons);
  const match = takeAll(demand, hostPorts, rootVolumesMb, pool);
  return match === undefined ? err(['InsufficientPorts']) : ok(match);
}

/** Takes what has been found to be there; undefined when it is not, which only ports can cause. */
function takeAll(
  demand: Demand,
  hostPorts: readonly (number | undefined)[],
  rootVolumesMb: readonly number[],
  pool: OfferResources,
): Match | undefined {
  const rest = [...hostPorts];
  const tasks: TaskMatch[] = [];
  const executorResources: Resource[] = [];
  for (const { scalars, ports } of demand.tasks) {
    const mine = rest.splice(0, ports.length);
    const portResources = pool.takePorts(mine.filter((port) => port !== undefined));
    const resources = pool.take(scalars);
    if (portResources === undefined || resources === undefined) return undefined;
    if (demand.executorHoldsPorts) executorResources.push(...portResources);
    const own = demand.executorHoldsPorts ? resources : [...resources, ...portResources];
    tasks.push({ resources: own, hostPorts: mine });
  }
  const executor = pool.take(demand.executor);
  if (executor === undefined) return undefined;
  const rootVolumes: Resource[] = [];
  for (const size of rootVolumesMb) {
    // A volume is one piece of disk.
    const [disk, ...more] = pool.take({ disk: size }) ?? [];
    if (disk === undefined || more.length > 0) return undefined;
    rootVolumes.push(disk);
  }
  return { tasks, executorResources: [...executor, ...executorResources], rootVolumes };
}

const SCALAR_REASONS: Readonly<Record<string, RejectReason>> = {
  cpus: 'InsufficientCpus',
  mem: 'InsufficientMemory',
  disk: 'InsufficientDisk',
  gpus: 'InsufficientGpus',
};

/** Roles whose reservations the app may use. */
export function acceptedRoles(spec: RunSpec, settings: MachineSettings): ReadonlySet<string> {
  if (spec.acceptedResourceRoles !== undefined) return new Set(spec.acceptedResourceRoles);
  switch (settings.acceptedRolesDefault) {
    case 'unreserved':
      return new Set(['*']);
    case 'reserved':
      return new Set([spec.role]);
    case 'any':
      return new Set([spec.role, '*']);
  }
}

/** What is not reserved for one instance only. */
export function commonPart(offer: Offer): OfferResources {
  return new OfferResources(offer, { usable: (resource) => !isMarathonReservation(resource) });
}

/** The common part as the app may use it; `shared` when that is all of it. */
export function usablePart(
  spec: RunSpec,
  shared: OfferResources,
  settings: MachineSettings,
): OfferResources {
  // Only what is unreserved can be reserved.
  const accepted = isResident(spec) ? UNRESERVED : acceptedRoles(spec, settings);
  const resources = shared.offer.resources ?? [];
  const common = resources.filter((resource) => !isMarathonReservation(resource));
  if (common.every((resource) => accepted.has(reservationRole(resource)))) return shared;
  const usable = (resource: Resource): boolean =>
    accepted.has(reservationRole(resource)) && !isMarathonReservation(resource);
  return new OfferResources(shared.offer, { usable });
}

const UNRESERVED: ReadonlySet<string> = new Set(['*']);

export function isInRegion(spec: RunSpec, place: Place, masterRegion: string | undefined): boolean {
  const constrained = spec.constraints.some(([field]) => field === '@region' || field === '@zone');
  if (constrained || masterRegion === undefined || place.region === undefined) return true;
  return place.region === masterRegion;
}

export function isInMaintenance(offer: Offer, { settings, now }: MatchContext): boolean {
  if (!settings.maintenanceMode || offer.unavailability === undefined) return false;
  const start = offer.unavailability.start.nanoseconds / 1e6;
  const duration = offer.unavailability.duration;
  const end = duration === undefined ? undefined : start + duration.nanoseconds / 1e6;
  return start - settings.drainingMs <= now && (end === undefined || now < end);
}

export function wastesGpus(
  spec: RunSpec,
  pool: OfferResources,
  settings: MachineSettings,
): boolean {
  if (gpusOf(spec) > 0 || pool.scalar('gpus') === 0) return false;
  const label = spec.labels['GPU_SCHEDULING_BEHAVIOR'];
  if (label !== undefined) return label === 'restricted';
  return settings.restrictsGpuAgents;
}
