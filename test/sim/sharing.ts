/**
 * Ten frameworks in four roles share 50 agents for ten simulated minutes. The seed decides weights,
 * one role's quota guarantee, another's limit, who is in which role, and what happens in the first five
 * minutes or `steps`: frameworks fall silent, crash and come back, kill their tasks, agents and the master
 * crash. Then everybody wants everything, and after a while of convergence:
 *
 * - what an agent has is never exceeded (checked all the time);
 * - a limit is never exceeded (checked all the time, except while agents that were away when a master
 *   started may bring back what it does not know of, as with the original);
 * - the guarantee is honoured, to within one task's resources;
 * - no role is more than one task ahead of another, by weight, except by its guarantee or the other's
 *   limit; no framework of a role is more than one task off the others; nobody starves.
 */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { frameworkId } from '../../core/base/ids.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { scalarOf } from '../../core/resources/select.ts';
import { SimulatedCluster } from '../../core/testing/cluster.ts';
import { checkAgents, checkMaster } from './invariants.ts';
import { SharingFramework } from './sharing-framework.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

const AGENTS = 50;
const AGENT_RESOURCES = 'cpus:4;mem:1024;disk:1024;ports:[31000-31010]';
const TOTAL_CPUS = AGENTS * 4;
const TASK = { cpus: 1, mem: 256 };
const TASK_SECONDS = [20, 60] as const;
const ROLES = ['plain', 'weighted', 'guaranteed', 'limited'] as const;
const FRAMEWORKS = 10;
const UNREST_MS = minutes(5);
const CONVERGENCE_MS = minutes(3);
const OBSERVATION_MS = minutes(2);
const STEP_MS = seconds(1);
/** Of a mean: tasks that have just ended, offers under way. */
const NOISE_CPUS = 0.25;

interface Role {
  readonly name: string;
  readonly weight: number;
  readonly guaranteedCpus: number;
  readonly limitCpus: number;
}

export async function simulateSharing(options: SimulationOptions): Promise<SimulationResult> {
  return new Sharing(options).run();
}

