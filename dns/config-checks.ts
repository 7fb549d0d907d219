/** The checks of addresses and zones of the configuration (spec mesos-dns, section 2.1). Pure. */
import { ipVersion, normalizeIp } from '../core/base/addresses.ts';

const DOMAIN = /^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*$/;
const DNS_PORT = 53;
const KNOWN_SOURCES: ReadonlySet<string> = new Set(['host', 'docker', 'mesos', 'netinfo']);

/** Each gives the sentence that refuses, or undefined. */
export function checkMasters(masters: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const master of masters) {
    const normal = normalizeHostPort(master);
    const why =
      normal === undefined
        ? `illegal host:port specified: ${master}`
        : seen.has(normal)
          ? `duplicate found: ${master}`
          : undefined;
    if (normal === undefined || why !== undefined) return `error validating masters: ${why}`;
    seen.add(normal);
  }
  return undefined;
}

export function checkResolvers(resolvers: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const resolver of resolvers) {
    const { normal, error } = normalizeResolver(resolver);
    const why = error ?? (seen.has(normal) ? `duplicate found: ${resolver}` : undefined);
    if (why !== undefined) return `error validating resolvers: ${why}`;
    seen.add(normal);
  }
  return undefined;
}

export function checkZoneResolvers(
  zones: Readonly<Record<string, readonly string[]>>,
  domain: string,
): string | undefined {
  for (const [zone, resolvers] of Object.entries(zones)) {
    if (resolvers.length === 0) return `field ZoneResolver ${zone} is empty`;
    if (!DOMAIN.test(zone)) return `invalid domain name: ${zone}`;
    const refusal = checkResolvers(resolvers);
    if (refusal !== undefined) return refusal;
    if (zone.toLowerCase() === domain) {
      return `can't specify ZoneResolver for Mesos domain (${domain})`;
    }
  }
  const names = [...Object.keys(zones), domain];
  for (const inner of names) {
    for (const outer of names) {
      if (inner.toLowerCase().endsWith(`.${outer.toLowerCase()}`)) {
        return `ambiguous zone resolvers: .${inner} is masked by .${outer}`;
      }
    }
  }
  return undefined;
}

export function checkIpSources(sources: readonly string[]): string | undefined {
  const prefix = 'IPSources validation failed: ';
  if (sources.length === 0) return `${prefix}empty ip sources`;
  if (new Set(sources).size !== sources.length) return `${prefix}duplicate ip source specified`;
  const unknown = sources.find((source) => !KNOWN_SOURCES.has(source));
  return unknown === undefined ? undefined : `${prefix}invalid ip source "${unknown}"`;
}

/** A resolver's address and port; it has passed `checkResolvers`. */
export function resolverAddress(resolver: string): { readonly ip: string; readonly port: number } {
  if (ipVersion(resolver) !== 0) return { ip: resolver, port: DNS_PORT };
  const split = splitHostPort(resolver);
  return { ip: split?.host ?? resolver, port: split?.port ?? DNS_PORT };
}

function normalizeResolver(text: string): {
  readonly normal: string;
  readonly error: string | undefined;
} {
  if (ipVersion(text) !== 0) {
    return { normal: `${normalizeIp(text)} ${DNS_PORT}`, error: undefined };
  }
  const split = splitHostPort(text);
  if (split === undefined) {
    const isBare = !text.includes(':') || ipVersion(text.replace(/:[^:]*$/, '')) === 0;
    return { normal: '', error: `illegal ${isBare ? 'ip' : 'host:port'} specified: ${text}` };
  }
  if (ipVersion(split.host) === 0) return { normal: '', error: `illegal ip specified: ${text}` };
  return { normal: `${normalizeIp(split.host)} ${split.port}`, error: undefined };
}

function normalizeHostPort(text: string): string | undefined {
  const split = splitHostPort(text);
  return split === undefined ? undefined : `${normalizeIp(split.host)} ${split.port}`;
}

function splitHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 1 && port <= 65_535)) return undefined;
  return { host, port };
}
