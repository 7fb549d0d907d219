/**
 * What a fuzz run shoots at: a simulated cluster of a master and an agent with all their HTTP endpoints,
 * a framework with tasks, an executor, and a directory of real files behind `/files`. Time is virtual,
 * so everything that happens follows from the seed and the requests.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../../core/agent/agent.ts';
import { serveExecutorApi } from '../../core/agent/http/executor-api.ts';
import { registerAgentOperatorApi } from '../../core/agent/http/operator.ts';
import { declareAgentMetrics } from '../../core/agent/metrics.ts';
import { seconds } from '../../core/base/duration.ts';
import type { Log } from '../../core/base/log.ts';
import { Metrics } from '../../core/base/metrics.ts';
import { VirtualFiles } from '../../core/files/virtual-files.ts';
import { registerMasterOperatorApi } from '../../core/master/http/operator.ts';
import { registerSchedulerApi } from '../../core/master/http/scheduler-api.ts';
import type { Master } from '../../core/master/master.ts';
import { DEFAULT_MACHINE_OPTIONS } from '../../core/master/options.ts';
import { createHttpServer, type HttpServer } from '../../core/net/http-server.ts';
import { SimulatedCluster } from '../../core/testing/cluster.ts';
import { checkAgents, checkMaster } from '../sim/invariants.ts';
import type { LivingIds } from './cases.ts';
import { type Answer, inject, type OpenStream } from './inject.ts';
import type { FuzzMessage, FuzzRequest } from './request.ts';

const AGENT = 'agent';
/** What no client may ever see. */
export const SECRET = 'outside of every sandbox';
/** Streams that stay open; the oldest one is left when there are more. */
const STREAMS_MAX = 12;
/** Somebody must look at these, and the daemon goes on. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set(['checkpointed resources do not fit']);
const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

interface Served {
  readonly server: HttpServer;
  readonly stop: () => Promise<void>;
}

export class World {
  readonly cluster: SimulatedCluster;
  /** What was logged as an error. */
  readonly errors: string[] = [];
  private readonly directory = mkdtempSync(join(tmpdir(), 'orrery-fuzz-'));
  private readonly files = new VirtualFiles();
  private readonly log: Log;
  private readonly streams: OpenStream[] = [];
  private masterServed: (Served & { readonly master: Master }) | undefined;
  private agentServed: (Served & { readonly agent: Agent }) | undefined;
  private frameworkCount = 0;

  private constructor(seed: number) {
    const log: Log = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (fields, text) => {
        if (!EXPECTED_ERRORS.has(text)) this.errors.push(`${text} ${JSON.stringify(fields)}`);
      },
      child: () => log,
    };
    this.log = log;
    this.cluster = new SimulatedCluster({
      seed,
      log,
      master: {
        machine: {
          ...DEFAULT_MACHINE_OPTIONS,
          maxCompletedFrameworks: 5,
          maxCompletedTasksPerFramework: 10,
          maxUnreachableTasksPerFramework: 10,
        },
      },
    });
    this.makeFiles();
  }

  static async create(seed: number): Promise<World> {
    const world = new World(seed);
    const { cluster } = world;
    await cluster.startMaster();
    await cluster.startAgent(AGENT, 'cpus:8;mem:4096;disk:4096;ports:[31000-32000];cpus(role1):1');
    cluster.network.start('stranger');
    await cluster.until(() => (cluster.master?.state.agents.size ?? 0) > 0, seconds(20));
    await world.maintain();
    return world;
  }

  async server(target: FuzzRequest['target']): Promise<HttpServer> {
    return target === 'master' ? this.masterServer() : this.agentServer();
  }

  /** Sends a request and waits for its answer, moving time on when it needs that. */
  async send(request: FuzzRequest): Promise<Answer> {
    const server = await this.server(request.target);
    const answer = await inject(server, request, this.cluster.clock);
    if (answer.stream !== undefined) this.keep(answer.stream);
    return answer;
  }

  deliver(message: FuzzMessage): void {
    const { network } = this.cluster;
    const to = network.find(message.target);
    const from = network.find(message.from);
    if (to === undefined || from === undefined) return;
    const { ip, port } = to;
    const fromId = { master: 'master', agent: 'slave(1)', stranger: 'x' }[message.from];
    to.transport.receive({
      from: { id: fromId, ip: from.ip, port: from.port },
      to: { id: message.toId, ip, port },
      name: message.name,
      body: message.body,
    });
  }

  /** Lets the cluster work: messages arrive, offers are made. */
  async advance(ms: number): Promise<void> {
    await this.cluster.advance(ms);
  }

  living(): LivingIds {
    const { master } = this.cluster;
    const state = master?.hasState === true ? master.state : undefined;
    const agent = this.cluster.agent(AGENT);
    const frameworks = [...(state?.frameworks.values() ?? [])];
    return {
      agents: [...(state?.agents.keys() ?? [])],
      frameworks: frameworks.map(({ id }) => id),
      offers: [...(state?.offers.keys() ?? [])],
      tasks: frameworks.flatMap((each) => [...each.tasks.keys()]).slice(0, 20),
      executors: [...(agent?.state?.containers.values() ?? [])].map(({ id }) => id).slice(0, 20),
      subscriptions: frameworks.flatMap(({ id, connection }) =>
        connection?.kind === 'http' ? [{ framework: id, stream: connection.id }] : [],
      ),
      containers: [...(agent?.state?.containers.keys() ?? [])].slice(0, 20),
    };
  }

  /** Throws when something that must always hold does not. */
  check(): void {
    const { master } = this.cluster;
    if (master?.isReady === true) checkMaster(master.state);
    checkAgents(this.cluster);
    const [error] = this.errors;
    if (error !== undefined) throw new Error(`logged as an error: ${error}`);
  }

  /**
   * Brings back what the requests have ended: a framework, its tasks, their executor. False when the agent
   * was sent away for good.
   */
  async maintain(): Promise<boolean> {
    const { cluster } = this;
    const isComplete = await cluster.until(
      () =>
        cluster.agent(AGENT)?.state?.status === 'running' &&
        [...(cluster.master?.state.agents.values() ?? [])].some(({ connected }) => connected),
      seconds(90),
    );
    if (!isComplete) return false;
    if (this.living().subscriptions.length === 0) await this.subscribe();
    await this.advance(seconds(1));
    if (this.living().tasks.length === 0) await this.launch();
    return true;
  }

  /** Answers that show the cluster still serves whoever behaves. */
  async serves(): Promise<void> {
    const { cluster } = this;
    const isRecovered = (): boolean => {
      const status = cluster.agent(AGENT)?.state?.status;
      return status !== undefined && status !== 'recovering';
    };
    await cluster.until(isRecovered, seconds(60));
    for (const target of ['master', 'agent'] as const) {
      const request = {
        target,
        method: 'GET',
        url: '/state',
        headers: {},
        body: Buffer.alloc(0),
      } as const;
      const { status, body } = await this.send(request);
      if (status !== 200)
        throw new Error(`${target} answers ${status} to /state: ${body.toString()}`);
      JSON.parse(body.toString());
    }
  }

  /** Ends frameworks, so that what is left in memory was left there by nobody's right. */
  async tearDown(): Promise<void> {
    for (const stream of this.streams.splice(0)) stream.close();
    for (const id of this.living().frameworks) {
      const body = Buffer.from(`frameworkId=${encodeURIComponent(id)}`);
      await this.send({ target: 'master', method: 'POST', url: '/teardown', headers: {}, body });
    }
    await this.advance(seconds(30));
  }

  async stop(): Promise<void> {
    for (const stream of this.streams.splice(0)) stream.close();
    await this.masterServed?.stop();
    await this.agentServed?.stop();
    await this.cluster.agent(AGENT)?.stop();
    await this.cluster.master?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private keep(stream: OpenStream): void {
    this.streams.push(stream);
    while (this.streams.length > STREAMS_MAX) this.streams.shift()?.close();
  }

  private async subscribe(): Promise<void> {
    this.frameworkCount += 1;
    const capabilities = [
      'MULTI_ROLE',
      'PARTITION_AWARE',
      'TASK_KILLING_STATE',
      'RESERVATION_REFINEMENT',
      'SHARED_RESOURCES',
    ];
    const info = {
      user: 'root',
      name: `fuzzed-${this.frameworkCount}`,
      roles: ['*', 'role1'],
      failover_timeout: 3_600,
      checkpoint: true,
      capabilities: capabilities.map((type) => ({ type })),
    };
    await this.schedulerCall({ type: 'SUBSCRIBE', subscribe: { framework_info: info } }, {});
  }

  /** A command task, and one of a custom executor, which subscribes. */
  private async launch(): Promise<void> {
    const { subscriptions } = this.living();
    const streamOf = (framework: string): string | undefined =>
      subscriptions.find((each) => each.framework === framework)?.stream;
    const offers = [...(this.cluster.master?.state.offers.values() ?? [])];
    const offer = offers.find((each) => streamOf(each.framework) !== undefined);
    const stream = offer === undefined ? undefined : streamOf(offer.framework);
    if (offer === undefined || stream === undefined) return;
    const framework_id = { value: String(offer.framework) };
    const resources = [
      {
        name: 'cpus',
        type: 'SCALAR',
        scalar: { value: 0.1 },
        allocation_info: { role: offer.role },
      },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 }, allocation_info: { role: offer.role } },
    ];
    const base = { agent_id: { value: String(offer.agent) }, resources };
    const executor_id = { value: 'custom-exec' };
    const executor = {
      type: 'CUSTOM',
      executor_id,
      framework_id,
      command: { value: 'sleep infinity' },
      resources,
    };
    const task_infos = [
      {
        ...base,
        name: 'plain',
        task_id: { value: `plain-${this.frameworkCount}` },
        command: { value: 'sleep infinity' },
      },
      { ...base, name: 'custom', task_id: { value: `custom-${this.frameworkCount}` }, executor },
    ];
    const accept = {
      offer_ids: [offer.offer.id],
      operations: [{ type: 'LAUNCH', launch: { task_infos } }],
    };
    await this.schedulerCall(
      { framework_id, type: 'ACCEPT', accept },
      { 'mesos-stream-id': stream },
    );
    await this.advance(seconds(1));
    const subscribe = { type: 'SUBSCRIBE', framework_id, executor_id, subscribe: {} };
    await this.send({
      target: 'agent',
      method: 'POST',
      url: '/slave(1)/api/v1/executor',
      headers: JSON_HEADERS,
      body: Buffer.from(JSON.stringify(subscribe)),
    });
    await this.advance(seconds(1));
  }

  private async schedulerCall(
    call: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    await this.send({
      target: 'master',
      method: 'POST',
      url: '/api/v1/scheduler',
      headers: { ...JSON_HEADERS, ...headers },
      body: Buffer.from(JSON.stringify(call)),
    });
  }

  private async masterServer(): Promise<HttpServer> {
    const { master, clock, network } = this.cluster;
    if (master === undefined) throw new Error('the master has gone');
    if (this.masterServed?.master === master) return this.masterServed.server;
    await this.masterServed?.stop();
    const { log, files } = this;
    const server = createHttpServer({ ip: '127.0.0.1', port: 0, log, delegate: 'master' });
    registerSchedulerApi(server.app, { master, delegatedUrl: (url) => server.delegatedUrl(url) });
    const api = registerMasterOperatorApi({ master, server, clock, log, files });
    server.receiveMessages((message) => receiveAt(network.process('master').transport, message));
    await server.app.ready();
    this.masterServed = { master, server, stop: stopping(server, api) };
    return server;
  }

  private async agentServer(): Promise<HttpServer> {
    const { clock, network } = this.cluster;
    const agent = await this.livingAgent();
    if (this.agentServed?.agent === agent) return this.agentServed.server;
    await this.agentServed?.stop();
    const { log, files } = this;
    const server = createHttpServer({ ip: '127.0.0.1', port: 0, log, delegate: 'slave(1)' });
    const metrics = new Metrics();
    const fetcher = { counts: { succeeded: 0, failed: 0 }, cacheBytes: { total: 0, used: 0 } };
    declareAgentMetrics(metrics, { agent, clock, fetcher });
    serveExecutorApi(server, { agent, clock, actor: 'slave(1)' });
    const transport = network.process(AGENT);
    const api = registerAgentOperatorApi({ agent, server, metrics, clock, transport, files });
    server.receiveMessages((message) => receiveAt(network.process(AGENT).transport, message));
    await server.app.ready();
    this.agentServed = { agent, server, stop: stopping(server, api) };
    return server;
  }

  /** Its supervisor starts an agent again that has ended. */
  private async livingAgent(): Promise<Agent> {
    const { cluster } = this;
    await cluster.until(() => cluster.agent(AGENT) !== undefined, seconds(5));
    const agent = cluster.agent(AGENT);
    if (agent === undefined) throw new Error('the agent does not come back');
    return agent;
  }

  private makeFiles(): void {
    const sandbox = join(this.directory, 'sandbox');
    mkdirSync(join(sandbox, 'out'), { recursive: true });
    writeFileSync(join(this.directory, 'passwd'), SECRET);
    writeFileSync(join(sandbox, 'stdout'), 'some output\n'.repeat(2_000));
    writeFileSync(join(sandbox, 'out', 'stdout'), 'more output\n');
    symlinkSync('../passwd', join(sandbox, 'link'));
    symlinkSync('..', join(sandbox, 'out', 'link'));
    symlinkSync('../..', join(sandbox, 'out', 'etc'));
    symlinkSync('loop', join(sandbox, 'loop'));
    execFileSync('mkfifo', [join(sandbox, 'pipe')]);
    this.files.attach('/sandbox', sandbox);
  }
}

function stopping(server: HttpServer, api: { stop(): void }): () => Promise<void> {
  return async () => {
    api.stop();
    await server.close();
  };
}

type Transport = ReturnType<SimulatedCluster['network']['process']>['transport'];

function receiveAt(
  transport: Transport,
  message: { readonly toId: string; readonly name: string; readonly body: Uint8Array },
): boolean {
  const { ip, port } = transport;
  const { toId, name, body } = message;
  transport.receive({
    from: { id: 'x', ip: '10.9.9.9', port: 1 },
    to: { id: toId, ip, port },
    name,
    body,
  });
  return true;
}
