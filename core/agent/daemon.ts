/**
 * The agent as a process: HTTP server, libprocess transport, launcher client, files, fetcher and
 * the agent itself, wired together. `orrery local` and `main` use it.
 */
import { guardServer } from '../auth/http-guard.ts';
import type { Clock } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import { ClusterError } from '../base/errors.ts';
import type { Failpoints } from '../base/failpoints.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { detectorFor, type LeaderDetector } from '../election/index.ts';
import { VirtualFiles } from '../files/virtual-files.ts';
import type { Hooks } from '../modules/hooks.ts';
import { NO_RUNNING_MODULES, type RunningModules } from '../modules/start.ts';
import { createHttpClient } from '../net/http-client.ts';
import { createHttpServer, type HttpServer } from '../net/http-server.ts';
import { createLibprocess, type Libprocess } from '../net/libprocess.ts';
import type { HttpClient } from '../net/ports.ts';
import type { OperatorSettings } from '../operator/globals.ts';
import type { Resource } from '../wire/types/mesos.v1.ts';
import { AGENT_ACTOR, type Agent, createAgent } from './agent.ts';
import type { ContainerLogger } from './container-logger.ts';
import type { ContainerizerChoice } from './containerizer/choice.ts';
import { FileNetworks } from './containerizer/cni/networks.ts';
import { createContainerizer } from './containerizer/create.ts';
import {
  kernelFiles,
  launcherSettings,
  netClsHandles,
  prepareHost,
} from './containerizer/isolation-host.ts';
import { type IsolationOptions, NO_ISOLATION } from './containerizer/isolation-options.ts';
import { MesosContainerizer } from './containerizer/mesos.ts';
import { PerfSampler, runPerf } from './containerizer/perf-sampler.ts';
import type { ProvisionerOptions } from './containerizer/provisioner/options.ts';
import type { Provisioner } from './containerizer/provisioner/port.ts';
import { imagesLeftIn, NodeProvisioner } from './containerizer/provisioner/provisioner.ts';
import { rootOf } from './containers/ids.ts';
import { containerPlans } from './containers/plans.ts';
import { Fetcher } from './fetcher/fetcher.ts';
import { DomainSocket } from './http/domain-socket.ts';
import { serveExecutorApi } from './http/executor-api.ts';
import { type AgentOperatorApi, registerAgentOperatorApi } from './http/operator.ts';
import { LauncherClient } from './launcher/client.ts';
import { declareAgentMetrics } from './metrics.ts';
import { NodeFiles } from './node-files.ts';
import { detectResources, NodeHost } from './node-host.ts';
import { NodeSandboxes } from './node-sandboxes.ts';
import type { AgentOptions } from './options.ts';
import { type AgentSecurity, agentGuardOptions, OPEN_AGENT } from './security.ts';
import { volumeDirectory } from './volumes.ts';

export interface AgentDaemonOptions {
  /**
   * An empty `hostname` is found out from the address; resources that are not named (an amount of
   * 0 names one) are detected.
   */
  readonly agent: AgentOptions;
  readonly hostnameLookup: boolean;
  /** What containers are isolated by; nothing where it is left out. */
  readonly isolation?: IsolationOptions;
  /** Undefined: containers have no images. */
  readonly images?: ProvisionerOptions | undefined;
  /** What keeps output small; undefined lets it grow. */
  readonly containerLogger?: ContainerLogger | undefined;
  /** The Mesos containerizer alone where it is left out. */
  readonly containerizers?: ContainerizerChoice | undefined;
  /** Used with a `zk://` master only. */
  readonly zkSessionTimeoutMs?: DurationMs | undefined;
  /** Without it nobody is asked who they are. */
  readonly security?: AgentSecurity | undefined;
}

/** What further endpoints of the agent's server are made from. */
export interface AgentExtension {
  readonly server: HttpServer;
  readonly agent: Agent;
  readonly metrics: Metrics;
}

export interface AgentDaemonPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Finds the address that is announced when listening on 0.0.0.0. */
  readonly addressOfThisHost: () => Promise<string>;
  readonly hostnameOf: (ip: string) => Promise<string>;
  /** Shown to clients as `/slave/log`. */
  readonly logFile?: string | undefined;
  readonly settings?: OperatorSettings | undefined;
  /** Stopped with the daemon. */
  readonly modules?: RunningModules;
  /** Only where a test asks for it. */
  readonly failpoints?: Failpoints | undefined;
  /** More endpoints: called before the server listens. */
  readonly extend?: (extension: AgentExtension) => void;
}

