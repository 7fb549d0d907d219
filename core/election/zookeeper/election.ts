/**
 * Contender and detector of the masters on a ZooKeeper path (spec ha-and-security, section 1). The
 * member with the smallest sequence number leads.
 */
import { type Clock, SystemClock } from '../../base/clock.ts';
import { ClusterError, describeError } from '../../base/errors.ts';
import { type Log, silentLog } from '../../base/log.ts';
import type { ZooKeeperClient } from '../../net/zookeeper/client.ts';
import { createZooKeeperClient, type ZooKeeperPorts } from '../../net/zookeeper/open.ts';
import { hasCode } from '../../net/zookeeper/ports.ts';
import type { ZooKeeperUrl } from '../../net/zookeeper/url.ts';
import type { MasterInfo } from '../../wire/types/mesos.v1.ts';
import type { LeaderContender, LeaderDetector } from '../ports.ts';
import { type Member, ZooKeeperGroup } from './group.ts';
import { decodeMasterInfo, encodeMasterInfo, MASTER_LABEL } from './master-info.ts';
import { MasterMembers } from './members.ts';

/** Detects only; connects with the first watcher and ends its session when stopped. */
export function zooKeeperDetector(url: ZooKeeperUrl, ports: ZooKeeperPorts = {}): LeaderDetector {
  const client = createZooKeeperClient(url, ports);
  const { clock = new SystemClock(), log = silentLog } = ports;
  const group = new ZooKeeperGroup(client, url.path, { clock, log });
  return new ZooKeeperDetector(group, log, async () => {
    group.stop();
    await client.close();
  });
}

/** Contender and detector of one master over one session; `stop` of both leaves the client open. */
export function zooKeeperElection(
  client: ZooKeeperClient,
  path: string,
  ports: { readonly clock: Clock; readonly log: Log },
): { readonly contender: LeaderContender; readonly detector: LeaderDetector } {
  const group = new ZooKeeperGroup(client, path, ports, { siblings: [LOG_GROUP] });
  return {
    contender: new ZooKeeperContender(group),
    detector: new ZooKeeperDetector(group, ports.log, async () => group.stop()),
  };
}

/** The group of the original's log replicas: empty here, but made, so that nodes are numbered alike. */
const LOG_GROUP = 'log_replicas';

interface LeaderWatcher {
  readonly onChange: (leader: MasterInfo | undefined) => void;
  readonly onFailed: ((error: ClusterError) => void) | undefined;
}

export class ZooKeeperDetector implements LeaderDetector {
  memberCount: number | undefined;
  private readonly group: ZooKeeperGroup;
  private readonly log: Log;
  private readonly end: () => Promise<void>;
  private readonly watchers = new Set<LeaderWatcher>();
  private unwatch: (() => void) | undefined;
  /** The member whose data is being read or was read last. */
  private member: Member | undefined;
  private leader: MasterInfo | undefined;
  private isKnown = false;
  private failure: ClusterError | undefined;

  constructor(group: ZooKeeperGroup, log: Log, end: () => Promise<void>) {
    this.group = group;
    this.log = log;
    this.end = end;
  }

  watch(
    onChange: (leader: MasterInfo | undefined) => void,
    onFailed?: (error: ClusterError) => void,
  ): () => void {
    const watcher: LeaderWatcher = { onChange, onFailed };
    this.watchers.add(watcher);
    const { isKnown, leader, failure } = this;
    if (isKnown || failure !== undefined) {
      queueMicrotask(() => {
        if (!this.watchers.has(watcher)) return;
        if (failure !== undefined) onFailed?.(failure);
        else if (leader === this.leader) onChange(leader);
      });
    }
    this.unwatch ??= this.group.watch({
      onMembers: (members) => this.membersChanged(members),
      onFailed: (error) => this.fail(error),
    });
    return () => {
      this.watchers.delete(watcher);
    };
  }

  watchMembers(onMembers: (masters: readonly MasterInfo[]) => void): () => void {
    return new MasterMembers(this.group, this.log).watch(onMembers);
  }

  async stop(): Promise<void> {
    this.watchers.clear();
    this.unwatch?.();
    await this.end();
  }

  private membersChanged(members: readonly Member[]): void {
    this.memberCount = members.length;
    const first = members[0];
    if (first === undefined) {
      this.member = undefined;
      this.tell(undefined);
      return;
    }
    if (this.member?.name === first.name) return;
    this.member = first;
    this.read(first).catch((thrown: unknown) => this.readFailed(first, thrown));
  }

  private async read(member: Member): Promise<void> {
    const data = await this.group.data(member);
    if (this.member !== member) return;
    if (data === undefined) {
      this.tell(undefined);
      return;
    }
    const info = decodeMasterInfo(member.label, data);
    if (info.ok) this.tell(info.value);
    else this.fail(new ClusterError('LEADER_UNREADABLE', info.error, { retriable: false }));
  }

  /** Members are told again after a reconnection only when they differ, so this one is forgotten. */
  private readFailed(member: Member, thrown: unknown): void {
    if (this.member !== member) return;
    this.member = undefined;
    this.log.debug({ error: describeError(thrown) }, 'the leader could not be read');
    if (hasCode(thrown, 'ZK_NO_AUTH', 'ZK_AUTH_FAILED') && thrown instanceof ClusterError) {
      this.fail(thrown);
      return;
    }
    this.group.readAgain();
  }

  private tell(leader: MasterInfo | undefined): void {
    if (this.isKnown && leader === undefined && this.leader === undefined) return;
    this.isKnown = true;
    this.leader = leader;
    this.log.info({ leader: leader?.pid ?? 'none' }, 'the leading master has changed');
    for (const watcher of [...this.watchers]) {
      if (this.watchers.has(watcher)) watcher.onChange(leader);
    }
  }

  private fail(error: ClusterError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.log.error({ error: error.message }, 'the leading master cannot be detected');
    for (const watcher of [...this.watchers]) watcher.onFailed?.(error);
  }
}

/** Enters the group again by itself while it does not lead. */
export class ZooKeeperContender implements LeaderContender {
  private readonly group: ZooKeeperGroup;
  private unwatch: (() => void) | undefined;
  private isWithdrawn = false;

  constructor(group: ZooKeeperGroup) {
    this.group = group;
  }

  async contend(info: MasterInfo, onLost: () => void): Promise<void> {
    const data = encodeMasterInfo(info);
    const elected = Promise.withResolvers<void>();
    let leads = false;
    const enter = (): void => {
      this.group.join(MASTER_LABEL, data, () => {
        if (this.isWithdrawn) return;
        if (leads) onLost();
        else enter();
      });
    };
    this.unwatch = this.group.watch({
      onMembers: (members) => {
        const { own } = this.group;
        if (leads || own === undefined || members[0]?.name !== own.name) return;
        leads = true;
        elected.resolve();
      },
      onFailed: (error) => elected.reject(error),
    });
    enter();
    await elected.promise;
  }

  async withdraw(): Promise<void> {
    this.isWithdrawn = true;
    this.unwatch?.();
    await this.group.leave();
  }
}
