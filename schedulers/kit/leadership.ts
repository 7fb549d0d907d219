/** Who may act: one scheduler process of several. */
import type { Clock } from '../../core/base/clock.ts';
import { ClusterError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import { ZooKeeperLatch } from '../../core/election/index.ts';
import type { ZooKeeperClient } from '../../core/net/zookeeper/client.ts';

export interface LeadershipHandlers {
  /** Called at most once: this process leads now. */
  onElected(): void;
  /** This process leads no longer, or can never lead; it must stop acting at once, and end. */
  onLost(why: ClusterError): void;
}

export interface Leadership {
  /** `hostname:http_port` of the leader, this process or another; undefined while nobody knows. */
  readonly leader: string | undefined;
  /** Becomes a candidate under this id, once. */
  start(id: string, handlers: LeadershipHandlers): void;
  /** Withdraws, so that the next candidate leads at once. */
  stop(): Promise<void>;
}

export const LEADERSHIP_LOST = 'LEADERSHIP_LOST';

/** By a latch in ZooKeeper; the client stays the caller's. */
export class ZooKeeperLeadership implements Leadership {
  leader: string | undefined;
  private readonly client: ZooKeeperClient;
  private readonly path: string;
  private readonly ports: { readonly clock: Clock; readonly random: Random; readonly log: Log };
  private latch: ZooKeeperLatch | undefined;

  constructor(
    client: ZooKeeperClient,
    path: string,
    ports: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  ) {
    this.client = client;
    this.path = path;
    this.ports = ports;
  }

  start(id: string, handlers: LeadershipHandlers): void {
    const latch = new ZooKeeperLatch(
      this.client,
      { path: this.path, id },
      {
        onLeader: (leader) => {
          this.leader = leader;
          this.ports.log.info({ leader: leader ?? 'none' }, 'the leader has changed');
        },
        onElected: () => handlers.onElected(),
        onLost: () => {
          this.leader = undefined;
          const text = 'lost the leadership: the session with ZooKeeper has ended';
          handlers.onLost(new ClusterError(LEADERSHIP_LOST, text, { retriable: true }));
        },
        onFailed: (error) => handlers.onLost(error),
      },
      this.ports,
    );
    this.latch = latch;
    latch.start();
  }

  async stop(): Promise<void> {
    await this.latch?.stop();
  }
}
