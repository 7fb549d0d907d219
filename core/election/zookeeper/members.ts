/**
 * All masters of a ZooKeeper path, whether they lead or not (spec mesos-dns, section 6.3): those that
 * write `json.info_...`, or, only where there is none of these, those of the old `info_...`.
 */
import { describeError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { MasterInfo } from '../../wire/types/mesos.v1.ts';
import type { Member, ZooKeeperGroup } from './group.ts';
import { decodeMasterInfo, MASTER_LABEL, OLD_LABEL } from './master-info.ts';

export class MasterMembers {
  private readonly group: ZooKeeperGroup;
  private readonly log: Log;
  /** Data of nodes, which their masters never change; undefined for what cannot be understood. */
  private readonly infos = new Map<string, MasterInfo | undefined>();

  constructor(group: ZooKeeperGroup, log: Log) {
    this.group = group;
    this.log = log;
  }

  /** Calls back with the masters at each change, in the order of their numbers. */
  watch(onMembers: (masters: readonly MasterInfo[]) => void): () => void {
    let latest: readonly Member[] = [];
    return this.group.watch({
      onMembers: (members) => {
        const participants = participantsOf(members);
        latest = participants;
        this.read(participants)
          .then((masters) => {
            // Another change has come while this one was read.
            if (latest === participants) onMembers(masters);
          })
          .catch((thrown: unknown) => {
            this.log.debug({ error: describeError(thrown) }, 'the masters could not be read');
            if (latest === participants) this.group.readAgain();
          });
      },
      // Whoever watches the leader is told.
      onFailed: () => {},
    });
  }

  private async read(members: readonly Member[]): Promise<readonly MasterInfo[]> {
    const names = new Set(members.map(({ name }) => name));
    for (const name of this.infos.keys()) if (!names.has(name)) this.infos.delete(name);
    for (const member of members) {
      if (this.infos.has(member.name)) continue;
      const data = await this.group.data(member);
      // A node that has gone meanwhile is told by the next change.
      if (data !== undefined) this.infos.set(member.name, this.decode(member, data));
    }
    return members.flatMap(({ name }) => this.infos.get(name) ?? []);
  }

  /** One unreadable master must not hide the others. */
  private decode(member: Member, data: Uint8Array): MasterInfo | undefined {
    const info = decodeMasterInfo(member.label, data);
    if (info.ok) return info.value;
    this.log.warn({ member: member.name, error: info.error }, 'a master cannot be understood');
    return undefined;
  }
}

function participantsOf(members: readonly Member[]): readonly Member[] {
  const current = members.filter(({ label }) => label === MASTER_LABEL);
  return current.length > 0 ? current : members.filter(({ label }) => label === OLD_LABEL);
}
