/**
 * The master as a process: HTTP server, libprocess transport, registry on disk or on ZooKeeper,
 * election and the master itself, wired together. `orrery local` and `main` use it; tests may pass their own storage.
 */
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { guardServer } from '../auth/http-guard.ts';
import type { Clock } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { zooKeeperElection } from '../election/index.ts';
import { VirtualFiles } from '../files/virtual-files.ts';
import { NO_RUNNING_MODULES, type RunningModules } from '../modules/start.ts';
import type { AllocatorFactory } from '../modules/types.ts';
import { createHttpServer, type HttpServer } from '../net/http-server.ts';
import { createLibprocess, type Libprocess } from '../net/libprocess.ts';
import type { ZooKeeperClient } from '../net/zookeeper/client.ts';
import { createZooKeeperClient } from '../net/zookeeper/open.ts';
import type { ZooKeeperUrl } from '../net/zookeeper/url.ts';
import type { OperatorSettings } from '../operator/globals.ts';
import { openLevelStorage } from '../storage/level.ts';
import { MemoryStorage } from '../storage/memory.ts';
import type { Storage } from '../storage/ports.ts';
import { ZooKeeperStorage } from '../storage/zookeeper.ts';
import { loadPages } from '../webui/pages.ts';
import { type MasterOperatorApi, registerMasterOperatorApi } from './http/operator.ts';
import { registerSchedulerApi } from './http/scheduler-api.ts';
import type { ElectionPorts } from './leadership.ts';
import { createMaster, type Master } from './master.ts';
import type { CompiledMasterOptions } from './options.ts';
import { type MasterSecurity, masterGuardOptions, OPEN_MASTER } from './security.ts';
import { WhitelistWatcher } from './whitelist.ts';

export interface MasterDaemonOptions {
  /** An empty `hostname` is found out from the address. */
  readonly master: CompiledMasterOptions;
  readonly ip: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly advertiseIp: string | undefined;
  readonly advertisePort: number | undefined;
  readonly hostnameLookup: boolean;
  /** Directory of the registry; undefined keeps it in memory. */
  readonly registryPath: string | undefined;
  /** Where several masters meet; undefined for the only master. */
  readonly zooKeeper?: MasterZooKeeperOptions | undefined;
  /** File of the host names that are offered; undefined offers all. */
  readonly whitelistPath?: string | undefined;
  /** Without it nobody is asked who they are. */
  readonly security?: MasterSecurity | undefined;
  /** The allocator's module; undefined is the hierarchical one. */
  readonly allocatorModule?: string | undefined;
}

export interface MasterZooKeeperOptions {
  readonly url: ZooKeeperUrl;
  readonly sessionTimeoutMs: DurationMs;
  /** Whether the registry is kept there, too; else each leader begins with what it has itself. */
  readonly keepsRegistry: boolean;
}

export interface MasterDaemonPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Finds the address that is announced when listening on 0.0.0.0. */
  readonly addressOfThisHost: () => Promise<string>;
  readonly hostnameOf: (ip: string) => Promise<string>;
  /** Shown to clients as `/master/log`. */
  readonly logFile?: string | undefined;
  readonly settings?: OperatorSettings | undefined;
  /** Stopped with the daemon. */
  readonly modules?: RunningModules;
  /** More endpoints: called before the server listens. */
  readonly extend?: (app: FastifyInstance, master: () => Master) => void;
}

export function createMasterDaemon(
  options: MasterDaemonOptions,
  ports: MasterDaemonPorts,
): MasterDaemon {
  return new MasterDaemon(options, ports);
}

interface Running {
  readonly server: HttpServer;
  readonly transport: Libprocess;
  readonly storage: Storage;
  readonly master: Master;
  readonly operatorApi: MasterOperatorApi;
  readonly zooKeeper: ZooKeeperClient | undefined;
  readonly whitelist: WhitelistWatcher | undefined;
  readonly modules: RunningModules;
}

/** Below the path of the masters, beside their own nodes. */
const REGISTRY_NODE = 'registry';

const LOG_NEED = { action: 'access_mesos_logs', object: undefined } as const;

export class MasterDaemon implements Service {
  private readonly options: MasterDaemonOptions;
  private readonly ports: MasterDaemonPorts;
  private running: Running | undefined;
  private readonly failed = Promise.withResolvers<unknown>();
  private stopping: Promise<void> | undefined;

  constructor(options: MasterDaemonOptions, ports: MasterDaemonPorts) {
    this.options = options;
    this.ports = ports;
  }

  /** Settles when the daemon cannot go on. */
  get failure(): Promise<unknown> {
    return this.failed.promise;
  }

  /** Throws before `start`. */
  get master(): Master {
    if (this.running === undefined) {
      throw new ClusterError('NOT_STARTED', 'the master has not started', { retriable: true });
    }
    return this.running.master;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.running?.server.address ?? { ip: this.options.ip, port: this.options.port };
  }

  /** `host:port` as agents and frameworks are told. */
  get advertised(): string {
    const { ip, port } = this.running?.transport ?? this.address;
    return `${ip}:${port}`;
  }

