/**
 * `zk://[user:password@]host1:port1,host2:port2/path` (spec ha-and-security, section 1.1). The path
 * is mandatory.
 */
import { err, ok, type Result } from '../../base/result.ts';
import type { ZooKeeperServer } from './ports.ts';

const SCHEME = 'zk://';
const DEFAULT_PORT = 2_181;

export interface ZooKeeperUrl {
  readonly servers: readonly ZooKeeperServer[];
  /** Starts with a slash and does not end with one. */
  readonly path: string;
  /** `user:password` */
  readonly credentials: string | undefined;
}

export function isZooKeeperUrl(text: string): boolean {
  return text.trim().startsWith(SCHEME);
}

/** The errors are the original's where it has them. */
export function parseZooKeeperUrl(text: string): Result<ZooKeeperUrl> {
  const url = text.trim();
  if (!url.startsWith(SCHEME)) return err(`Expecting 'zk://' at the beginning of the URL`);
  const rest = url.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const path = slash === -1 ? '' : rest.slice(slash).replace(/\/+$/, '');
  if (path === '') return err(`Expecting a (chroot) path for ZooKeeper ('/' is not supported)`);
  if (/\/\/|\/\.{1,2}(?:\/|$)/.test(path)) return err(`Invalid path '${path}' for ZooKeeper`);
  const authority = rest.slice(0, slash);
  const at = authority.lastIndexOf('@');
  const credentials = at === -1 ? undefined : authority.slice(0, at);
  const servers: ZooKeeperServer[] = [];
  for (const part of authority.slice(at + 1).split(',')) {
    if (part === '') continue;
    const server = parseServer(part);
    if (server === undefined)
      return err(`'${part}' is not a ZooKeeper server, expecting host:port`);
    servers.push(server);
  }
  if (servers.length === 0) return err('Expecting at least one ZooKeeper server, as host:port');
  return ok({ servers, path, credentials });
}

/** The URL without its secret, for logs. */
export function withoutSecret(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//');
}

function parseServer(text: string): ZooKeeperServer | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}
