/**
 * 24 virtual hours of one agent: tasks of all lengths come and go, some are killed; agent, launcher and
 * machine die and come back, the agent with more resources than before; messages get lost. At the end
 * nothing may have piled up.
 */
import { strict as assert } from 'node:assert';
import { hours, minutes, seconds } from '../../core/base/duration.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { SimulatedCluster } from '../../core/testing/cluster.ts';
import { SimulatedFramework } from './framework.ts';
import { checkAgents, checkMaster } from './invariants.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

const AGENT = 'a1';
const STEP_MS = minutes(4);
const STEPS = hours(24) / STEP_MS;
/** More tasks wanted with each step. */
const TASKS_PER_STEP = 2;
/** An hour of sandboxes: what the collector may still hold when all has ended is what ended in it. */
const GC_DELAY_MS = hours(1);

export async function soak(options: SimulationOptions): Promise<SimulationResult> {
  return new Soak(options).run();
}

class Soak {
  private readonly random: Random;
  private readonly cluster: SimulatedCluster;
  private readonly framework: SimulatedFramework;
  private readonly options: SimulationOptions;
  private readonly spawned = new Set<string>();
  private cpus = 4;
  private readonly more = { gcDelayMs: GC_DELAY_MS, reconfigurationPolicy: 'additive' } as const;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed * 104_729);
    this.cluster = new SimulatedCluster({
      seed: options.seed,
      latencyMs: [0.1, 20],
      lossRate: 0.002,
      ...(options.log === undefined ? {} : { log: options.log }),
      onSpawn: (_agent, { command }) => {
        assert.ok(!this.spawned.has(command), `'${command}' was started twice`);
        this.spawned.add(command);
      },
    });
    this.framework = new SimulatedFramework({
      name: 'f1',
      cluster: this.cluster,
      random: this.cluster.fork(),
      taskCount: 0,
      idleRefuseSeconds: 120,
    });
  }

  async run(): Promise<SimulationResult> {
    const { cluster } = this;
    await cluster.startMaster();
    await cluster.startAgent(AGENT, this.resources(), this.more);
    this.framework.start();
    for (let step = 0; step < (this.options.steps ?? STEPS); step += 1) {
      this.framework.taskLimit += TASKS_PER_STEP;
      await this.fault();
      await cluster.advance(STEP_MS);
      if (cluster.agent(AGENT) === undefined) await cluster.startAgent(AGENT);
      if (cluster.master?.isReady === true) checkMaster(cluster.master.state);
      checkAgents(cluster);
    }
    await this.comeToRest();
    return this.result();
  }

  private resources(): string {
    return `cpus:${this.cpus};mem:1024;disk:1024;ports:[31000-31010]`;
  }

  private async fault(): Promise<void> {
    const { cluster } = this;
    switch (randomInteger(this.random, 8)) {
      case 0:
        this.say('agent crashes');
        cluster.crashAgent(AGENT);
        await cluster.advance(seconds(this.random.float() * 30));
        await cluster.startAgent(AGENT);
        return;
      case 1:
        this.cpus += 1;
        this.say(`agent is upgraded to ${this.cpus} cpus`);
        cluster.crashAgent(AGENT);
        cluster.reconfigureAgent(AGENT, this.resources());
        await cluster.startAgent(AGENT);
        return;
      case 2:
        this.say('launcher crashes');
        cluster.machine(AGENT).crashLauncher();
        return;
      case 3:
        if (this.random.float() < 0.3) {
          this.say('machine reboots');
          cluster.rebootMachine(AGENT);
          await cluster.startAgent(AGENT);
        }
        return;
      case 4:
        this.say('agent and launcher crash');
        cluster.crashAgent(AGENT);
        cluster.machine(AGENT).crashLauncher();
        await cluster.startAgent(AGENT);
        return;
      default:
    }
  }

  private async comeToRest(): Promise<void> {
    const { cluster, framework } = this;
    cluster.network.lossRate = 0;
    framework.isBusy = false;
    await cluster.until(() => framework.liveTasks.length === 0, hours(1));
    // Long enough for the collector to take everything that has ended.
    await cluster.advance(GC_DELAY_MS + minutes(30));
    assert.deepEqual(
      framework.liveTasks.map(({ id, updates }) => `${id}: ${updates.slice(-3).join('; ')}`),
      [],
      'tasks without an end',
    );
    const agent = cluster.agent(AGENT);
    const machine = cluster.machine(AGENT);
    const left = {
      processes: machine.processes.runningCount,
      records: machine.recordCount,
      containers: agent?.state?.containers.size,
      frameworks: agent?.state?.frameworks.size,
      streams: agent?.updateStreamCount,
      collectable: agent?.removals.pending,
      runs: machine.files.paths().filter((path) => path.includes('/runs/')).length,
    };
    const nothing = Object.fromEntries(Object.keys(left).map((name) => [name, 0]));
    assert.deepEqual(left, nothing, 'left after everything has ended');
  }

  private result(): SimulationResult {
    const ends: Record<string, number> = {};
    for (const { end = 'none' } of this.framework.tasks.values()) ends[end] = (ends[end] ?? 0) + 1;
    const { deliveredCount, lostCount } = this.cluster.network;
    const taskCount = this.framework.tasks.size;
    return { taskCount, messageCount: deliveredCount, lostCount, ends };
  }

  private say(text: string): void {
    this.options.onStep?.(`${((this.cluster.clock.now() / 1000) % 86_400).toFixed(3)} ${text}`);
  }
}
