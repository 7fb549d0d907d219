/**
 * A group in ZooKeeper: members are ephemeral, sequential nodes below one path, `label_0000000007`
 * (spec ha-and-security, sections 1.2 and 1.3). Whoever watches is told the members at each change;
 * a lost connection changes nothing, a lost session empties the group until it can be read again.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { type DurationMs, seconds } from '../../base/duration.ts';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ZooKeeperClient } from '../../net/zookeeper/client.ts';
import { createPath } from '../../net/zookeeper/paths.ts';
import { hasCode } from '../../net/zookeeper/ports.ts';

export interface Member {
  readonly name: string;
  readonly label: string | undefined;
  readonly sequence: number;
}

export interface GroupWatcher {
  /** In the order of their sequence numbers. */
  onMembers(members: readonly Member[]): void;
  /** ZooKeeper refuses for good. */
  onFailed(error: ClusterError): void;
}

/** How the nodes of a group are called. */
export interface GroupNaming {
  /** What stands before the ten digits of the server. */
  prefixOf(label: string): string;
  /** Undefined for children that are no members. */
  memberOf(name: string): Member | undefined;
}

/** `json.info_0000000007`; without a label the digits alone. */
export const LABELLED: GroupNaming = {
  prefixOf: (label) => `${label}_`,
  memberOf: (name) => {
    const tokens = name.split('_');
    const number = tokens.at(-1) ?? '';
    if (!/^\d+$/.test(number)) return undefined;
    const label = tokens.length > 1 ? (tokens[0] ?? '') : undefined;
    return { name, label, sequence: Number(number) };
  },
};

export interface GroupOptions {
  /** Other nodes below the path that are there before the first member. */
  readonly siblings?: readonly string[];
  readonly naming?: GroupNaming;
}

interface Candidacy {
  readonly label: string;
  readonly data: Uint8Array;
  readonly onLost: () => void;
  member: Member | undefined;
  isEntering: boolean;
}

const RETRY_MS: DurationMs = seconds(2);

export class ZooKeeperGroup {
  private readonly client: ZooKeeperClient;
  private readonly path: string;
  private readonly siblings: readonly string[];
  private readonly naming: GroupNaming;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly watchers = new Set<GroupWatcher>();
  private candidacy: Candidacy | undefined;
  private known: readonly Member[] | undefined;
  private failure: ClusterError | undefined;
  private isReading = false;
  private isStale = false;
  private retry: Timer | undefined;
  private isStopped = false;
  private hasStarted = false;

  constructor(
    client: ZooKeeperClient,
    path: string,
    ports: { readonly clock: Clock; readonly log: Log },
    options: GroupOptions = {},
  ) {
    this.client = client;
    this.path = path;
    this.siblings = options.siblings ?? [];
    this.naming = options.naming ?? LABELLED;
    this.clock = ports.clock;
    this.log = ports.log;
  }

  /** The member that `join` has made; undefined while there is none. */
  get own(): Member | undefined {
    return this.candidacy?.member;
  }

  watch(watcher: GroupWatcher): () => void {
    this.watchers.add(watcher);
    this.start();
    const { known, failure } = this;
    queueMicrotask(() => {
      if (!this.watchers.has(watcher)) return;
      if (failure !== undefined) watcher.onFailed(failure);
      else if (known !== undefined && known === this.known) watcher.onMembers(known);
    });
    return () => {
      this.watchers.delete(watcher);
    };
  }

  /**
   * Becomes a member as soon as ZooKeeper can be reached. `onLost` is called once when the membership
   * is gone again; then nothing is tried any more until the next `join`.
   */
  join(label: string, data: Uint8Array, onLost: () => void): void {
    this.candidacy = { label, data, onLost, member: undefined, isEntering: false };
    this.start();
    this.refresh();
  }

  /** The data of a member; undefined when it is gone. Rejects when ZooKeeper cannot be asked. */
  async data(member: Member): Promise<Uint8Array | undefined> {
    try {
      return (await this.client.get(`${this.path}/${member.name}`)).data;
    } catch (thrown) {
      if (hasCode(thrown, 'ZK_NO_NODE')) return undefined;
      throw thrown;
    }
  }

  /** Tells the members to every watcher again, after they have been read. */
  readAgain(): void {
    this.known = undefined;
    this.refresh();
  }

  async leave(): Promise<void> {
    const member = this.candidacy?.member;
    this.candidacy = undefined;
    if (member === undefined) return;
    await this.client.remove(`${this.path}/${member.name}`).catch(() => {
      // It ends with the session.
    });
  }

  stop(): void {
    this.isStopped = true;
    this.retry?.cancel();
    this.watchers.clear();
    this.candidacy = undefined;
  }

  private start(): void {
    if (this.hasStarted) return;
    this.hasStarted = true;
    this.client.listen({
      connected: () => this.refresh(),
      expired: () => this.sessionLost(),
      failed: (error) => this.fail(error),
    });
    this.client.start();
    this.refresh();
  }

