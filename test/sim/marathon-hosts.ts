/** Who runs Marathon in a simulation: one process with its own disk, or two that elect a leader in a ZooKeeper. */
import { ClusterError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import { type Random, randomInteger } from '../../core/base/random.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { SimulatedCluster } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import { SimulatedDisk } from '../../core/testing/storage.ts';
import { SimulatedZooKeeper } from '../../core/testing/zookeeper.ts';
import { LEADERSHIP_LOST } from '../../schedulers/kit/leadership.ts';
import type { MarathonOptions } from '../../schedulers/marathon/options.ts';
import { createMarathon, type Marathon } from '../../schedulers/marathon/server.ts';
import { ElectedHost } from './elected-host.ts';

export interface MarathonHostsOptions {
  readonly cluster: SimulatedCluster;
  readonly log: Log;
  readonly options: MarathonOptions;
  /** Calls of a Marathon to the master, and its probes. */
  readonly http: (process: SimulatedProcess, marathon: () => Marathon | undefined) => HttpClient;
  /** It has given up where it must not. */
  readonly onFailure: (why: unknown) => void;
}

export interface MarathonHosts {
  /** Of the simulated network. */
  readonly names: readonly string[];
  /** All that live, leading or not. */
  readonly living: readonly Marathon[];
  readonly leader: Marathon | undefined;
  /** Nothing keeps the leader's writes from being done. */
  readonly answersSoon: boolean;
  /** Whatever is down or cut off comes back. */
  recover(): Promise<void>;
  /** The leader's process dies. */
  crashLeader(): void;
  /** Some fault of the hosts, or the end of one; says which. */
  disturb(random: Random): Promise<string>;
}

/** After a crash it stays down until it is started again. */
export class LoneMarathon implements MarathonHosts {
  readonly names = ['marathon'];
  readonly answersSoon = true;
  leader: Marathon | undefined;
  private readonly options: MarathonHostsOptions;
  private readonly disk: SimulatedDisk;

  constructor(options: MarathonHostsOptions) {
    this.options = options;
    const { cluster } = options;
    this.disk = new SimulatedDisk({ clock: cluster.clock, random: cluster.fork() });
  }

  get living(): readonly Marathon[] {
    return this.leader === undefined ? [] : [this.leader];
  }

  async recover(): Promise<void> {
    if (this.leader !== undefined) return;
    const { cluster, log, options, http, onFailure } = this.options;
    const process = cluster.network.start('marathon');
    const marathon: Marathon = createMarathon(options, {
      clock: process.clock,
      random: cluster.fork(),
      http: http(process, () => marathon),
      storage: this.disk.open(),
      log,
    });
    this.leader = marathon;
    const failed = (why: unknown): void => {
      if (this.leader === marathon) onFailure(why);
    };
    void marathon.failure.then(failed);
    void marathon.startWithoutSocket().catch(failed);
    await cluster.clock.settle();
  }

  crashLeader(): void {
    this.leader = undefined;
    this.disk.crash();
    this.options.cluster.network.crash('marathon');
  }

  async disturb(): Promise<string> {
    if (this.leader === undefined) {
      await this.recover();
      return 'Marathon starts';
    }
    this.crashLeader();
    return 'Marathon crashes';
  }
}

/** A supervisor starts again what has given up; what was killed waits for `recover`. */
export class ElectedMarathons implements MarathonHosts {
  readonly names = ['m1', 'm2'];
  private readonly zooKeeper: SimulatedZooKeeper;
  private readonly hosts: readonly ElectedHost<Marathon>[];
  /** Some host is cut off from ZooKeeper. */
  private isCut = false;

  constructor({ cluster, log, options, http, onFailure }: MarathonHostsOptions) {
    const zooKeeper = new SimulatedZooKeeper(cluster.clock);
    this.zooKeeper = zooKeeper;
    this.hosts = this.names.map(
      (name) =>
        new ElectedHost<Marathon>({
          name,
          path: '/marathon/state',
          cluster,
          zooKeeper,
          random: cluster.fork(),
          log,
          create: (ports, process) => {
            const marathon: Marathon = createMarathon(
              { ...options, hostname: name },
              { ...ports, http: http(process, () => marathon) },
            );
            return marathon;
          },
          onFailure: (why) => {
            if (!isEndOfLeadership(why)) onFailure(why);
          },
        }),
    );
  }

  get living(): readonly Marathon[] {
    return this.hosts.flatMap(({ service }) => service ?? []);
  }

  get leader(): Marathon | undefined {
    return this.living.find(({ isLeading }) => isLeading);
  }

  get answersSoon(): boolean {
    return !this.zooKeeper.isDown && !this.zooKeeper.isSilent && !this.isCut;
  }

  async recover(): Promise<void> {
    this.isCut = false;
    this.zooKeeper.isDown = false;
    this.zooKeeper.isSilent = false;
    for (const host of this.hosts) {
      host.healToZooKeeper();
      await host.start();
    }
  }

  crashLeader(): void {
    this.hosts.find(({ service }) => service?.isLeading === true)?.kill();
  }

  async disturb(random: Random): Promise<string> {
    const kind = randomInteger(random, 8);
    const host = this.hosts[randomInteger(random, this.hosts.length)];
    if (host === undefined) throw new Error('there are no hosts');
    if (kind < 3) {
      this.crashLeader();
      return 'the leading Marathon crashes';
    }
    if (kind === 3) {
      host.kill();
      return `Marathon ${host.name} crashes`;
    }
    if (kind < 6) {
      this.isCut = true;
      host.cutFromZooKeeper();
      return `Marathon ${host.name} is cut off from ZooKeeper`;
    }
    if (kind === 6) {
      this.zooKeeper.isDown = true;
      this.zooKeeper.cutAll();
      return 'ZooKeeper is gone';
    }
    this.zooKeeper.isSilent = true;
    return 'ZooKeeper is silent';
  }
}

function isEndOfLeadership(why: unknown): boolean {
  if (!(why instanceof ClusterError)) return false;
  const { code } = why;
  return code === LEADERSHIP_LOST || code === 'STORAGE_FENCED' || code.startsWith('ZK_');
}
