/**
 * Where the leading scheduler serves, announced in ZooKeeper in the form of the original's server sets, so that
 * clients of either side find it: an ephemeral node `member_0000000000` below the path (spec aurora-scheduler,
 * section 9). Candidates of the election have nodes of other names below the same path.
 */
import type { Clock } from '../../core/base/clock.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import { type Member, ZooKeeperGroup } from '../../core/election/index.ts';
import type { ZooKeeperClient } from '../../core/net/zookeeper/client.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ServerSetOptions {
  readonly path: string;
  /** Name of the additional endpoint: `-serverset_endpoint_name`. */
  readonly endpointName: string;
}

const LABEL = 'member';

export class ServerSet {
  /** Of the leader; undefined while there is none, or nobody knows. */
  leader: Endpoint | undefined;
  private readonly group: ZooKeeperGroup;
  private readonly endpointName: string;
  private readonly log: Log;
  /** Told apart from answers that come too late. */
  private readCount = 0;
  private isStopped = false;

  /** The client stays the caller's. */
  constructor(
    client: ZooKeeperClient,
    options: ServerSetOptions,
    ports: { readonly clock: Clock; readonly log: Log },
  ) {
    this.group = new ZooKeeperGroup(client, options.path, ports);
    this.endpointName = options.endpointName;
    this.log = ports.log;
  }

  watch(): void {
    this.group.watch({
      onMembers: (members) => void this.read(members.filter(({ label }) => label === LABEL)),
      onFailed: (error) => {
        this.leader = undefined;
        this.log.error({ error: describeError(error) }, 'cannot watch the server set');
      },
    });
  }

  /** From now on this process is the one that clients find, as long as its session lives. */
  announce(self: Endpoint): void {
    const data = Buffer.from(memberText(self, this.endpointName));
    this.group.join(LABEL, data, () => {
      if (!this.isStopped) this.announce(self);
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.group.leave();
    this.group.stop();
  }

  private async read(members: readonly Member[]): Promise<void> {
    this.readCount += 1;
    const own = this.readCount;
    // Several say that they lead while the session of one that died goes on: nobody knows which.
    const [first, ...others] = members;
    const isOne = first !== undefined && others.length === 0;
    const data = isOne ? await this.dataOf(first) : undefined;
    if (own !== this.readCount) return;
    this.leader = data === undefined ? undefined : endpointOf(data);
  }

  private async dataOf(member: Member): Promise<Uint8Array | undefined> {
    try {
      return await this.group.data(member);
    } catch (thrown) {
      // The connection is gone: the members are told again with the next one.
      this.log.warn({ error: describeError(thrown) }, 'cannot read a member of the server set');
      this.group.readAgain();
      return undefined;
    }
  }
}

/** As the original writes it, so that its clients read it. */
export function memberText({ host, port }: Endpoint, endpointName: string): string {
  return JSON.stringify({
    serviceEndpoint: { host, port },
    additionalEndpoints: { [endpointName]: { host, port } },
    status: 'ALIVE',
  });
}

/** Undefined for what is no member. */
export function endpointOf(data: Uint8Array): Endpoint | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    // Somebody else's node: it names no scheduler.
    return undefined;
  }
  const endpoint = field(value, 'serviceEndpoint');
  const host = field(endpoint, 'host');
  const port = field(endpoint, 'port');
  return typeof host === 'string' && typeof port === 'number' ? { host, port } : undefined;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map(Object.entries(value)).get(name);
}
