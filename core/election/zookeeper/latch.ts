/**
 * Election among schedulers, with the nodes of Curator's leader latch as the originals have them
 * (spec marathon-behaviour, section 9; chronos, section 10): below one path, ephemeral and sequential,
 * `_c_<uuid>-latch-0000000007`, the data is who it is, `host:port`. The smallest number leads.
 *
 * A process leads at most once: when its session is lost it must end, because it cannot know what
 * the next leader has done meanwhile.
 */
import type { Clock } from '../../base/clock.ts';
import { type ClusterError, describeError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ZooKeeperClient } from '../../net/zookeeper/client.ts';
import { type GroupNaming, type Member, ZooKeeperGroup } from './group.ts';

const LABEL = 'latch';

export interface LatchHandlers {
  /** The leader's id at each change; undefined while there is none or ZooKeeper cannot be asked. */
  onLeader(id: string | undefined): void;
  /** This candidate leads. */
  onElected(): void;
  /** This candidate leads no longer. */
  onLost(): void;
  /** ZooKeeper refuses for good. */
  onFailed(error: ClusterError): void;
}

export interface LatchPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class ZooKeeperLatch {
  private readonly group: ZooKeeperGroup;
  private readonly log: Log;
  private readonly id: string;
  private readonly handlers: LatchHandlers;
  private first: Member | undefined;
  private leads = false;
  private isStopped = false;

  /** `id` names this candidate to others, `host:port`; the client stays the caller's. */
  constructor(
    client: ZooKeeperClient,
    place: { readonly path: string; readonly id: string },
    handlers: LatchHandlers,
    ports: LatchPorts,
  ) {
    const naming = curatorNaming(ports.random.uuid());
    this.group = new ZooKeeperGroup(client, place.path, ports, { naming });
    this.log = ports.log;
    this.id = place.id;
    this.handlers = handlers;
  }

  start(): void {
    this.group.watch({
      onMembers: (members) => this.membersChanged(members),
      onFailed: (error) => this.handlers.onFailed(error),
    });
    this.enter();
  }

  /** Leaves, so that the next candidate leads at once. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    await this.group.leave();
    this.group.stop();
  }

  private enter(): void {
    this.group.join(LABEL, Buffer.from(this.id), () => {
      if (this.isStopped) return;
      if (this.leads) this.lose();
      else this.enter();
    });
  }

  private lose(): void {
    this.leads = false;
    this.isStopped = true;
    this.group.stop();
    this.handlers.onLost();
  }

  private membersChanged(members: readonly Member[]): void {
    if (this.isStopped) return;
    const [first] = members;
    const { own } = this.group;
    if (this.leads && first?.name !== own?.name) {
      this.lose();
      return;
    }
    if (first?.name === this.first?.name) return;
    this.first = first;
    if (first === undefined) {
      this.handlers.onLeader(undefined);
      return;
    }
    if (own !== undefined && first.name === own.name) {
      this.leads = true;
      this.log.info({ id: this.id }, 'elected as the leader');
      this.handlers.onLeader(this.id);
      this.handlers.onElected();
      return;
    }
    this.group.data(first).then(
      (data) => this.tell(first, data),
      (thrown: unknown) => this.readFailed(first, thrown),
    );
  }

  private tell(member: Member, data: Uint8Array | undefined): void {
    if (this.isStopped || this.first !== member) return;
    this.handlers.onLeader(data === undefined ? undefined : Buffer.from(data).toString('utf8'));
  }

  private readFailed(member: Member, thrown: unknown): void {
    if (this.isStopped || this.first !== member) return;
    this.log.debug({ error: describeError(thrown) }, 'the leader could not be read');
    this.first = undefined;
    this.group.readAgain();
  }
}

function curatorNaming(uuid: string): GroupNaming {
  return {
    prefixOf: (label) => `_c_${uuid}-${label}-`,
    memberOf: (name) => {
      const number = /-latch-(\d+)$/.exec(name)?.[1];
      return number === undefined ? undefined : { name, label: LABEL, sequence: Number(number) };
    },
  };
}
