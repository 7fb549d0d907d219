/**
 * What is left of an offer while tasks are matched against it: scalars in thousandths, port ranges.
 * Reserved resources go first, so that unreserved ones stay for others (spec scheduler-api,
 * section 20). Volumes, disks with a source, revocable and shared resources are never taken.
 */
import type { Offer, Resource } from '../../core/wire/types/mesos.v1.ts';
import { type PortRange, removePort, withoutEmpty } from './port-ranges.ts';

/** Amounts by resource name (`cpus`, `mem`, `disk`, `gpus`, custom scalars). */
export type ScalarDemand = Readonly<Record<string, number>>;

interface ScalarPart {
  readonly resource: Resource;
  milli: number;
}

interface PortsPart {
  readonly resource: Resource;
  ranges: readonly PortRange[];
}

export interface OfferResourcesOptions {
  /** Further condition for a resource to be taken, for instance accepted roles. */
  readonly usable?: (resource: Resource) => boolean;
}

export class OfferResources {
  readonly offer: Offer;
  private readonly scalars: readonly ScalarPart[];
  private readonly ports: readonly PortsPart[];

  constructor(offer: Offer, options: OfferResourcesOptions = {}, from?: OfferResources) {
    this.offer = offer;
    if (from !== undefined) {
      this.scalars = from.scalars.map((part) => ({ ...part }));
      this.ports = from.ports.map((part) => ({ ...part }));
      return;
    }
    const usable = (offer.resources ?? [])
      .filter((each) => isPlain(each) && (options.usable?.(each) ?? true))
      .sort((a, b) => reservationDepth(b) - reservationDepth(a));
    this.scalars = usable
      .filter((each) => each.type === 'SCALAR')
      .map((resource) => ({ resource, milli: toMilli(resource.scalar?.value ?? 0) }));
    this.ports = usable
      .filter((each) => each.name === 'ports' && each.type === 'RANGES')
      .map((resource) => ({ resource, ranges: withoutEmpty(resource.ranges?.range ?? []) }));
  }

  /** An independent copy, to try a placement that may be given up. */
  copy(): OfferResources {
    return new OfferResources(this.offer, {}, this);
  }

  /** How much of a scalar is left. */
  scalar(name: string): number {
    return this.milliOf(name) / 1_000;
  }

  /** The ports that are left, reserved ones first. */
  portRanges(): readonly PortRange[] {
    return this.ports.flatMap((part) => part.ranges);
  }

  hasPort(port: number): boolean {
    return this.portRanges().some((range) => range.begin <= port && port <= range.end);
  }

  /** Names of `demand` of which too little is left. */
  missing(demand: ScalarDemand): readonly string[] {
    return Object.entries(demand)
      .filter(([name, amount]) => this.milliOf(name) < toMilli(amount))
      .map(([name]) => name);
  }

  /** Takes everything or (undefined) nothing. Zero amounts give no resource. */
  take(demand: ScalarDemand): readonly Resource[] | undefined {
    if (this.missing(demand).length > 0) return undefined;
    return Object.entries(demand).flatMap(([name, amount]) =>
      this.takeScalar(name, toMilli(amount)),
    );
  }

  /** Takes exactly these ports, or (undefined) none. The same port twice is not there twice. */
  takePorts(ports: readonly number[]): readonly Resource[] | undefined {
    const isThere = ports.every((port) => this.hasPort(port));
    if (!isThere || new Set(ports).size !== ports.length) return undefined;
    const taken: Resource[] = [];
    for (const part of this.ports) {
      const mine = ports.filter((port) => holds(part.ranges, port));
      if (mine.length === 0) continue;
      for (const port of mine) part.ranges = removePort(part.ranges, port);
      const range = mine.map((port) => ({ begin: port, end: port }));
      taken.push({ ...part.resource, ranges: { range } });
    }
    return taken;
  }

  private milliOf(name: string): number {
    let milli = 0;
    for (const part of this.scalars) if (part.resource.name === name) milli += part.milli;
    return milli;
  }

  private takeScalar(name: string, milli: number): readonly Resource[] {
    const taken: Resource[] = [];
    let rest = milli;
    for (const part of this.scalars) {
      if (rest === 0) break;
      if (part.resource.name !== name || part.milli === 0) continue;
      const share = Math.min(rest, part.milli);
      part.milli -= share;
      rest -= share;
      taken.push({ ...part.resource, scalar: { value: share / 1_000 } });
    }
    return taken;
  }
}

/** The role a resource is reserved to, `*` when it is not. */
export function reservationRole(resource: Resource): string {
  return resource.reservations?.at(-1)?.role ?? resource.role ?? '*';
}

function isPlain(resource: Resource): boolean {
  const disk = resource.disk;
  const isVolume = disk?.persistence !== undefined || disk?.source !== undefined;
  return !isVolume && resource.revocable === undefined && resource.shared === undefined;
}

function reservationDepth(resource: Resource): number {
  const count = resource.reservations?.length ?? 0;
  return count > 0 ? count : reservationRole(resource) === '*' ? 0 : 1;
}

function holds(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some((range) => range.begin <= port && port <= range.end);
}

/** Halves are rounded away from zero, as the master does. */
function toMilli(value: number): number {
  return Math.round(value * 1_000);
}