interface Running {
  readonly server: HttpServer;
  readonly transport: Libprocess;
  readonly http: HttpClient;
  readonly agent: Agent;
  readonly operatorApi: AgentOperatorApi;
  readonly detector: LeaderDetector;
  readonly modules: RunningModules;
  readonly sampler: PerfSampler | undefined;
  readonly domainSocket: DomainSocket | undefined;
}

const LOG_NEED = { action: 'access_mesos_logs', object: undefined } as const;

export function createAgentDaemon(
  options: AgentDaemonOptions,
  ports: AgentDaemonPorts,
): AgentDaemon {
  return new AgentDaemon(options, ports);
}

export class AgentDaemon implements Service {
  private readonly options: AgentDaemonOptions;
  private readonly ports: AgentDaemonPorts;
  private running: Running | undefined;
  private stopping: Promise<void> | undefined;
  private readonly endedEarly = Promise.withResolvers<string | undefined>();

  constructor(options: AgentDaemonOptions, ports: AgentDaemonPorts) {
    this.options = options;
    this.ports = ports;
  }

  /** Throws before `start`. */
  get agent(): Agent {
    if (this.running === undefined) {
      throw new ClusterError('NOT_STARTED', 'the agent has not started', { retriable: true });
    }
    return this.running.agent;
  }

  /** Resolves when the agent ends by itself; with the sentence when it could not go on. */
  get ended(): Promise<string | undefined> {
    return this.endedEarly.promise;
  }

  get address(): { readonly ip: string; readonly port: number } {
    const { ip, port } = this.options.agent;
    return this.running?.server.address ?? { ip, port };
  }

