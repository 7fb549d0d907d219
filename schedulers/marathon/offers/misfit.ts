/**
 * Why an app or pod did not fit an offer, for people: the first thing in the order of the reject
 * reasons that was wrong, its numbers, and the smallest change with which this would fit.
 */
import type { Offer } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../kit/offer-resources.ts';
import { portCount } from '../../kit/port-ranges.ts';
import type { RejectReason } from '../machine/offer-statistics.ts';
import { isPod, type RunSpec } from '../model/run-spec.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import { constraintValue } from './constraint-values.ts';
import { satisfies } from './constraints.ts';
import { demandOf, totalDemand } from './demand.ts';
import {
  acceptedRoles,
  commonPart,
  isInMaintenance,
  isInRegion,
  type MatchContext,
  placeOf,
  usablePart,
  wastesGpus,
} from './match.ts';

export interface Misfit {
  readonly reason: RejectReason;
  /** What was wanted and what there was. */
  readonly text: string;
  readonly wanted?: number | string | undefined;
  readonly offered?: number | string | undefined;
  readonly smallestChange: string;
  /** The same as fields of an app; absent when it is not the app that would have to change. */
  readonly change?: Readonly<Record<string, unknown>> | undefined;
}

const SCALARS: readonly (readonly [name: string, reason: RejectReason, unit: string])[] = [
  ['cpus', 'InsufficientCpus', ''],
  ['mem', 'InsufficientMemory', ' MiB'],
  ['disk', 'InsufficientDisk', ' MiB'],
  ['gpus', 'InsufficientGpus', ''],
];

/** Undefined when nothing of this is wrong (any more). */
export function misfitOf(spec: RunSpec, offer: Offer, context: MatchContext): Misfit | undefined {
  return (
    roleMisfit(offer, context) ??
    constraintMisfit(spec, offer, context) ??
    maintenanceMisfit(offer, context) ??
    scalarMisfit(spec, offer, context) ??
    portMisfit(spec, offer, context) ??
    gpuMisfit(spec, offer, context)
  );
}

function roleMisfit(offer: Offer, { role }: MatchContext): Misfit | undefined {
  const offered = offer.allocation_info?.role ?? role;
  if (offered === role) return undefined;
  return {
    reason: 'UnfulfilledRole',
    text: `offered to role '${offered}', wanted by role '${role}'`,
    wanted: role,
    offered,
    smallestChange: `role '${offered}'`,
    change: { role: offered },
  };
}

function constraintMisfit(spec: RunSpec, offer: Offer, context: MatchContext): Misfit | undefined {
  const place = placeOf(offer);
  const reason = 'UnfulfilledConstraint';
  if (!isInRegion(spec, place, context.masterRegion)) {
    return {
      reason,
      text: `the agent is in region '${place.region}', the master in '${context.masterRegion}'`,
      wanted: context.masterRegion,
      offered: place.region,
      smallestChange: `a constraint that names the region: ["@region", "IS", "${place.region}"]`,
      change: { constraints: [...spec.constraints, ['@region', 'IS', place.region ?? '']] },
    };
  }
  const broken = spec.constraints.find(
    (constraint) => !satisfies(constraint, place, context.placed, spec.instances),
  );
  if (broken !== undefined) {
    const [field = '', operator = ''] = broken;
    const value = constraintValue(field, place);
    const had = value === undefined ? `has no '${field}'` : `has '${field}' '${value}'`;
    const others = context.placed.filter((each) => constraintValue(field, each) === value).length;
    const counted = ['UNIQUE', 'GROUP_BY', 'MAX_PER'].includes(operator)
      ? ` and runs ${others} instances with it`
      : '';
    return {
      reason,
      text: `constraint ${JSON.stringify(broken)}: the agent ${had}${counted}`,
      wanted: broken.slice(1).join(' '),
      offered: value,
      smallestChange: `without the constraint ${JSON.stringify(broken)}`,
      change: { constraints: spec.constraints.filter((each) => each !== broken) },
    };
  }
  if (context.settings.plugins.accepts(offer, spec)) return undefined;
  return {
    reason,
    text: 'a scheduler plugin refused the offer',
    smallestChange: 'another decision of the plugin',
  };
}

