/**
 * Aurora, decided by a seed: updates while tasks fail and hosts crash or are cut off, production work that takes the
 * place of cheap work, cron jobs over a change of the clocks, a scheduler that dies at any moment. The scheduler is
 * the product's machine and records (`aurora-life.ts`), the cluster a small one (`aurora-cluster.ts`).
 */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { MemoryStorage } from '../../core/storage/memory.ts';
import { SimulatedClock } from '../../core/testing/clock.ts';
import { AuroraState } from '../../schedulers/aurora/machine/state.ts';
import { loadState, replaceState } from '../../schedulers/aurora/store/records.ts';
import { snapshotOf, storedOf } from '../../schedulers/aurora/store/snapshot.ts';
import { canonicalText } from '../../schedulers/aurora/thrift/compare.ts';
import { decodeStruct, encodeStruct } from '../../schedulers/aurora/thrift/messages.ts';
import type { JobKey, JobUpdateKey, TaskConfig } from '../../schedulers/aurora/thrift/types.ts';
import { job, SETTINGS, UPDATE_SETTINGS } from '../schedulers/aurora/machine/scheduler-tester.ts';
import { checkAtAnyTime, checkRolledBack } from './aurora-checks.ts';
import { AuroraCluster } from './aurora-cluster.ts';
import { AuroraLife } from './aurora-life.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

const ROLE = 'www';
const WEB: JobKey = { role: ROLE, environment: 'prod', name: 'web' };
const CHEAP: JobKey = { role: ROLE, environment: 'devel', name: 'cheap' };
const CRON: JobKey = { role: ROLE, environment: 'prod', name: 'tenth' };
const AGENTS = 4;
const COUNT_MAX = 12;
const STEPS = 40;
const CHECK_MS = seconds(5);
/** Both changes of the clocks there in a year. */
const ZONE = 'America/New_York';
const DAYS = [Date.UTC(2026, 2, 8), Date.UTC(2026, 10, 1)];
const REST_MS = minutes(40);

const BAD = [{ key: 'bad', value: 'yes' }];

export async function simulateAurora(options: SimulationOptions): Promise<SimulationResult> {
  return new AuroraSimulation(options).run();
}

