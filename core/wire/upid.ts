/** Addresses of actors as text, `id@ip:port` (spec libprocess, section 1). */
import type { Upid } from '../net/ports.ts';

/** What travels where there is no actor; the empty string means the same. */
export const NO_UPID_TEXT = '@0.0.0.0:0';

const PORT_MAX = 65_535;

/** The address in `text`; undefined when it is none, which includes `@0.0.0.0:0`. */
export function parseUpid(text: string): Upid | undefined {
  const at = text.indexOf('@');
  const colon = text.indexOf(':', at + 1);
  if (at < 1 || colon === -1) return undefined;
  const id = text.slice(0, at);
  const ip = text.slice(at + 1, colon);
  const portText = text.slice(colon + 1);
  const port = Number(portText);
  if (/\s/.test(id) || ip === '' || ip === '0.0.0.0') return undefined;
  if (!/^\d{1,5}$/.test(portText) || port === 0 || port > PORT_MAX) return undefined;
  return { id, ip, port };
}

export function formatUpid(upid: Upid): string {
  return `${upid.id}@${upid.ip}:${upid.port}`;
}

/** The part that sockets are shared by. */
export function addressOf(upid: Upid): string {
  return `${upid.ip}:${upid.port}`;
}
