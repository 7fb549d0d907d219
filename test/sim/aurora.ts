/**
 * Aurora, decided by a seed: updates while tasks fail and hosts crash or are cut off, production work that takes the
 * place of cheap work, cron jobs over a change of the clocks, a scheduler that dies at any moment. The scheduler is
 * the product's machine and records (`aurora-life.ts`), the cluster a small one (`aurora-cluster.ts`).
 */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { SimulatedClock } from '../../core/testing/clock.ts';
import type { AuroraMachine } from '../../schedulers/aurora/machine/aurora-machine.ts';
import { SETTINGS } from '../schedulers/aurora/machine/scheduler-tester.ts';
import { AuroraActs, CHEAP, COUNT_MAX, ROLE, sized, WEB } from './aurora-acts.ts';
import {
  checkAtAnyTime,
  checkBackup,
  checkCluster,
  checkRolledBack,
  checkRolledForward,
} from './aurora-checks.ts';
import { AuroraCluster } from './aurora-cluster.ts';
import { AuroraLife } from './aurora-life.ts';
import { AuroraRecord } from './aurora-record.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

const AGENTS = 4;
const STEPS = 40;
const CHECK_MS = seconds(5);
/** Both changes of the clocks there in a year, and when they happen. */
const ZONE = 'America/New_York';
const CHANGES = [Date.UTC(2026, 2, 8, 7), Date.UTC(2026, 10, 1, 6)];
/** Of about 70 minutes of a run. */
const BEFORE_CHANGE_MAX_MS = minutes(60);
const REST_MS = minutes(40);
const CRON_MS = minutes(10);

export async function simulateAurora(options: SimulationOptions): Promise<SimulationResult> {
  return new AuroraSimulation(options).run();
}

class AuroraSimulation {
  private readonly options: SimulationOptions;
  private readonly random: Random;
  private readonly clock: SimulatedClock;
  private readonly cluster: AuroraCluster;
  private readonly life: AuroraLife;
  private readonly record = new AuroraRecord();
  private readonly acts: AuroraActs;
  private readonly ended = new Set<string>();

  constructor(options: SimulationOptions) {
    this.options = options;
    const random = new SeededRandom(options.seed * 7_919);
    this.random = random;
    const isAware = options.seed % 2 === 0;
    const change = CHANGES[Math.floor(options.seed / 2) % CHANGES.length] ?? 0;
    const clock = new SimulatedClock(change - randomInteger(random, BEFORE_CHANGE_MAX_MS));
    this.clock = clock;
    const ports = { clock, random };
    const cluster = new AuroraCluster({ agentCount: AGENTS, isAware }, ports, (info) =>
      (info.labels?.labels ?? []).some(({ key }) => key.endsWith('.bad')),
    );
    this.cluster = cluster;
    const settings = {
      ...SETTINGS,
      cron: { ...SETTINGS.cron, zone: ZONE },
      // Those that are forgotten by rule would look lost.
      updateHistory: { ...SETTINGS.updateHistory, perJobMax: 1_000 },
      flapping: { ...SETTINGS.flapping, thresholdMs: 1 },
    };
    const life = new AuroraLife(settings, cluster, ports);
    this.life = life;
    const say = (text: string): void => this.say(text);
    const { record } = this;
    this.acts = new AuroraActs({ life, cluster, ...ports, record, isAware, say });
  }

  async run(): Promise<SimulationResult> {
    await this.life.start();
    await this.setUp();
    for (let step = 0; step < (this.options.steps ?? STEPS); step += 1) {
      if (this.acts.one() === 'dies') await this.die();
      await this.pass(seconds(5 + randomInteger(this.random, 90)));
    }
    await this.rest();
    await this.checkAtRest();
    const taskCount = this.cluster.startCount;
    return { taskCount, messageCount: 0, lostCount: 0, ends: this.record.ends };
  }

  private async setUp(): Promise<void> {
    this.acts.setQuota(12);
    this.acts.create(CHEAP, COUNT_MAX, { tier: 'preemptible', resources: sized(2) });
    await this.pass(minutes(1));
    this.acts.create(WEB, 4, { tier: 'preferred', resources: sized(1) });
    this.acts.scheduleCron();
    await this.pass(minutes(6));
  }

  private async die(): Promise<void> {
    this.say('the scheduler dies');
    await this.life.kill();
    await this.pass(seconds(randomInteger(this.random, 60)));
    await this.life.start();
    const { machine } = this.life;
    if (machine !== undefined) await checkBackup(machine);
  }

  private async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      await this.clock.advance(Math.min(CHECK_MS, end - this.clock.now()));
      const { machine } = this.life;
      if (machine === undefined) continue;
      checkAtAnyTime(machine, { role: ROLE, countMax: COUNT_MAX });
      this.lookAtEnds(machine);
    }
  }

  private lookAtEnds(machine: AuroraMachine): void {
    for (const update of machine.state.updates.all()) {
      if (update.isActive || this.ended.has(update.id)) continue;
      this.ended.add(update.id);
      this.record.count(update.status);
      const before = this.record.updates.get(update.id);
      if (update.status === 'ROLLED_FORWARD') checkRolledForward(machine, update);
      if (update.status === 'ROLLED_BACK' && before !== undefined) {
        checkRolledBack(machine, update, before);
      }
    }
  }

  /** Nothing fails any more; what waits for somebody goes on, and what is under way comes to its end. */
  private async rest(): Promise<void> {
    this.say('faults end');
    await this.life.start();
    this.life.connect();
    for (const agent of this.cluster.agents) this.cluster.heal(agent);
    const hosts = { hostNames: this.cluster.agents.map(({ name }) => name) };
    this.acts.call({ method: 'endMaintenance', args: { hosts } });
    this.life.reconcile();
    const end = this.clock.now() + REST_MS;
    while (this.clock.now() < end) {
      for (const update of this.life.machine?.state.updates.all() ?? []) {
        const key = { job: update.job, id: update.id };
        if (!update.isActive) continue;
        this.acts.call({ method: 'pulseJobUpdate', args: { key } });
        if (!update.status.endsWith('PAUSED')) continue;
        this.acts.call({ method: 'resumeJobUpdate', args: { key } });
      }
      await this.pass(minutes(1));
    }
  }

  private async checkAtRest(): Promise<void> {
    const { machine } = this.life;
    assert.ok(machine !== undefined, 'there is no scheduler');
    this.record.checkKept(machine, ROLE, [WEB, CHEAP]);
    checkCluster(machine, this.cluster);
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
    if (this.record.isCronThere) this.checkCron();
    await checkBackup(machine);
  }

  /** Whatever the clocks were set to, ten minutes are ten minutes. */
  private checkCron(): void {
    const since = this.clock.now() - REST_MS;
    const count = this.life.cronTriggers.filter((at) => at > since).length;
    const expected = REST_MS / CRON_MS;
    assert.ok(Math.abs(count - expected) <= 1, `the cron job was due ${count} times`);
  }

  private say(text: string): void {
    this.options.onStep?.(`${new Date(this.clock.now()).toISOString()} ${text}`);
  }
}
