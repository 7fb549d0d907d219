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
import type { App } from '../model/app.ts';
import type { Place } from './constraint-values.ts';
import { satisfiesConstraints } from './constraints.ts';
import { chooseHostPorts } from './ports.ts';

export interface Match {
  readonly resources: readonly Resource[];
  readonly executorResources: readonly Resource[];
  readonly hostPorts: readonly (number | undefined)[];
}

export interface MatchContext {
  readonly settings: MachineSettings;
  readonly random: Random;
  readonly now: Instant;
  readonly masterRegion: string | undefined;
  /** Where the app's instances of the present configuration are. */
  readonly placed: readonly Place[];
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
  app: App,
  pool: OfferResources,
  context: MatchContext,
): Result<Match, readonly RejectReason[]> {
  const offer = pool.offer;
  const place = placeOf(offer);
  const reasons: RejectReason[] = [];
  if ((offer.allocation_info?.role ?? app.role) !== app.role) reasons.push('UnfulfilledRole');
  const isFar = !isInRegion(app, place, context.masterRegion);
  if (isFar || !satisfiesConstraints(app, place, context.placed)) {
    reasons.push('UnfulfilledConstraint');
  }
  if (isInMaintenance(offer, context)) reasons.push('AgentMaintenance');
  if (wastesGpus(app, pool, context.settings)) reasons.push('DeclinedScarceResources');
  const demand = { cpus: app.cpus, mem: app.mem, disk: app.disk, gpus: app.gpus };
  const executorDemand = executorDemandOf(app, context.settings);
  const missing = pool.missing(plus(demand, executorDemand));
  for (const name of missing) reasons.push(SCALAR_REASONS[name] ?? 'InsufficientCpus');
  const hostPorts = chooseHostPorts(app, pool, context.random);
  if (hostPorts === undefined) reasons.push('InsufficientPorts');
  if (reasons.length > 0 || hostPorts === undefined) return err(reasons);
  const ports = pool.takePorts(hostPorts.filter((port) => port !== undefined));
  const scalars = pool.take(demand);
  const executorResources = pool.take(executorDemand);
  if (ports === undefined || scalars === undefined || executorResources === undefined) {
    return err(['InsufficientPorts']);
  }
  return ok({ resources: [...scalars, ...ports], executorResources, hostPorts });
}

const SCALAR_REASONS: Readonly<Record<string, RejectReason>> = {
  cpus: 'InsufficientCpus',
  mem: 'InsufficientMemory',
  disk: 'InsufficientDisk',
  gpus: 'InsufficientGpus',
};

/** Roles whose reservations the app may use. */
export function acceptedRoles(app: App, settings: MachineSettings): ReadonlySet<string> {
  if (app.acceptedResourceRoles !== undefined) return new Set(app.acceptedResourceRoles);
  switch (settings.acceptedRolesDefault) {
    case 'unreserved':
      return new Set(['*']);
    case 'reserved':
      return new Set([app.role]);
    case 'any':
      return new Set([app.role, '*']);
  }
}

/** The offer as the app may use it; `shared` when that is all of it. */
export function usablePart(
  app: App,
  shared: OfferResources,
  settings: MachineSettings,
): OfferResources {
  const accepted = acceptedRoles(app, settings);
  const usable = (resource: Resource): boolean =>
    accepted.has(reservationRole(resource)) && !isMarathonReservation(resource);
  const resources = shared.offer.resources ?? [];
  if (resources.every(usable)) return shared;
  return new OfferResources(shared.offer, { usable });
}

/** Reservations made for persistent volumes belong to one instance only. */
function isMarathonReservation(resource: Resource): boolean {
  const labels = resource.reservations?.at(-1)?.labels ?? resource.reservation?.labels;
  return labels?.labels?.some(({ key }) => key === 'marathon_framework_id') ?? false;
}

function isInRegion(app: App, place: Place, masterRegion: string | undefined): boolean {
  const constrained = app.constraints.some(([field]) => field === '@region' || field === '@zone');
  if (constrained || masterRegion === undefined || place.region === undefined) return true;
  return place.region === masterRegion;
}

function isInMaintenance(offer: Offer, { settings, now }: MatchContext): boolean {
  if (!settings.maintenanceMode || offer.unavailability === undefined) return false;
  const start = offer.unavailability.start.nanoseconds / 1e6;
  const duration = offer.unavailability.duration;
  const end = duration === undefined ? undefined : start + duration.nanoseconds / 1e6;
  return start - settings.drainingMs <= now && (end === undefined || now < end);
}

function wastesGpus(app: App, pool: OfferResources, settings: MachineSettings): boolean {
  if (app.gpus > 0 || pool.scalar('gpus') === 0) return false;
  const label = app.labels['GPU_SCHEDULING_BEHAVIOR'];
  if (label !== undefined) return label === 'restricted';
  return settings.restrictsGpuAgents;
}

type Scalars = Readonly<Record<string, number>>;

function executorDemandOf(app: App, settings: MachineSettings): Scalars {
  const executor = app.executor === '' ? settings.executor : app.executor;
  if (executor === '//cmd' || executor === '') return {};
  const { cpus = 0.1, mem = 32, disk = 10 } = app.executorResources ?? {};
  return { cpus, mem, disk };
}

function plus(a: Scalars, b: Scalars): Scalars {
  const sum: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}
