/** Where the master that a detector found is reached (spec ha-and-security, section 1). */
import type { MasterInfo } from '../wire/types/mesos.v1.ts';

const MASTER_PORT = 5_050;

/**
 * `host:port`, by IP address as the originals do: the host name is one for people and browsers, and need not be
 * known, or mean the same, where this program runs.
 */
export function masterAddress(leader: MasterInfo): string {
  const { address } = leader;
  const number = leader.ip === 0 ? undefined : dottedQuad(leader.ip);
  const host = address?.ip ?? number ?? address?.hostname ?? leader.hostname ?? '127.0.0.1';
  const port = address?.port ?? leader.port ?? MASTER_PORT;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Old infos have the address as a number, its bytes from the low end. */
function dottedQuad(ip: number): string {
  return [0, 8, 16, 24].map((shift) => (ip >>> shift) & 0xff).join('.');
}