class AuroraSimulation {
  private readonly options: SimulationOptions;
  private readonly random: Random;
  private readonly clock: SimulatedClock;
  private readonly cluster: AuroraCluster;
  private readonly life: AuroraLife;
  private readonly isAware: boolean;
  /** Updates whose start was answered with OK. */
  private readonly acknowledged: JobUpdateKey[] = [];
  private readonly ended = new Set<string>();
  /** Taken up anew at least once: instances that fell meanwhile are waited for beside those under way. */
  private readonly interrupted = new Set<string>();
  private readonly ends: Record<string, number> = {};
  private lastPriority = 0;
  private isCronThere = false;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed * 7_919);
    this.isAware = options.seed % 2 === 0;
    const start = (DAYS[options.seed % DAYS.length] ?? 0) + minutes(330);
    this.clock = new SimulatedClock(start);
    const ports = { clock: this.clock, random: this.random };
    this.cluster = new AuroraCluster({ agentCount: AGENTS, isAware: this.isAware }, ports, (info) =>
      (info.labels?.labels ?? []).some(({ key }) => key.endsWith('.bad')),
    );
    const settings = {
      ...SETTINGS,
      cron: { ...SETTINGS.cron, zone: ZONE },
      // Those that are forgotten by rule would look lost.
      updateHistory: { ...SETTINGS.updateHistory, perJobMax: 1_000 },
      flapping: { ...SETTINGS.flapping, thresholdMs: 1 },
    };
    this.life = new AuroraLife(settings, this.cluster, ports);
  }

  async run(): Promise<SimulationResult> {
    await this.life.start();
    await this.setUp();
    for (let step = 0; step < (this.options.steps ?? STEPS); step += 1) {
      await this.act();
      await this.pass(seconds(5 + randomInteger(this.random, 90)));
    }
    await this.rest();
    await this.checkAtRest();
    const taskCount = this.cluster.startCount;
    return { taskCount, messageCount: 0, lostCount: 0, ends: this.ends };
  }

  private async setUp(): Promise<void> {
    const quota = { resources: [{ numCpus: 12 }, { ramMb: 12_000 }, { diskMb: 12_000 }] };
    this.life.call({ method: 'setQuota', args: { ownerRole: ROLE, quota } }, () => undefined);
    this.create(CHEAP, COUNT_MAX, { tier: 'preemptible', resources: sized(2) });
    await this.pass(minutes(1));
    this.create(WEB, 4, { tier: 'preferred', resources: sized(1) });
    const description = job(
      2,
      { ...this.config(CRON), isService: false, tier: 'preemptible', resources: sized(0.1) },
      { cronSchedule: '*/10 * * * *' },
    );
    this.life.call({ method: 'scheduleCronJob', args: { description } }, ({ responseCode }) => {
      this.isCronThere = responseCode === 'OK';
    });
    await this.pass(minutes(6));
  }

  private create(key: JobKey, count: number, changes: Partial<TaskConfig>): void {
    const description = job(count, { ...this.config(key), ...changes });
    this.life.call({ method: 'createJob', args: { description } }, ({ responseCode }) =>
      this.count(`create ${responseCode}`),
    );
  }

  private config(key: JobKey): Partial<TaskConfig> {
    const partitionPolicy = { reschedule: true, delaySecs: 600 };
    return this.isAware ? { job: key, partitionPolicy } : { job: key };
  }

  private async act(): Promise<void> {
    const agent = this.pick(this.cluster.agents);
    switch (randomInteger(this.random, 12)) {
      case 0:
      case 1:
        this.say('the scheduler dies');
        this.interrupt();
        await this.life.kill();
        await this.pass(seconds(randomInteger(this.random, 60)));
        await this.life.start();
        return;
      case 2:
        this.say(`agent ${agent.name} crashes`);
        this.cluster.crash(agent);
        return;
      case 3:
        this.say(`agent ${agent.name} is cut off`);
        this.cluster.cut(agent);
        this.clock.setTimer(seconds(10 + randomInteger(this.random, 200)), () =>
          this.cluster.heal(agent),
        );
        return;
      case 4:
        this.endOne();
        return;
      case 5:
        this.call({ method: 'restartShards', args: { job: WEB, shardIds: [0, 1] } });
        return;
      case 6:
        this.call({
          method: 'killTasks',
          args: { job: CHEAP, instances: [randomInteger(this.random, 4)] },
        });
        return;
      case 7:
        this.steer();
        return;
      default:
        this.update();
    }
  }

  private call(call: Parameters<AuroraLife['call']>[0]): void {
    this.life.call(call, ({ responseCode }) => this.count(`${call.method} ${responseCode}`));
  }

  private endOne(): void {
    const ids = this.cluster.runningIds();
    if (ids.length === 0) return;
    this.cluster.endTask(this.pick(ids), 'TASK_FAILED');
  }

  /** Up and down in count, good or bad, of either job. */
  private update(): void {
    this.lastPriority += 1;
    const key = randomInteger(this.random, 3) === 0 ? CHEAP : WEB;
    const isBad = randomInteger(this.random, 3) === 0;
    const isWeb = key === WEB;
    const taskConfig = job(1, {
      ...this.config(key),
      tier: isWeb ? 'preferred' : 'preemptible',
      resources: sized(isWeb ? 1 : 2),
      priority: this.lastPriority,
      ...(isBad ? { metadata: BAD } : {}),
    }).taskConfig;
    const request = {
      taskConfig,
      instanceCount: 1 + randomInteger(this.random, COUNT_MAX),
      settings: {
        ...UPDATE_SETTINGS,
        minWaitInInstanceRunningMs: seconds(5),
        updateGroupSize: 1 + randomInteger(this.random, 4),
        maxFailedInstances: randomInteger(this.random, 2),
        maxPerInstanceFailures: randomInteger(this.random, 2),
      },
    };
    this.say(`update of ${key.name} to ${request.instanceCount}${isBad ? ', bad' : ''}`);
    this.life.call({ method: 'startJobUpdate', args: { request } }, ({ responseCode, result }) => {
      this.count(`startJobUpdate ${responseCode}`);
      if (responseCode !== 'OK' || result === undefined) return;
      if ('startJobUpdateResult' in result) this.acknowledged.push(result.startJobUpdateResult.key);
    });
  }

  private steer(): void {
    const update = [...(this.life.machine?.state.updates.all() ?? [])].find(
      (each) => each.isActive,
    );
    if (update === undefined) return;
    const method = this.pick(['pauseJobUpdate', 'resumeJobUpdate', 'rollbackJobUpdate'] as const);
    this.say(`${method} while ${update.status}`);
    this.interrupted.add(update.id);
    this.call({ method, args: { key: { job: update.job, id: update.id } } });
  }

  private interrupt(): void {
    for (const update of this.life.machine?.state.updates.all() ?? []) {
      if (update.isActive) this.interrupted.add(update.id);
    }
  }

  private async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      await this.clock.advance(Math.min(CHECK_MS, end - this.clock.now()));
      const { machine } = this.life;
      if (machine === undefined) continue;
      checkAtAnyTime(machine, {
        role: ROLE,
        countMax: COUNT_MAX,
        interrupted: this.interrupted,
      });
      for (const update of machine.state.updates.all()) {
        if (update.isActive || this.ended.has(update.id)) continue;
        this.ended.add(update.id);
        this.count(update.status);
      }
    }
  }

  /** Nothing fails any more; paused updates go on, and what is under way comes to its end. */
  private async rest(): Promise<void> {
    this.say('faults end');
    await this.life.start();
    for (const agent of this.cluster.agents) this.cluster.heal(agent);
    for (let round = 0; round < 4; round += 1) {
      for (const update of this.life.machine?.state.updates.all() ?? []) {
        if (!update.status.endsWith('PAUSED')) continue;
        this.call({ method: 'resumeJobUpdate', args: { key: { job: update.job, id: update.id } } });
      }
      await this.pass(REST_MS / 4);
    }
  }

  private async checkAtRest(): Promise<void> {
    const { machine } = this.life;
    assert.ok(machine !== undefined, 'there is no scheduler');
    for (const { id } of this.acknowledged) {
      assert.ok(id !== undefined && machine.state.updates.byId(id) !== undefined, `${id} is lost`);
    }
    const web = machine.state.tasks.activeOf('www/prod/web');
    const isBad = web.some(({ assignedTask }) => assignedTask.task.metadata !== undefined);
    if (!isBad) {
      const waiting = web.filter(({ status }) => status !== 'RUNNING');
      assert.deepEqual(
        waiting.map(({ assignedTask, status }) => `${assignedTask.instanceId} ${status}`),
        [],
        'production work runs, whatever cheap work there is',
      );
    }
    const [last] = machine.state.updates.query({ jobKey: WEB });
    if (last?.status === 'ROLLED_BACK') checkRolledBack(machine, last);
    if (this.isCronThere) {
      const since = this.clock.now() - REST_MS;
      const starts = machine.state.tasks
        .ofJob('www/prod/tenth')
        .map(({ taskEvents }) => taskEvents[0]?.timestamp ?? 0)
        .filter((at) => at > since);
      assert.ok(starts.length >= 2, `the cron job ran ${starts.length} times`);
    }
    await this.checkBackup();
  }

  private async checkBackup(): Promise<void> {
    const { machine } = this.life;
    assert.ok(machine !== undefined);
    const snapshot = snapshotOf(machine.state, 'f1', 0);
    const decoded = decodeStruct('Snapshot', encodeStruct('Snapshot', snapshot));
    assert.ok(decoded.ok, 'a backup cannot be read');
    const storage = new MemoryStorage();
    await storage.write(await replaceState(storage, storedOf(decoded.value)));
    const restored = new AuroraState();
    restored.load(await loadState(storage));
    assert.equal(
      canonicalText('Snapshot', snapshotOf(restored, 'f1', 0)),
      canonicalText('Snapshot', snapshot),
      'a backup that is gone back to gives another state',
    );
  }

  private count(what: string): void {
    this.ends[what] = (this.ends[what] ?? 0) + 1;
  }

  private say(text: string): void {
    this.options.onStep?.(`${new Date(this.clock.now()).toISOString()} ${text}`);
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[randomInteger(this.random, items.length)];
    assert.ok(item !== undefined);
    return item;
  }
}

function sized(numCpus: number): TaskConfig['resources'] {
  return [{ numCpus }, { ramMb: 128 }, { diskMb: 64 }];
}
