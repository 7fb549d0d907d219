/**
 * State and election of a framework on ZooKeeper: one session for both, so that whoever has lost
 * the leadership cannot write any more either (the storage fences former writers, too).
 */
import type { Clock } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import type { Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import type { ZooKeeperClient } from '../../core/net/zookeeper/client.ts';
import { createZooKeeperClient } from '../../core/net/zookeeper/open.ts';
import type { ZooKeeperUrl } from '../../core/net/zookeeper/url.ts';
import type { Storage } from '../../core/storage/ports.ts';
import { ZooKeeperStorage } from '../../core/storage/zookeeper.ts';
import { type Leadership, ZooKeeperLeadership } from './leadership.ts';

export interface ZooKeeperStateOptions {
  readonly servers: Pick<ZooKeeperUrl, 'servers' | 'credentials'>;
  /** Where the entries are; nothing else may be below it. */
  readonly statePath: string;
  /** Where candidates meet; undefined leads without an election. */
  readonly latchPath: string | undefined;
  readonly sessionTimeoutMs: DurationMs;
}

export interface SystemPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface ZooKeeperState {
  readonly storage: Storage;
  readonly leadership: Leadership | undefined;
  close(): Promise<void>;
}

/** `client` is for what else a framework announces with the same session. */
export function openZooKeeperState(
  options: ZooKeeperStateOptions,
  ports: SystemPorts,
): ZooKeeperState & { readonly client: ZooKeeperClient } {
  const { servers, statePath, latchPath, sessionTimeoutMs } = options;
  const client = createZooKeeperClient(servers, { ...ports, sessionTimeoutMs });
  client.start();
  const storage = new ZooKeeperStorage(statePath, { client, ...ports });
  return {
    client,
    storage,
    leadership:
      latchPath === undefined ? undefined : new ZooKeeperLeadership(client, latchPath, ports),
    close: async () => {
      await storage.close();
      await client.close();
    },
  };
}
