/**
 * One run of a simulated cluster with faults, decided by its seed: a master, three agents and two
 * frameworks; messages are slow and get lost, processes crash and come back, machines reboot, the network
 * splits. Invariants are checked after every step. Then the faults end, and everything that was
 * launched must come to exactly one end.
 */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { agentId } from '../../core/base/ids.ts';
import type { Log } from '../../core/base/log.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { MASTER, SimulatedCluster } from '../../core/testing/cluster.ts';
import {
  agentComesOrGoes,
  launcherCrashes,
  machineReboots,
  masterComesOrGoes,
} from './cluster-faults.ts';
import { SimulatedFramework } from './framework.ts';
import { checkAgents, checkMaster } from './invariants.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly steps?: number;
  readonly log?: Log;
  /** Told about every fault; for reading a failed run. */
  readonly onStep?: (text: string) => void;
}

export interface SimulationResult {
  readonly taskCount: number;
  readonly messageCount: number;
  readonly lostCount: number;
  readonly ends: Readonly<Record<string, number>>;
}

const STEPS = 60;
const AGENTS = ['a1', 'a2', 'a3'];
const TASKS_PER_FRAMEWORK = 25;

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run();
}

class Simulation {
  private readonly random: Random;
  private readonly cluster: SimulatedCluster;
  private readonly frameworks: SimulatedFramework[];
  private readonly options: SimulationOptions;
  private readonly spawned = new Map<string, string>();

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed * 7_919);
    this.cluster = new SimulatedCluster({
      seed: options.seed,
      latencyMs: [0.1, 1 + randomInteger(this.random, 200)],
      lossRate: this.random.float() < 0.3 ? 0 : this.random.float() * 0.02,
      ...(options.log === undefined ? {} : { log: options.log }),
      onSpawn: (agent, process) => this.onSpawn(agent, process.command),
    });
    this.frameworks = ['f1', 'f2'].map(
      (name) =>
        new SimulatedFramework({
          name,
          cluster: this.cluster,
          random: this.cluster.fork(),
          taskCount: TASKS_PER_FRAMEWORK,
        }),
    );
  }

  async run(): Promise<SimulationResult> {
    const { cluster } = this;
    await cluster.startMaster();
    for (const name of AGENTS) await cluster.startAgent(name);
    for (const framework of this.frameworks) framework.start();
    for (let step = 0; step < (this.options.steps ?? STEPS); step += 1) {
      await this.fault();
      await this.advance(seconds(this.random.float() * 10));
    }
    await this.comeToRest();
    return this.result();
  }

  /** Nothing runs twice: a task's script is started once in all its life. */
  private onSpawn(agent: string, command: string): void {
    const task = /task (\S+);/.exec(command)?.[1] ?? command;
    const before = this.spawned.get(task);
    assert.equal(before, undefined, `task ${task} was started on ${before} and on ${agent}`);
    this.spawned.set(task, agent);
  }

  private async advance(ms: number): Promise<void> {
    const end = this.cluster.clock.now() + ms;
    while (this.cluster.clock.now() < end) {
      await this.cluster.clock.advanceTo(Math.min(end, this.cluster.clock.now() + 500));
      this.check();
    }
  }

  private check(): void {
    const { master } = this.cluster;
    if (master?.isReady === true) checkMaster(master.state);
    checkAgents(this.cluster);
  }

  private async fault(): Promise<void> {
    const say = (what: string): void => this.say(what);
    const { cluster } = this;
    const agent = this.pick(AGENTS);
    const framework = this.pick(this.frameworks);
    switch (randomInteger(this.random, 14)) {
      case 0:
        return masterComesOrGoes(cluster, say);
      case 1:
      case 2:
        return agentComesOrGoes(cluster, agent, say);
      case 3:
        machineReboots(cluster, agent, say);
        return;
      case 4:
        launcherCrashes(cluster, agent, say);
        return;
      case 5:
        this.say(`framework ${framework.isRunning ? 'crashes' : 'starts'}`);
        if (framework.isRunning) framework.crash();
        else framework.start();
        return;
      case 6:
        this.say(`${agent} cut off`);
        cluster.network.partition(agent, MASTER);
        return;
      case 7:
        this.say('network heals');
        cluster.network.heal();
        return;
      default:
        await this.restartSomething();
    }
  }

  /** Outages end sooner or later. */
  private async restartSomething(): Promise<void> {
    const { cluster } = this;
    if (this.random.float() < 0.5) return;
    if (cluster.master === undefined) {
      this.say('master starts');
      await cluster.startMaster();
    }
    for (const agent of AGENTS) {
      if (cluster.agent(agent) !== undefined || this.random.float() < 0.5) continue;
      this.say(`agent ${agent} starts`);
      await cluster.startAgent(agent);
    }
  }

  /** No more faults, no more launches; time enough for every timeout of the protocol. */
  private async comeToRest(): Promise<void> {
    const { cluster } = this;
    this.say('faults end');
    cluster.network.lossRate = 0;
    cluster.network.heal();
    if (cluster.master === undefined) await cluster.startMaster();
    for (const agent of AGENTS) {
      if (cluster.agent(agent) === undefined) await cluster.startAgent(agent);
    }
    for (const framework of this.frameworks) {
      framework.isBusy = false;
      if (!framework.isRunning) framework.start();
    }
    for (let minute = 0; minute < 30 && !this.isAtRest(); minute += 1) {
      await this.advance(minutes(1));
    }
    this.checkRest();
  }

  private isAtRest(): boolean {
    const { master } = this.cluster;
    if (master?.isReady !== true || master.state.agents.size < AGENTS.length) return false;
    const isIdle = [...master.state.agents.values()].every(
      (agent) => agent.active && master.state.usedOn(agent).length === 0,
    );
    const isDone = this.frameworks.every((framework) =>
      framework.liveTasks.every((task) => this.isOnLostAgent(task.agentId)),
    );
    return isIdle && isDone;
  }

  private isOnLostAgent(id: string): boolean {
    return this.cluster.master?.state.unreachableAgents.has(agentId(id)) === true;
  }

  private checkRest(): void {
    for (const framework of this.frameworks) {
      // Nobody will ever know about tasks of an agent id that does not come back.
      const known = framework.liveTasks.filter((task) => !this.isOnLostAgent(task.agentId));
      const open = known.map((task) => `${task.id}: ${task.updates.slice(-3).join('; ')}`);
      assert.deepEqual(open, [], 'tasks without an end');
    }
    const { master } = this.cluster;
    assert.ok(master?.isReady === true, 'the master does not lead');
    assert.equal(master.state.agents.size, AGENTS.length, 'agents that are not registered');
    for (const agent of master.state.agents.values()) {
      assert.equal(agent.active, true, `agent ${agent.id} is not active`);
      assert.deepEqual(master.state.usedOn(agent), [], `agent ${agent.id} has used resources`);
    }
    for (const name of AGENTS) {
      assert.equal(this.cluster.machine(name).processes.runningCount, 0, `${name} runs processes`);
    }
  }

  private result(): SimulationResult {
    const ends: Record<string, number> = {};
    let taskCount = 0;
    for (const framework of this.frameworks) {
      for (const task of framework.tasks.values()) {
        taskCount += 1;
        const end = task.end ?? 'none';
        ends[end] = (ends[end] ?? 0) + 1;
      }
    }
    const { deliveredCount, lostCount } = this.cluster.network;
    return { taskCount, messageCount: deliveredCount, lostCount, ends };
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