  async start(): Promise<void> {
    const { ports } = this;
    const { clock, random, log } = ports;
    const { ip, port, advertisePort, workDir } = this.options.agent;
    const files = new NodeFiles(workDir);
    const modules = ports.modules ?? NO_RUNNING_MODULES;
    const options = withHooks(await this.completeOptions(), modules.hooks);
    const { zkSessionTimeoutMs: sessionTimeoutMs } = this.options;
    const detector = detectorFor(options.master, { clock, random, log, sessionTimeoutMs });
    if (!detector.ok) throw new ClusterError('FLAGS', detector.error, { retriable: false });
    const server = createHttpServer({ ip, port, log, delegate: AGENT_ACTOR });
    const { security = OPEN_AGENT } = this.options;
    const guard = guardServer(server, agentGuardOptions(security));
    for (const warning of security.warnings) log.warn({}, warning);
    const http = createHttpClient();
    const { advertiseIp } = options;
    const transport = createLibprocess({ http: server, log, advertiseIp, advertisePort });
    const fetcher = new Fetcher(
      {
        frameworksHome: options.frameworksHome,
        stallTimeoutMs: options.fetcherStallTimeoutMs,
        cacheDirectory: options.fetcherCacheDir,
        cacheSizeBytes: options.fetcherCacheSizeBytes,
        hadoopHome: options.hadoopHome,
      },
      { http, clock },
    );
    const isolation = this.options.isolation ?? NO_ISOLATION;
    prepareHost(isolation);
    const networks = new FileNetworks(isolation.cni, (problem) => {
      log.warn({ problem }, 'a CNI network configuration is left out');
    });
    networks.check();
    const netCls = netClsHandles(isolation);
    const sources = {
      networks,
      netCls,
      volumeDirectory: (resource: Resource) => volumeDirectory({ options }, resource),
    };
    const replaced = (): void => {
      this.endedEarly.resolve(`another agent has started in ${workDir}`);
    };
    const launcher = new LauncherClient(workDir, {
      clock,
      log,
      settings: launcherSettings(isolation),
      replaced,
    });
    const sampler = this.createSampler(isolation, () => [
      ...(agent.state?.containers.keys() ?? []),
    ]);
    const metrics = new Metrics();
    const provisioner = this.createProvisioner({ http, metrics });
    const agent: Agent = createAgent(options, {
      clock,
      random,
      log,
      transport,
      detector: detector.value,
      containerizer: createContainerizer(this.options.containerizers, {
        clock,
        log,
        files,
        workDir,
        launcherDir: options.launcherDir,
        show: (read) => metrics.source(read),
        replaced,
        mesos: () =>
          new MesosContainerizer(launcher, {
            logger: this.options.containerLogger,
            isolation,
            files: kernelFiles,
            ...sources,
            provisioner,
            perfOf: sampler && ((id) => sampler.of(id)),
            otherRoots: () => [...(agent.containers?.all ?? [])].map(({ id }) => rootOf(id)),
            log,
          }),
      }),
      containers: launcher,
      provisioner,
      containerPlans: containerPlans(isolation, sources),
      onContainerEnded: (id) => netCls?.release(id),
      files,
      sandboxes: new NodeSandboxes(fetcher),
      host: new NodeHost(workDir),
      hooks: modules.hooks,
      failpoints: ports.failpoints,
    });
    declareAgentMetrics(metrics, { agent, fetcher, clock });
    serveExecutorApi(server, { agent, clock, actor: AGENT_ACTOR, guard });
    const shown = new VirtualFiles();
    if (ports.logFile !== undefined) shown.attach('/slave/log', ports.logFile, LOG_NEED);
    const operatorApi = registerAgentOperatorApi({
      agent,
      server,
      metrics,
      clock,
      transport,
      files: shown,
      guard,
      settings: ports.settings,
    });
    const { domainSocket: path } = options;
    const domainSocket = path === undefined ? undefined : new DomainSocket(server, path);
    const parts = { server, transport, http, agent, operatorApi, modules, sampler, domainSocket };
    this.running = { ...parts, detector: detector.value };
    ports.extend?.({ server, agent, metrics });
    try {
      await server.listen();
      await domainSocket?.start();
      await transport.start();
      await fetcher.start();
      await agent.start();
      sampler?.start();
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
    void agent.ended.then((failure) => this.endedEarly.resolve(failure));
  }

  /** Leaves tasks and launcher running for the next start. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce((agent) => agent.stop());
    return this.stopping;
  }

  /** Kills the tasks and the launcher too; what was known stays on disk. */
  stopWithTasks(): Promise<void> {
    this.stopping ??= this.stopOnce((agent) => agent.stopWithTasks());
    return this.stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async stopOnce(stopAgent: (agent: Agent) => Promise<void>): Promise<void> {
    if (this.running === undefined) return;
    const { agent, transport, server, http, operatorApi, detector, modules } = this.running;
    const { sampler, domainSocket } = this.running;
    operatorApi.stop();
    sampler?.stop();
    await stopAgent(agent);
    domainSocket?.stop();
    await transport.stop();
    await server.close();
    await http.close();
    await detector.stop();
    await modules.stop();
  }

  private createProvisioner({
    http,
    metrics,
  }: {
    readonly http: HttpClient;
    readonly metrics: Metrics;
  }): Provisioner | undefined {
    const { images = imagesLeftIn(this.options.agent.workDir) } = this.options;
    if (images === undefined) return undefined;
    const provisioner = new NodeProvisioner(images, { ...this.ports, http });
    metrics.source(() => provisioner.metrics());
    return provisioner;
  }

  /** Of containers with an executor: all that is in them counts with them. */
  private createSampler(
    { perf: options, cgroups }: IsolationOptions,
    containers: () => readonly string[],
  ): PerfSampler | undefined {
    if (options === undefined) return undefined;
    return new PerfSampler({ ...options, cgroups }, { ...this.ports, perf: runPerf, containers });
  }

  private async completeOptions(): Promise<AgentOptions> {
    const { agent } = this.options;
    const bound = agent.ip === '0.0.0.0' ? undefined : agent.ip;
    const ip = agent.advertiseIp ?? bound ?? (await this.ports.addressOfThisHost());
    const resources = await detectResources(agent.resources, agent.workDir);
    return { ...agent, advertiseIp: ip, hostname: await this.hostname(ip), resources };
  }

  private async hostname(ip: string): Promise<string> {
    if (this.options.agent.hostname !== '') return this.options.agent.hostname;
    return this.options.hostnameLookup ? await this.ports.hostnameOf(ip) : ip;
  }
}

/** Hooks may replace what the agent offers and its attributes. */
function withHooks(options: AgentOptions, hooks: Hooks): AgentOptions {
  const { hostname, port, resources, attributes, domain } = options;
  const info = hooks.slaveInfo({ hostname, port, resources, attributes, domain });
  return { ...options, resources: info.resources ?? [], attributes: info.attributes ?? [] };
}
