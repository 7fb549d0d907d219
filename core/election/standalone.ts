/**
 * Election for clusters with one master per address: the only contender leads at once, and a
 * detector knows its leader from the flag.
 */
import { err, ok, type Result } from '../base/result.ts';
import type { MasterInfo } from '../wire/types/mesos.v1.ts';
import type { LeaderContender, LeaderDetector } from './ports.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A fixed leader, told to every watcher in a later microtask and never changed. */
export function standaloneDetector(master: string): LeaderDetector {
  const parsed = parseMasterFlag(master);
  const first = parsed.ok ? parsed.value[0] : undefined;
  return first === undefined ? new FixedDetector(undefined) : new FixedDetector(infoOf(first));
}

/** Leads as soon as it contends, until it withdraws. */
export class StandaloneContender implements LeaderContender {
  async contend(_info: MasterInfo, _onLost: () => void): Promise<void> {}
  async withdraw(): Promise<void> {}
}

/**
 * The addresses of a `--master` flag in their order. With several, clients ask the first that
 * answers; a master that does not lead redirects them.
 */
export function parseMasterFlag(text: string): Result<readonly HostPort[]> {
  const flag = text.trim().replace(/^mesos:\/\//, '');
  const addresses: HostPort[] = [];
  for (const part of flag.split(',')) {
    const address = parseHostPort(part.trim());
    if (address === undefined) return err(`'${part.trim()}' is not of the form host:port`);
    addresses.push(address);
  }
  return ok(addresses);
}

/** `host:port`, `[v6]:port`, also with `http://` before it as some clients write it. */
export function parseHostPort(text: string): HostPort | undefined {
  const plain = text.replace(/^https?:\/\//, '').replace(/\/$/, '');
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:@/[\]\s]+)):(\d{1,5})$/.exec(plain);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

class FixedDetector implements LeaderDetector {
  private readonly leader: MasterInfo | undefined;
  private isStopped = false;

  constructor(leader: MasterInfo | undefined) {
    this.leader = leader;
  }

  watch(onChange: (leader: MasterInfo | undefined) => void): () => void {
    let isWatching = true;
    queueMicrotask(() => {
      if (isWatching && !this.isStopped) onChange(this.leader);
    });
    return () => {
      isWatching = false;
    };
  }

  async stop(): Promise<void> {
    this.isStopped = true;
  }
}

/** What is known of a master from its address alone; its id is learnt on the first contact. */
function infoOf(address: HostPort): MasterInfo {
  return {
    id: '',
    ip: 0,
    port: address.port,
    hostname: address.host,
    pid: `master@${address.host}:${address.port}`,
    address: { hostname: address.host, ip: address.host, port: address.port },
  };
}