function maintenanceMisfit(offer: Offer, context: MatchContext): Misfit | undefined {
  if (!isInMaintenance(offer, context) || offer.unavailability === undefined) return undefined;
  const { start, duration } = offer.unavailability;
  const from = start.nanoseconds / 1e6;
  const to = duration === undefined ? undefined : from + duration.nanoseconds / 1e6;
  const until = to === undefined ? 'without an end' : `until ${formatTimestamp(to)}`;
  return {
    reason: 'AgentMaintenance',
    text: `maintenance from ${formatTimestamp(from)} ${until}`,
    smallestChange: 'an end of the maintenance',
  };
}

/** All amounts that are short are in the change: with one of them alone it would not fit. */
function scalarMisfit(spec: RunSpec, offer: Offer, context: MatchContext): Misfit | undefined {
  const { settings, rootVolumesMb = [] } = context;
  const pool = usablePart(spec, commonPart(offer), settings);
  const total = totalDemand(demandOf(spec, settings));
  const volumesMb = rootVolumesMb.reduce((sum, size) => sum + size, 0);
  const wanted = { ...total, disk: (total['disk'] ?? 0) + volumesMb };
  const missing = new Set(pool.missing(wanted));
  const short = SCALARS.filter(([name]) => missing.has(name)).map(([name, reason, unit]) => ({
    name,
    reason,
    unit,
    wanted: amountOf(wanted, name),
    offered: pool.scalar(name),
  }));
  const [first] = short;
  if (first === undefined) return undefined;
  const inAll = new OfferResources(offer).scalar(first.name);
  const reserved =
    inAll > first.offered
      ? ` (${inAll}${first.unit} with what is reserved for others; accepted are ${roles(spec, context)})`
      : '';
  return {
    reason: first.reason,
    text: `wants ${first.wanted}${first.unit} ${first.name}, offered are ${first.offered}${reserved}`,
    wanted: first.wanted,
    offered: first.offered,
    smallestChange: short
      .map(({ name, offered, unit, wanted: all }) => `${name} ${offered}${unit} instead of ${all}`)
      .join(', '),
    ...(isPod(spec)
      ? {}
      : { change: Object.fromEntries(short.map(({ name, offered }) => [name, offered])) }),
  };
}

function portMisfit(spec: RunSpec, offer: Offer, context: MatchContext): Misfit | undefined {
  const pool = usablePart(spec, commonPart(offer), context.settings);
  const wanted = demandOf(spec, context.settings).tasks.flatMap(({ ports }) => ports);
  const fixed = wanted.flatMap((port) => (port === undefined || port === 0 ? [] : port));
  const taken = fixed.find((port) => !pool.hasPort(port));
  const reason = 'InsufficientPorts';
  if (taken !== undefined) {
    return {
      reason,
      text: `wants port ${taken} of the host, which is not offered`,
      wanted: taken,
      smallestChange: `any port instead of ${taken}`,
      ...(isPod(spec) ? {} : { change: { requirePorts: false } }),
    };
  }
  const count = wanted.filter((port) => port !== undefined).length;
  const offered = portCount(pool.portRanges());
  if (count <= offered) return undefined;
  return {
    reason,
    text: `wants ${count} ports of the host, offered are ${offered}`,
    wanted: count,
    offered,
    smallestChange: `${offered} ports instead of ${count}`,
  };
}

function gpuMisfit(spec: RunSpec, offer: Offer, context: MatchContext): Misfit | undefined {
  const pool = usablePart(spec, commonPart(offer), context.settings);
  if (context.isBound === true || !wastesGpus(spec, pool, context.settings)) return undefined;
  return {
    reason: 'DeclinedScarceResources',
    text: `the agent has ${pool.scalar('gpus')} gpus, which are kept for those that want some`,
    wanted: 0,
    offered: pool.scalar('gpus'),
    smallestChange: "the label GPU_SCHEDULING_BEHAVIOR with the value 'unrestricted'",
    change: { labels: { ...spec.labels, GPU_SCHEDULING_BEHAVIOR: 'unrestricted' } },
  };
}

function roles(spec: RunSpec, context: MatchContext): string {
  return [...acceptedRoles(spec, context.settings)].map((role) => `'${role}'`).join(', ');
}

function amountOf(demand: Readonly<Record<string, number>>, name: string): number {
  return Math.round((demand[name] ?? 0) * 1_000) / 1_000;
}
