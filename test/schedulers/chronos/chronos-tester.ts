/** Chronos against a fake cluster in virtual time. */
import assert from 'node:assert/strict';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import type { Storage } from '../../../core/storage/ports.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import type { CompiledChronosOptions } from '../../../schedulers/chronos/options.ts';
import { CHRONOS_DEFAULTS } from '../../../schedulers/chronos/options.ts';
import {
  type Chronos,
  type ChronosPorts,
  createChronos,
} from '../../../schedulers/chronos/server.ts';
import { FakeCluster, type LaunchedTask } from '../../core/scheduler/fake-cluster.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
}

export class ChronosTester {
  readonly clock: SimulatedClock;
  readonly cluster: FakeCluster;
  readonly storage: Storage;
  chronos: Chronos;
  private readonly options: Partial<CompiledChronosOptions>;

  private readonly ports: Partial<ChronosPorts>;

  constructor(
    options: Partial<CompiledChronosOptions> = {},
    start = Date.UTC(2026, 0, 1),
    ports: Partial<ChronosPorts> = {},
  ) {
    this.clock = new SimulatedClock(start);
    this.cluster = new FakeCluster(this.clock, [{ id: 'a1', cpus: 4, mem: 4_096 }]);
    this.storage = new MemoryStorage();
    this.options = options;
    this.ports = ports;
    this.chronos = this.create();
  }

  async start(): Promise<this> {
    await this.chronos.startWithoutSocket();
    await this.clock.advance(10);
    return this;
  }

  /** The process is gone without a word; a new one starts on the same storage. */
  async crash(downMs = 0): Promise<void> {
    await this.chronos.stop();
    await this.clock.advance(downMs);
    this.chronos = this.create();
    await this.start();
  }

  async http(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    body?: unknown,
  ): Promise<Reply> {
    const isText = typeof body === 'string';
    const pending = this.chronos.app.inject({
      method,
      url,
      ...(body === undefined ? {} : { payload: isText ? body : JSON.stringify(body) }),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
    });
    const response = await pending;
    const isJson = response.headers['content-type']?.includes('json') === true;
    const json: unknown = isJson ? JSON.parse(response.body) : undefined;
    return { status: response.statusCode, text: response.body, json };
  }

  /** Posts a job with small needs; the answer must be 204. */
  async post(job: Readonly<Record<string, unknown>>): Promise<void> {
    const path = 'parents' in job ? '/scheduler/dependency' : '/scheduler/iso8601';
    const reply = await this.http('POST', path, { command: 'true', mem: 16, disk: 1, ...job });
    assert.equal(reply.status, 204, reply.text);
    await this.clock.settle();
  }

  async job(name: string): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.http('GET', `/v1/scheduler/job/${name}`);
    assert.equal(reply.status, 200, reply.text);
    return Object.fromEntries(Object.entries(reply.json ?? {}));
  }

  /** Launches of a job; times are milliseconds after `from`. */
  launches(name: string, from = 0): readonly number[] {
    return this.tasks(name).map((task) => task.launchedAt - from);
  }

  tasks(name: string): readonly LaunchedTask[] {
    return this.cluster.launched.filter((task) => task.info.task_id.value.split(':')[3] === name);
  }

  private create(): Chronos {
    return createChronos(
      {
        ...CHRONOS_DEFAULTS,
        master: 'm:5050',
        workDirectory: '/nowhere',
        httpPort: 4400,
        ...this.options,
      },
      {
        clock: this.clock,
        random: new SeededRandom(7),
        http: this.cluster,
        storage: this.storage,
        log: silentLog,
        ...this.ports,
      },
    );
  }
}
