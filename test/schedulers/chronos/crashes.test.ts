import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { randomInteger, SeededRandom } from '../../../core/base/random.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import { CHRONOS_DEFAULTS } from '../../../schedulers/chronos/options.ts';
import { type Chronos, createChronos } from '../../../schedulers/chronos/server.ts';
import { FakeCluster } from '../../core/scheduler/fake-cluster.ts';
import { CrashingProcess } from './crashing-process.ts';

const START = Date.UTC(2026, 0, 1);
const RUN_COUNT = 20;
const OPTIONS = { ...CHRONOS_DEFAULTS, master: 'm:5050', workDirectory: '/nowhere' };

/** Chronos in a world where it is killed at random moments. */
class World {
  readonly clock = new SimulatedClock(START);
  readonly cluster = new FakeCluster(this.clock, [{ id: 'a1', cpus: 4, mem: 4_096 }]);
  private readonly disk = new MemoryStorage();
  private readonly random: SeededRandom;
  private process: CrashingProcess;
  private chronos: Chronos;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    [this.process, this.chronos] = this.create();
    this.cluster.plan = () => ({
      afterMs: randomInteger(this.random, 3_000),
      state: 'TASK_FINISHED',
    });
  }

  async start(): Promise<void> {
    await Promise.race([this.chronos.startWithoutSocket(), this.clock.advance(1_000)]);
  }

  async post(job: Readonly<Record<string, unknown>>): Promise<void> {
    const path = 'parents' in job ? 'dependency' : 'iso8601';
    let status: number | undefined;
    const answered = this.chronos.app.inject({
      method: 'POST',
      url: `/scheduler/${path}`,
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({ command: 'true', mem: 16, disk: 1, ...job }),
    });
    void answered.then((reply) => {
      status = reply.statusCode;
    });
    // The answer waits for a write, and that for virtual time.
    for (let step = 0; step < 1_000 && status === undefined; step += 1) await this.clock.advance(1);
    assert.equal(status, 204);
  }

  /** Kills at a moment up to `withinMs` away and starts again up to a second later. */
  async crash(withinMs: number): Promise<void> {
    await this.clock.advance(randomInteger(this.random, withinMs));
    this.process.kill();
    await this.clock.advance(randomInteger(this.random, 1_000));
    [this.process, this.chronos] = this.create();
    await this.start();
  }

  async job(name: string): Promise<string> {
    return (await this.chronos.app.inject({ url: `/scheduler/job/${name}` })).body;
  }

  launchCount(name: string): number {
    return this.cluster.launched.filter((task) => task.info.name.endsWith(`:${name}`)).length;
  }

  private create(): [CrashingProcess, Chronos] {
    const process = new CrashingProcess(this.clock, this.disk, this.cluster, this.random);
    const { clock, storage, http } = process;
    const ports = { clock, storage, http, random: this.random, log: silentLog };
    return [process, createChronos(OPTIONS, ports)];
  }
}

for (let seed = 1; seed <= 5; seed += 1) {
  test(`killed again and again, Chronos runs each start exactly once (seed ${seed})`, async () => {
    const world = new World(seed);
    await world.start();
    const schedule = `R${RUN_COUNT}/2026-01-01T00:00:05Z/PT5S`;
    await world.post({ name: 'tick', schedule, epsilon: 'PT1H' });
    await world.post({ name: 'child', parents: ['tick'] });
    for (let crash = 0; crash < 40; crash += 1) await world.crash(4_000);
    await world.clock.advance(600_000);
    assert.equal(world.launchCount('tick'), RUN_COUNT);
    assert.match(await world.job('tick'), new RegExp(`"successCount":${RUN_COUNT},"errorCount":0`));
    // Successes while the child is queued are one run, as without crashes.
    const children = world.launchCount('child');
    assert.ok(children > 0 && children <= RUN_COUNT, `${children} runs of the child`);
    assert.match(await world.job('child'), new RegExp(`"successCount":${children},"errorCount":0`));
    assert.equal(world.cluster.alive().length, 0);
  });
}
