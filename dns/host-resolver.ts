/**
 * Addresses of hosts by the system's resolver, remembered, so that the machine can ask without
 * waiting. Failures count as "no address" until the next refresh.
 */
import { lookup } from 'node:dns/promises';
import { ipVersion } from '../core/base/addresses.ts';
import type { AddressesOf } from './records.ts';

/** All addresses of a host name; rejects when it has none. */
export type LookUp = (host: string) => Promise<readonly string[]>;

/** Hosts remembered; above it all are forgotten and looked up again when needed. */
const HOSTS_MAX = 100_000;
/** Lookups at one time; the others wait. */
const CONCURRENT_MAX = 16;

export const systemLookUp: LookUp = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map((each) => each.address);
};

export class HostResolver {
  private readonly known = new Map<string, readonly string[]>();
  private readonly lookUp: LookUp;

  constructor(lookUp: LookUp) {
    this.lookUp = lookUp;
  }

  readonly addressesOf: AddressesOf = (host) =>
    ipVersion(host) === 0 ? (this.known.get(host) ?? []) : [host];

  /** Those of the hosts that must be looked up first. */
  missing(hosts: readonly string[]): readonly string[] {
    return hosts.filter((host) => host !== '' && ipVersion(host) === 0 && !this.known.has(host));
  }

  async resolve(hosts: readonly string[]): Promise<void> {
    if (this.known.size + hosts.length > HOSTS_MAX) this.known.clear();
    const waiting = [...new Set(hosts)];
    const lane = async (): Promise<void> => {
      for (let host = waiting.pop(); host !== undefined; host = waiting.pop()) {
        this.known.set(host, await this.ask(host));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_MAX }, lane));
  }

  /** Looks everything up again. */
  async refresh(): Promise<void> {
    await this.resolve([...this.known.keys()]);
  }

  private async ask(host: string): Promise<readonly string[]> {
    try {
      return await this.lookUp(host);
    } catch {
      // A host without address is an ordinary answer here: its names are left out.
      return [];
    }
  }
}