  async start(): Promise<void> {
    const { options, ports } = this;
    const { log, clock, random } = ports;
    const modules = ports.modules ?? NO_RUNNING_MODULES;
    const allocator = await this.allocator(modules);
    const zooKeeper = this.zooKeeperClient();
    const storage = await this.openRegistry(zooKeeper);
    const { ip, port } = options;
    const server = createHttpServer({ ip, port, log, delegate: 'master' });
    const { security = OPEN_MASTER } = options;
    const guard = guardServer(server, masterGuardOptions(security));
    for (const warning of security.warnings) log.warn({}, warning);
    try {
      const address = options.advertiseIp ?? (await this.announcedAddress());
      const { advertisePort } = options;
      const transport = createLibprocess({
        http: server,
        log,
        advertiseIp: address,
        advertisePort,
      });
      const hostname = await this.hostname(address);
      const metrics = new Metrics();
      const master = createMaster(
        { ...options.master, hostname },
        {
          ...{ clock, random, log, transport, storage, metrics, allocator },
          hooks: modules.hooks,
          stopwatch: () => performance.now(),
          election: this.election(zooKeeper),
        },
      );
      const delegatedUrl = (url: string): string => server.delegatedUrl(url);
      registerSchedulerApi(server.app, { master, server, delegatedUrl, guard });
      const files = new VirtualFiles();
      if (ports.logFile !== undefined) files.attach('/master/log', ports.logFile, LOG_NEED);
      const operatorApi = registerMasterOperatorApi({
        ...{ master, server, clock, log, files, guard, settings: ports.settings },
        pages: loadPages('master'),
      });
      const whitelist = this.whitelistOf(master);
      const parts = { server, transport, storage, master, operatorApi, zooKeeper };
      this.running = { ...parts, whitelist, modules };
      ports.extend?.(server.app, () => master);
      await server.listen();
      await transport.start();
      void master.failure.then((error) => this.failed.resolve(error));
      await master.start();
      await whitelist?.start();
    } catch (thrown) {
      await server.close();
      await storage.close();
      await zooKeeper?.close();
      await modules.stop();
      throw thrown;
    }
  }

  /** Nothing is told to the cluster; the next start goes on where this one ended. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async stopOnce(): Promise<void> {
    if (this.running === undefined) return;
    const { master, transport, server, storage, operatorApi, zooKeeper, modules } = this.running;
    this.running.whitelist?.stop();
    operatorApi.stop();
    await master.stop();
    await transport.stop();
    await server.close();
    await storage.close();
    await zooKeeper?.close();
    await modules.stop();
  }

  private async allocator(modules: RunningModules): Promise<AllocatorFactory | undefined> {
    const { allocatorModule } = this.options;
    if (allocatorModule === undefined) return undefined;
    try {
      return await modules.create('Allocator', allocatorModule, 'allocator');
    } catch (thrown) {
      const why = `Failed to create allocator '${allocatorModule}': ${describeError(thrown)}`;
      throw new ClusterError('ALLOCATOR', why, { retriable: false, cause: thrown });
    }
  }

  private whitelistOf(master: Master): WhitelistWatcher | undefined {
    const { whitelistPath } = this.options;
    if (whitelistPath === undefined) return undefined;
    const { clock, log } = this.ports;
    return new WhitelistWatcher(whitelistPath, {
      clock,
      log,
      readText: (path) => readFile(path, 'utf8'),
      onChange: (hostnames) => master.input({ kind: 'whitelist', hostnames }),
    });
  }

  private zooKeeperClient(): ZooKeeperClient | undefined {
    const { zooKeeper } = this.options;
    if (zooKeeper === undefined) return undefined;
    const { clock, random, log } = this.ports;
    const { sessionTimeoutMs } = zooKeeper;
    return createZooKeeperClient(zooKeeper.url, { clock, random, log, sessionTimeoutMs });
  }

  private async openRegistry(client: ZooKeeperClient | undefined): Promise<Storage> {
    const { registryPath, zooKeeper } = this.options;
    if (client !== undefined && zooKeeper?.keepsRegistry === true) {
      const { clock, random } = this.ports;
      const path = `${zooKeeper.url.path}/${REGISTRY_NODE}`;
      return new ZooKeeperStorage(path, { client, clock, random });
    }
    return registryPath === undefined ? new MemoryStorage() : await openLevelStorage(registryPath);
  }

  private election(client: ZooKeeperClient | undefined): ElectionPorts | undefined {
    const { zooKeeper } = this.options;
    if (client === undefined || zooKeeper === undefined) return undefined;
    const { clock, log } = this.ports;
    return zooKeeperElection(client, zooKeeper.url.path, { clock, log });
  }

  private async announcedAddress(): Promise<string> {
    const { ip } = this.options;
    return ip === '0.0.0.0' ? await this.ports.addressOfThisHost() : ip;
  }

  private async hostname(ip: string): Promise<string> {
    const given = this.options.master.hostname;
    if (given !== '') return given;
    return this.options.hostnameLookup ? await this.ports.hostnameOf(ip) : ip;
  }
}