class Sharing {
  private readonly options: SimulationOptions;
  private readonly random: Random;
  private readonly cluster: SimulatedCluster;
  private readonly roles: readonly Role[];
  private readonly frameworks: readonly SharingFramework[];
  private stepCount = 0;
  /** Since a master started, until it knows all agents. */
  private mayExceedLimits = false;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed * 7_919);
    this.cluster = new SimulatedCluster({
      seed: options.seed,
      latencyMs: [0.1, 1 + randomInteger(this.random, 20)],
      ...(options.log === undefined ? {} : { log: options.log }),
    });
    this.roles = ROLES.map((name) => ({
      name,
      weight: name === 'plain' ? 1 : 1 + randomInteger(this.random, 4),
      guaranteedCpus: name === 'guaranteed' ? 40 + randomInteger(this.random, 60) : 0,
      limitCpus: name === 'limited' ? 20 + randomInteger(this.random, 60) : TOTAL_CPUS,
    }));
    this.frameworks = Array.from({ length: FRAMEWORKS }, (_, at) => {
      // Two in each role, the others anywhere.
      const role = at < 2 * ROLES.length ? ROLES[at % ROLES.length] : this.pick(ROLES);
      return new SharingFramework({
        name: `f${at}`,
        role: role ?? ROLES[0],
        cluster: this.cluster,
        random: this.cluster.fork(),
        task: TASK,
        taskSeconds: TASK_SECONDS,
      });
    });
  }

  async run(): Promise<SimulationResult> {
    const { cluster } = this;
    await cluster.startMaster();
    for (let at = 0; at < AGENTS; at += 1) await cluster.startAgent(`a${at}`, AGENT_RESOURCES);
    await this.advance(seconds(3));
    await this.configure();
    for (const framework of this.frameworks) framework.start();
    await this.unrest();
    await this.calm();
    await this.advance(CONVERGENCE_MS);
    assert.ok(!this.mayExceedLimits, 'a limit is exceeded or agents are missing');
    await this.observe();
    return this.result();
  }

  private async configure(): Promise<void> {
    const { master } = this.cluster;
    assert.ok(master !== undefined);
    const infos = this.roles.map(({ name, weight }) => ({ role: name, weight }));
    const configs = this.roles
      .filter((role) => role.guaranteedCpus > 0 || role.limitCpus < TOTAL_CPUS)
      .map(({ name, guaranteedCpus, limitCpus }) => ({
        role: name,
        ...(guaranteedCpus > 0 ? { guarantees: { cpus: { value: guaranteedCpus } } } : {}),
        ...(limitCpus < TOTAL_CPUS ? { limits: { cpus: { value: limitCpus } } } : {}),
      }));
    const answers = Promise.all([
      master.operate({ kind: 'update-weights', infos }),
      master.operate({ kind: 'update-quota', configs, isForced: true }),
    ]);
    await this.advance(seconds(1));
    for (const answer of await answers) assert.equal(answer.status, 200, answer.text);
    for (const { name, ...rest } of this.roles) this.say(`role ${name} ${JSON.stringify(rest)}`);
  }

  private async unrest(): Promise<void> {
    const end = this.cluster.clock.now() + UNREST_MS;
    const { steps = Number.POSITIVE_INFINITY } = this.options;
    for (let step = 0; step < steps && this.cluster.clock.now() < end; step += 1) {
      await this.disturb();
      await this.advance(seconds(1 + randomInteger(this.random, 10)));
    }
  }

  private async disturb(): Promise<void> {
    const { cluster } = this;
    const framework = this.pick(this.frameworks);
    const agent = `a${randomInteger(this.random, AGENTS)}`;
    const { name } = framework.options;
    switch (randomInteger(this.random, 12)) {
      case 0:
        this.say('the master crashes and comes back');
        cluster.crashMaster();
        this.mayExceedLimits = true;
        await this.advance(seconds(2));
        await cluster.startMaster();
        return;
      case 1:
      case 2:
        this.say(`agent ${agent} crashes or starts`);
        if (cluster.agent(agent) === undefined) await cluster.startAgent(agent);
        else cluster.crashAgent(agent);
        return;
      case 3:
      case 4:
        this.say(`framework ${name} ${framework.isRunning ? 'crashes' : 'starts'}`);
        if (framework.isRunning) framework.crash();
        else framework.start();
        return;
      case 5:
      case 6:
        this.say(`framework ${name} kills tasks`);
        framework.killSome(0.5);
        return;
      default: {
        const isBusy = this.random.float() < 0.6;
        this.say(`framework ${name} is ${isBusy ? 'busy' : 'silent'}`);
        framework.setBusy(isBusy);
      }
    }
  }

  private async calm(): Promise<void> {
    this.say('everybody is back and wants everything');
    for (let at = 0; at < AGENTS; at += 1) {
      if (this.cluster.agent(`a${at}`) === undefined) await this.cluster.startAgent(`a${at}`);
    }
    for (const framework of this.frameworks) {
      framework.setBusy(true);
      if (!framework.isRunning) framework.start();
    }
  }

  /** Means over some time: at any one moment somebody's task has just ended. */
  private async observe(): Promise<void> {
    const sums = new Map<SharingFramework, number>();
    const launchedBefore = this.frameworks.map((framework) => framework.launchedCount);
    let count = 0;
    const end = this.cluster.clock.now() + OBSERVATION_MS;
    while (this.cluster.clock.now() < end) {
      await this.advance(STEP_MS);
      for (const each of this.frameworks) sums.set(each, (sums.get(each) ?? 0) + this.cpusOf(each));
      count += 1;
    }
    const mean = (framework: SharingFramework): number => (sums.get(framework) ?? 0) / count;
    this.checkRoles(mean);
    for (const [at, framework] of this.frameworks.entries()) {
      const launched = framework.launchedCount - (launchedBefore[at] ?? 0);
      assert.ok(launched > 0, `framework ${framework.options.name} starves`);
    }
  }

  private checkRoles(mean: (framework: SharingFramework) => number): void {
    const fair = fairCpus(this.roles);
    const held = new Map<Role, number>();
    for (const role of this.roles) {
      const members = this.membersOf(role);
      const sum = members.reduce((total, framework) => total + mean(framework), 0);
      held.set(role, sum);
      this.say(`role ${role.name} holds ${sum.toFixed(2)} cpus, fair are ${fair.get(role.name)}`);
      const what = `role ${role.name} holds ${sum} cpus`;
      assert.ok(sum > role.guaranteedCpus - TASK.cpus, `${what}, not ${role.guaranteedCpus}`);
      const share = sum / members.length;
      for (const framework of members) {
        const off = Math.abs(mean(framework) - share);
        const { name } = framework.options;
        const text = `${name} holds ${mean(framework)} cpus, its share is ${share}`;
        assert.ok(off <= TASK.cpus + NOISE_CPUS, text);
      }
    }
    for (const [role, cpus] of held) {
      if (cpus - TASK.cpus - NOISE_CPUS <= role.guaranteedCpus) continue;
      for (const [other, otherCpus] of held) {
        if (otherCpus + TASK.cpus > other.limitCpus) continue;
        const [level, otherLevel] = [
          (cpus - TASK.cpus - NOISE_CPUS) / role.weight,
          (otherCpus + NOISE_CPUS) / other.weight,
        ];
        const text = `role ${role.name} holds ${cpus} cpus at weight ${role.weight}, role ${other.name} ${otherCpus} at ${other.weight}`;
        assert.ok(level <= otherLevel, text);
      }
    }
  }

  private membersOf(role: Role): readonly SharingFramework[] {
    return this.frameworks.filter(({ options }) => options.role === role.name);
  }

  private async advance(ms: number): Promise<void> {
    const end = this.cluster.clock.now() + ms;
    while (this.cluster.clock.now() < end) {
      await this.cluster.clock.advanceTo(Math.min(end, this.cluster.clock.now() + STEP_MS));
      this.check();
    }
  }

  private check(): void {
    const { master } = this.cluster;
    if (master?.isReady === true) this.checkLimits();
    this.stepCount += 1;
    // These look at everything; every tenth time is enough to find what stays wrong.
    if (this.stepCount % 10 !== 0) return;
    if (master?.isReady === true) checkMaster(master.state);
    checkAgents(this.cluster);
  }

  private checkLimits(): void {
    let areKept = true;
    for (const role of this.roles) {
      const held = this.membersOf(role).reduce((sum, framework) => sum + this.cpusOf(framework), 0);
      const what = `role ${role.name} holds ${held} cpus, its limit is ${role.limitCpus}`;
      assert.ok(held <= role.limitCpus || this.mayExceedLimits, what);
      areKept &&= held <= role.limitCpus;
    }
    const isComplete = this.cluster.master?.state.agents.size === AGENTS;
    if (areKept && isComplete) this.mayExceedLimits = false;
  }

  /** Used and offered. */
  private cpusOf(framework: SharingFramework): number {
    const { master } = this.cluster;
    if (master?.isReady !== true || framework.frameworkId === undefined) return 0;
    const known = master.state.frameworks.get(frameworkId(framework.frameworkId));
    if (known === undefined) return 0;
    const { state } = master;
    return scalarOf(state.usedBy(known), 'cpus') + scalarOf(state.offeredTo(known), 'cpus');
  }

  private result(): SimulationResult {
    const taskCount = this.frameworks.reduce((sum, each) => sum + each.launchedCount, 0);
    const { deliveredCount, lostCount } = this.cluster.network;
    const refusals = this.frameworks.flatMap((each) => each.refusals).length;
    return { taskCount, messageCount: deliveredCount, lostCount, ends: { refusals } };
  }

  private say(text: string): void {
    this.options.onStep?.(`${((this.cluster.clock.now() / 1000) % 86_400).toFixed(3)} ${text}`);
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[randomInteger(this.random, items.length)];
    assert.ok(item !== undefined);
    return item;
  }
}

/** What each role should hold when all want everything: by weight, between guarantee and limit. */
function fairCpus(roles: readonly Role[]): ReadonlyMap<string, number> {
  const amountAt = (level: number): number =>
    roles.reduce((sum, role) => sum + clamp(role, level), 0);
  let [low, high] = [0, TOTAL_CPUS];
  for (let round = 0; round < 60; round += 1) {
    const level = (low + high) / 2;
    if (amountAt(level) < TOTAL_CPUS) low = level;
    else high = level;
  }
  return new Map(roles.map((role) => [role.name, clamp(role, low)]));
}

function clamp(role: Role, level: number): number {
  return Math.min(Math.max(role.weight * level, role.guaranteedCpus), role.limitCpus);
}