  /** Watchers first: the original's masters report the lost leader before their own candidacy. */
  private sessionLost(): void {
    if (this.isStopped) return;
    this.isReading = false;
    this.tell([]);
    this.known = undefined;
    const { candidacy } = this;
    if (candidacy === undefined) return;
    this.candidacy = undefined;
    candidacy.onLost();
  }

  private refresh(): void {
    if (this.isStopped || this.failure !== undefined || !this.client.isConnected) return;
    this.isStale = true;
    if (this.isReading) return;
    this.isReading = true;
    this.retry?.cancel();
    const session = this.client.sessionId;
    this.readWhileStale(session)
      .catch((thrown: unknown) => this.readFailed(thrown))
      .finally(() => {
        if (session !== this.client.sessionId) return;
        this.isReading = false;
        if (this.isStale) this.refresh();
      });
  }

  private async readWhileStale(session: string | undefined): Promise<void> {
    while (this.isStale && !this.isStopped && session === this.client.sessionId) {
      this.isStale = false;
      await this.enter();
      const names = await this.client
        .children(this.path, () => this.refresh())
        .catch(async (thrown: unknown) => {
          if (!hasCode(thrown, 'ZK_NO_NODE')) throw thrown;
          await this.createPath();
          return await this.client.children(this.path, () => this.refresh());
        });
      if (session !== this.client.sessionId || this.isStopped) return;
      this.tell(this.membersOf(names));
      this.checkCandidacy();
    }
  }

  /** What was not finished is done again with the next connection, or after a pause. */
  private readFailed(thrown: unknown): void {
    if (hasCode(thrown, 'ZK_CONNECTION_LOST', 'ZK_SESSION_EXPIRED')) {
      // The connection may have come back before this was told.
      this.isStale = this.client.isConnected;
      return;
    }
    if (hasCode(thrown, 'ZK_NO_AUTH', 'ZK_AUTH_FAILED') && thrown instanceof ClusterError) {
      this.fail(thrown);
      return;
    }
    this.log.warn({ error: describeError(thrown), path: this.path }, 'cannot read the group');
    this.retry = this.clock.setTimer(RETRY_MS, () => this.refresh());
  }

  /**
   * Nodes of ours that are there already are used or removed: the answer to a `create` may have been
   * lost with its connection, and a session declared dead here may still live at the server. Their
   * data names this process, so they cannot be anyone else's.
   */
  private async enter(): Promise<void> {
    const { candidacy } = this;
    if (candidacy === undefined || candidacy.member !== undefined) return;
    await this.createPath();
    for (const name of this.siblings) await createPath(this.client, `${this.path}/${name}`);
    const { label, data } = candidacy;
    for (const member of this.membersOf(await this.client.children(this.path))) {
      if (member.label !== label) continue;
      const path = `${this.path}/${member.name}`;
      const node = await this.client.get(path).catch((thrown: unknown) => {
        if (hasCode(thrown, 'ZK_NO_NODE')) return undefined;
        throw thrown;
      });
      if (node === undefined || Buffer.compare(node.data, data) !== 0) continue;
      if (node.owner === this.client.sessionId && candidacy.member === undefined) {
        candidacy.member = member;
      } else await this.removeNode(path);
    }
    if (candidacy.member === undefined) {
      const options = { isEphemeral: true, isSequential: true };
      const prefix = this.naming.prefixOf(label);
      const created = await this.client.create(`${this.path}/${prefix}`, data, options);
      if (this.candidacy !== candidacy) return;
      candidacy.member = this.membersOf([created.slice(this.path.length + 1)])[0];
    }
    this.log.info({ member: candidacy.member?.name, path: this.path }, 'joined the group');
  }

  private async removeNode(path: string): Promise<void> {
    await this.client.remove(path).catch((thrown: unknown) => {
      if (!hasCode(thrown, 'ZK_NO_NODE')) throw thrown;
    });
  }

  /** Somebody has removed our node. */
  private checkCandidacy(): void {
    const { candidacy, known } = this;
    const own = candidacy?.member;
    if (candidacy === undefined || own === undefined || known === undefined) return;
    if (known.some((member) => member.name === own.name)) return;
    this.candidacy = undefined;
    candidacy.onLost();
  }

  private membersOf(names: readonly string[]): readonly Member[] {
    return names
      .flatMap((name) => this.naming.memberOf(name) ?? [])
      .sort((a, b) => a.sequence - b.sequence);
  }

  private async createPath(): Promise<void> {
    await createPath(this.client, this.path);
  }

  private tell(members: readonly Member[]): void {
    const isSame =
      this.known?.length === members.length &&
      this.known.every((member, at) => member.name === members[at]?.name);
    if (isSame) return;
    this.known = members;
    for (const watcher of [...this.watchers]) watcher.onMembers(members);
  }

  private fail(error: ClusterError): void {
    if (this.failure !== undefined || this.isStopped) return;
    this.failure = error;
    for (const watcher of [...this.watchers]) watcher.onFailed(error);
  }
}
