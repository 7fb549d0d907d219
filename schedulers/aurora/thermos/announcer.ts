/** Announces a task in ZooKeeper, as a member of a server set (spec thermos, section 5.6). */
import type { Clock, Timer } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import type { Log } from '../../../core/base/log.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { ZooKeeperGroup } from '../../../core/election/zookeeper/group.ts';
import type { ZooKeeperClient } from '../../../core/net/zookeeper/client.ts';
import { type Data, jsonOf } from '../config/pystachio/plain.ts';
import type { TaskInstance } from '../config/task-instance.ts';
import type { TaskReport } from './machine/task-report.ts';
import type { StatusSource } from './status-source.ts';

const RETRY_MS = seconds(15);
const LABEL = 'member';

/** The member's data; undefined when the task announces nothing. */
export function memberJson(instance: TaskInstance, host: string): string | undefined {
  const { announce, ports } = instance;
  if (announce === undefined) return undefined;
  const endpoint = (port: number): Data =>
    new Map<string, Data>([
      ['host', host],
      ['port', BigInt(port)],
    ]);
  const member = new Map<string, Data>([
    [
      'additionalEndpoints',
      new Map(
        [...ports]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, port]) => [name, endpoint(port)]),
      ),
    ],
    ['serviceEndpoint', endpoint(ports.get(announce.primaryPort) ?? 0)],
    ['status', 'ALIVE'],
    ['shard', BigInt(instance.instance)],
  ]);
  return jsonOf(member);
}

export interface AnnounceOptions {
  /** `/aurora` */
  readonly root: string;
  readonly allowsOwnPath: boolean;
}

export function announcedPath(
  { announce, role, environment, name }: TaskInstance,
  { root, allowsOwnPath }: AnnounceOptions,
): Result<string> {
  const own = announce?.zkPath;
  if (own === undefined) return ok(`${root.replace(/\/+$/, '')}/${role}/${environment}/${name}`);
  if (!allowsOwnPath)
    return err(
      'Executor must be started with --announcer-allow-custom-serverset-path in order to use zk_path in the Announcer config',
    );
  if (!own.startsWith('/')) return err(`zk_path '${own}' is not absolute`);
  return ok(own.replace(/\/+$/, ''));
}

export interface AnnouncerPorts {
  readonly client: ZooKeeperClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Joins at once; joins again when its session is lost. */
export class Announcer implements StatusSource {
  private readonly group: ZooKeeperGroup;
  private readonly client: ZooKeeperClient;
  private readonly clock: Clock;
  private readonly json: string;
  private readonly limit: Timer;
  private retry: Timer | undefined;
  private hasJoined = false;
  private isTooLate = false;

  constructor(
    target: { readonly path: string; readonly json: string; readonly joinLimitMs: number },
    { client, clock, log }: AnnouncerPorts,
  ) {
    this.client = client;
    this.clock = clock;
    this.json = target.json;
    this.group = new ZooKeeperGroup(client, target.path, { clock, log });
    this.group.watch({
      onMembers: () => {
        this.hasJoined ||= this.group.own !== undefined;
      },
      onFailed: (error) =>
        log.error({ error: error.message }, 'ZooKeeper refuses the announcement'),
    });
    this.limit = clock.setTimer(target.joinLimitMs, () => {
      this.isTooLate = !this.hasJoined && this.group.own === undefined;
    });
    this.join();
  }

  report(): TaskReport | undefined {
    if (!this.isTooLate) return undefined;
    return { state: 'FAILED', message: 'Creating Announcer Serverset timed out.' };
  }

  async stop(): Promise<void> {
    this.limit.cancel();
    this.retry?.cancel();
    await this.group.leave();
    this.group.stop();
    await this.client.close();
  }

  private join(): void {
    this.group.join(LABEL, Buffer.from(this.json), () => {
      this.retry = this.clock.setTimer(RETRY_MS, () => this.join());
    });
  }
}
