/**
 * The real master and agent on virtual time, the master's endpoints behind a real socket, for recordings in
 * which both take part. Recorded ids become those of this run, texts are compared after that.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AgentOptions } from '../../../core/agent/options.ts';
import { silentLog } from '../../../core/base/log.ts';
import { registerMasterOperatorApi } from '../../../core/master/http/operator.ts';
import { registerSchedulerApi } from '../../../core/master/http/scheduler-api.ts';
import type { Master } from '../../../core/master/master.ts';
import type { CompiledMasterOptions } from '../../../core/master/options.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { UNLIMITED } from '../../../core/operator/request-pace.ts';
import { SimulatedCluster } from '../../../core/testing/cluster.ts';
import { ask, compareHead, type RawAnswer } from '../operator/raw-http.ts';
import { RawStream } from '../operator/raw-stream.ts';
import { differences, type Exchange, formDifferences, formsIn } from '../operator/recordings.ts';

const RAW: readonly { readonly text: string }[] = JSON.parse(
  readFileSync(new URL('../../wire/golden/json-raw-records.json', import.meta.url), 'utf8'),
);
const RAW_FORMS = formsIn(RAW.map(({ text }) => text));

const AGENT = 'agent';
const RESOURCES = 'cpus:4;mem:4096;disk:8192;ports:[31000-32000]';

export interface RecordedClusterOptions {
  readonly masterPort: number;
  readonly master: Partial<CompiledMasterOptions>;
  readonly agent: Partial<AgentOptions>;
}

export class RecordedCluster implements AsyncDisposable {
  readonly cluster: SimulatedCluster;
  private readonly names = new Map<string, string>();
  private port = 0;
  private stopServing: () => Promise<void> = async () => {};

  private constructor(options: RecordedClusterOptions) {
    this.cluster = new SimulatedCluster({ seed: 1, master: options.master });
  }

  /** With a master that serves and the recorded agent, registered. */
  static async start(options: RecordedClusterOptions): Promise<RecordedCluster> {
    const it = new RecordedCluster(options);
    await it.startMaster(options.masterPort);
    await it.advance();
    const agent = { ip: '127.0.0.1', hostname: 'agent1.example', ...options.agent };
    await it.cluster.startAgent(AGENT, RESOURCES, agent);
    const isRegistered = (): boolean => it.master.state.agents.size === 1;
    assert.ok(await it.cluster.until(isRegistered, 10_000), 'the agent registers');
    return it;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopServing();
  }

  get master(): Master {
    const { master } = this.cluster;
    assert.ok(master !== undefined);
    return master;
  }

  /** On the registry of the one before; its registry is not read yet. */
  async startMaster(port: number, more: Partial<CompiledMasterOptions> = {}): Promise<void> {
    await this.stopServing();
    await this.cluster.startMaster({ ip: '127.0.0.1', port }, more);
    const server = createHttpServer({
      ip: '127.0.0.1',
      port: 0,
      log: silentLog,
      delegate: 'master',
    });
    const { master } = this;
    const { clock } = this.cluster;
    const delegatedUrl = (url: string): string => server.delegatedUrl(url);
    registerSchedulerApi(server.app, { master, server, delegatedUrl });
    const settings = { metricsPace: UNLIMITED };
    const api = registerMasterOperatorApi({ master, server, clock, log: silentLog, settings });
    this.port = (await server.listen()).port;
    this.stopServing = async () => {
      api.stop();
      await server.close();
    };
  }

  readonly advance = (): Promise<void> => this.cluster.advance(10);

  /** From now on this run's name for a recorded one. */
  learn(recorded: string, ours: string): void {
    this.names.set(recorded, ours);
  }

  translated<T>(value: T): T {
    let text = JSON.stringify(value);
    for (const [recorded, ours] of this.names) text = text.replaceAll(recorded, ours);
    return JSON.parse(text);
  }

  ask(request: Exchange['request'], advance = this.advance): Promise<RawAnswer> {
    return ask(this.port, { request }, advance);
  }

  /** What the master shows at a path now. */
  async shown(path: string, advance = this.advance): Promise<Record<string, unknown>> {
    const answer = await this.ask({ method: 'GET', path, headers: {} }, advance);
    return JSON.parse(answer.body.toString());
  }

  /** One recorded request, whose answer must be the recorded one. */
  async replay(
    recorded: Pick<Exchange, 'request' | 'response'>,
    advance = this.advance,
  ): Promise<string> {
    const { request, response } = this.translated(recorded);
    const { 'Content-Length': _, ...headers } = request.headers;
    const answer = await this.ask({ ...request, headers }, advance);
    compareHead(answer, { response });
    const text = answer.body.toString();
    if (response.json === undefined) assert.equal(text, response.text);
    else assert.deepEqual(differences(response.json, JSON.parse(text)), []);
    return text;
  }

  /** A framework's subscription, or an operator's. */
  subscribe(body: unknown, path = '/api/v1/scheduler'): RawStream {
    const { port, advance } = this;
    return new RawStream({ port, path, body, advance });
  }

  /** An event as recorded, but for ids and times, its numbers in the form of the raw recordings. */
  same(recorded: unknown, ours: string): void {
    assert.deepEqual(differences(this.translated(recorded), JSON.parse(ours)), []);
    assert.deepEqual(formDifferences(RAW_FORMS, ours), []);
  }
}
