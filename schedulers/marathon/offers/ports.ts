/** Which ports of an offer a task gets (spec marathon-behaviour, section 4.4, ports). */
import { type Random, randomInteger, shuffled } from '../../../core/base/random.ts';
import type { OfferResources } from '../../kit/offer-resources.ts';
import { portAt, portCount } from '../../kit/port-ranges.ts';
import { type App, usesHostNetworking } from '../model/app.ts';
import { isApp, type RunSpec } from '../model/run-spec.ts';

const NONE: RequiredPorts = { known: new Set(), awaited: new Set() };

/** What one declared port needs on the host: a number, any (0), or nothing (undefined). */
export type WantedPort = number | undefined;

export function wantedHostPorts(app: App): readonly WantedPort[] {
  if (usesHostNetworking(app)) {
    return (app.portDefinitions ?? []).map(({ port }) => (app.requirePorts ? port : 0));
  }
  return (app.container?.portMappings ?? []).map(({ hostPort }) => hostPort);
}

/** Ports that it insists on: when it is restarted it should find them free. */
export function requiredHostPorts(spec: RunSpec): readonly number[] {
  const wanted: readonly WantedPort[] = isApp(spec)
    ? wantedHostPorts(spec)
    : spec.containers.flatMap(({ endpoints }) => endpoints.map(({ hostPort }) => hostPort));
  return wanted.flatMap((port) => (port === undefined || port === 0 ? [] : port));
}

/** Some ports; sets and counts are such. */
export interface Ports {
  readonly size: number;
  has(port: number): boolean;
}

export interface RequiredPorts {
  /** Of all apps: given away only when the offer has no others. */
  readonly known: Ports;
  /** Of apps that wait for an offer: never given away. */
  readonly awaited: Ports;
}

/** Host ports in declaration order; undefined when the offer cannot serve them. */
export function chooseHostPorts(
  wanted: readonly WantedPort[],
  pool: OfferResources,
  random: Random,
  required: RequiredPorts = NONE,
): readonly WantedPort[] | undefined {
  const fixed = wanted.filter((port) => port !== undefined && port !== 0);
  if (!fixed.every((port) => port !== undefined && pool.hasPort(port))) return undefined;
  const dynamicCount = wanted.filter((port) => port === 0).length;
  const { known, awaited } = required;
  const isKept = (port: number): boolean => fixed.includes(port) || awaited.has(port);
  const isKnown = (port: number): boolean => isKept(port) || known.has(port);
  const dynamic =
    dynamicPorts(pool, dynamicCount, isKnown, random) ??
    dynamicPorts(pool, dynamicCount, isKept, random);
  if (dynamic === undefined) return undefined;
  return wanted.map((port) => (port === 0 ? dynamic.shift() : port));
}

/** Shuffled ranges, a random start, then one after another with wrap-around. */
function dynamicPorts(
  pool: OfferResources,
  count: number,
  isTaken: (port: number) => boolean,
  random: Random,
): number[] | undefined {
  if (count === 0) return [];
  const ranges = shuffled(random, pool.portRanges());
  const total = portCount(ranges);
  if (total === 0) return undefined;
  const start = randomInteger(random, total);
  const found: number[] = [];
  for (let step = 0; step < total && found.length < count; step += 1) {
    const port = portAt(ranges, (start + step) % total);
    if (port !== undefined && !isTaken(port)) found.push(port);
  }
  return found.length === count ? found : undefined;
}
