/**
 * The model of a well-known fault-injection suite for Chronos (spec chronos, section 10), decided by a
 * seed: a master, three agents, a ZooKeeper and three Chronos processes; jobs with a start, an interval
 * and an epsilon. In turns there is a time of faults (partitions, kills of every process, clocks set
 * forward and back, ZooKeeper gone) and a quiet one. Whatever happened before: once everything is
 * there again, each start is met by exactly one complete run, without anybody's help.
 */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { silentLog } from '../../core/base/log.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { MASTER, SimulatedCluster } from '../../core/testing/cluster.ts';
import { SimulatedZooKeeper } from '../../core/testing/zookeeper.ts';
import { CHRONOS_DEFAULTS } from '../../schedulers/chronos/options.ts';
import { type Chronos, createChronos } from '../../schedulers/chronos/server.ts';
import { type PeriodicJob, type Run, type Span, targetsIn, unmetTargets } from './chronos-check.ts';
import {
  agentComesOrGoes,
  launcherCrashes,
  machineReboots,
  masterComesOrGoes,
} from './cluster-faults.ts';
import { ElectedHost } from './elected-host.ts';
import { MasterHttp } from './master-http.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

const AGENTS = ['a1', 'a2', 'a3'];
const HOSTS = ['c1', 'c2', 'c3'];
const ROUNDS = 3;
const FAULTS_PER_ROUND = 6;
const JOBS = 3;
/**
 * From the end of all faults until starts are punctual again: sessions end, a leader is elected, the
 * master notices whom it lost, agents register.
 */
const RECOVERY_MS = seconds(20);
const QUIET_MS = minutes(2);
/** How far a clock is set. */
const STEP_MAX_MS = seconds(60);

export async function simulateChronos(options: SimulationOptions): Promise<SimulationResult> {
  return new ChronosSimulation(options).run();
}

class ChronosSimulation {
  private readonly options: SimulationOptions;
  private readonly random: Random;
  private readonly cluster: SimulatedCluster;
  private readonly zooKeeper: SimulatedZooKeeper;
  private readonly hosts: readonly ElectedHost<Chronos>[];
  private readonly jobs: PeriodicJob[] = [];
  private readonly runs = new Map<string, Run[]>();
  private readonly running = new Map<string, Run>();
  private readonly goodTimes: Span[] = [];
  private readonly frameworkIds = new Set<string>();
  /** Starts before this may have been taken by a clock that was ahead. */
  private aheadUntil = 0;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed * 6_007);
    const { log = silentLog } = options;
    this.cluster = new SimulatedCluster({
      seed: options.seed,
      latencyMs: [0.1, 1 + randomInteger(this.random, 50)],
      log,
      onSpawn: (agent, { pid, command }) => this.spawned(`${agent} ${pid}`, command),
      onEnd: (agent, { pid }, status) => this.ended(`${agent} ${pid}`, status),
    });
    this.zooKeeper = new SimulatedZooKeeper(this.cluster.clock);
    this.hosts = HOSTS.map((name) => {
      const { cluster, zooKeeper } = this;
      return new ElectedHost({
        name,
        path: '/chronos/state',
        cluster,
        zooKeeper,
        random: cluster.fork(),
        log,
        create: (ports, process) =>
          createChronos(
            {
              ...CHRONOS_DEFAULTS,
              master: `${MASTER}:5050`,
              workDirectory: '/none',
              hostname: name,
            },
            { ...ports, http: new MasterHttp(cluster, process) },
          ),
      });
    });
  }

  async run(): Promise<SimulationResult> {
    const { cluster } = this;
    await cluster.startMaster();
    for (const name of AGENTS) await cluster.startAgent(name, 'cpus:4;mem:1024;disk:1024');
    for (const host of this.hosts) await host.start();
    await cluster.until(() => this.leader() !== undefined, seconds(30));
    for (let number = 1; number <= JOBS; number += 1) await this.post(String(number));
    await this.beQuiet(cluster.clock.now());
    for (let round = 0; round < (this.options.steps ?? ROUNDS); round += 1) {
      const faults = 1 + randomInteger(this.random, FAULTS_PER_ROUND);
      for (let fault = 0; fault < faults; fault += 1) {
        await this.fault();
        await cluster.advance(seconds(this.random.float() * 30));
      }
      const healedAt = await this.heal();
      await this.beQuiet(healedAt + RECOVERY_MS);
    }
    this.check();
    return this.result();
  }

  /** A quiet time; what begins after `goodFrom` and ends within it must be met. */
  private async beQuiet(goodFrom: number): Promise<void> {
    const { clock } = this.cluster;
    await clock.advanceTo(Math.max(goodFrom, this.aheadUntil) + QUIET_MS);
    this.goodTimes.push({ from: Math.max(goodFrom, this.aheadUntil), to: clock.now() });
    const id = this.leader()?.service?.frameworkId;
    if (id !== undefined) this.frameworkIds.add(id);
  }

  private leader(): ElectedHost<Chronos> | undefined {
    return this.hosts.find((host) => host.service?.isSubscribed === true);
  }

  private async post(name: string): Promise<void> {
    const leader = this.leader()?.service;
    assert.ok(leader !== undefined, 'nobody leads');
    const epsilonS = 10 + randomInteger(this.random, 20);
    const durationS = randomInteger(this.random, 10);
    const intervalS = epsilonS + durationS + 5 + randomInteger(this.random, 30);
    const start = this.cluster.clock.now() + seconds(10);
    const count = 10_000;
    this.jobs.push({
      name,
      start,
      intervalMs: seconds(intervalS),
      count,
      epsilonMs: seconds(epsilonS),
      durationMs: seconds(durationS),
    });
    const answered = leader.app.inject({
      method: 'POST',
      url: '/scheduler/iso8601',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({
        name: Number(name),
        command: `job ${name}; sleep ${durationS}`,
        schedule: `R${count}/${new Date(start).toISOString()}/PT${intervalS}S`,
        scheduleTimeZone: 'UTC',
        epsilon: `PT${epsilonS}S`,
        ...{ async: false, cpus: 0.001, mem: 1, disk: 1, retries: 0, owner: 'a@b' },
      }),
    });
    let status: number | undefined;
    void answered.then((reply) => {
      status = reply.statusCode;
    });
    await this.cluster.until(() => status !== undefined, seconds(5));
    assert.equal(status, 204);
  }

  private async fault(): Promise<void> {
    const say = (what: string): void => this.say(what);
    const { cluster, zooKeeper } = this;
    const agent = this.pick(AGENTS);
    const host = this.pick(this.hosts);
    switch (randomInteger(this.random, 12)) {
      case 0:
        return masterComesOrGoes(cluster, say);
      case 1:
        return agentComesOrGoes(cluster, agent, say);
      case 2:
        machineReboots(cluster, agent, say);
        this.forgetRuns(agent);
        return;
      case 3:
        launcherCrashes(cluster, agent, say);
        return;
      case 4:
      case 5:
        this.say(`Chronos ${host.name} is killed`);
        host.kill();
        return;
      case 6:
        this.say(`agent ${agent} is cut off`);
        cluster.network.partition(agent, MASTER);
        return;
      case 7:
        this.say(`Chronos ${host.name} is cut off from the master`);
        cluster.network.partition(host.name, MASTER);
        return;
      case 8:
        this.say(`Chronos ${host.name} is cut off from ZooKeeper`);
        host.cutFromZooKeeper();
        return;
      case 9:
        this.say('ZooKeeper is gone');
        zooKeeper.isDown = true;
        zooKeeper.cutAll();
        return;
      case 10:
        this.say('ZooKeeper is silent');
        zooKeeper.isSilent = true;
        return;
      default:
        this.setClock(host);
    }
  }

  private setClock(host: ElectedHost<Chronos>): void {
    const offsetMs = Math.round((this.random.float() * 2 - 1) * STEP_MAX_MS);
    this.say(`the clock of ${host.name} is set by ${offsetMs} ms`);
    host.setClock(offsetMs);
    // As long as it is ahead, until the end of the faults at the latest.
    this.aheadUntil = Math.max(this.aheadUntil, this.cluster.clock.now() + STEP_MAX_MS);
  }

  private async heal(): Promise<number> {
    const { cluster, zooKeeper } = this;
    this.say('faults end');
    if (this.hosts.some((host) => host.isAhead)) {
      this.aheadUntil = cluster.clock.now() + STEP_MAX_MS;
    }
    zooKeeper.isDown = false;
    zooKeeper.isSilent = false;
    cluster.network.heal();
    if (cluster.master === undefined) await cluster.startMaster();
    for (const agent of AGENTS) {
      if (cluster.agent(agent) === undefined) await cluster.startAgent(agent);
    }
    for (const host of this.hosts) {
      host.healToZooKeeper();
      host.setClock(0);
      await host.start();
    }
    return cluster.clock.now();
  }

  private spawned(key: string, command: string): void {
    const name = /^job (\S+);/.exec(command)?.[1];
    if (name === undefined) return;
    const run: Run = { begunAt: this.cluster.clock.now(), endedAt: undefined };
    this.running.set(key, run);
    const runs = this.runs.get(name) ?? [];
    runs.push(run);
    this.runs.set(name, runs);
  }

  private ended(key: string, status: number): void {
    const run = this.running.get(key);
    this.running.delete(key);
    if (run !== undefined && status === 0) run.endedAt = this.cluster.clock.now();
  }

  private forgetRuns(agent: string): void {
    for (const key of this.running.keys()) {
      if (key.startsWith(`${agent} `)) this.running.delete(key);
    }
  }

  private check(): void {
    const unmet = this.jobs.flatMap((job) =>
      unmetTargets(job, this.runs.get(job.name) ?? [], this.goodTimes),
    );
    assert.deepEqual(unmet, [], 'starts that were not met');
    assert.equal(this.frameworkIds.size, 1, `registered as ${[...this.frameworkIds].join()}`);
  }

  private result(): SimulationResult {
    const runs = [...this.runs.values()].flat();
    const met = this.jobs.flatMap((job) => targetsIn(job, this.goodTimes)).length;
    const complete = runs.filter(({ endedAt }) => endedAt !== undefined).length;
    const { deliveredCount, lostCount } = this.cluster.network;
    return {
      taskCount: runs.length,
      messageCount: deliveredCount,
      lostCount,
      ends: { complete, 'starts met': met },
    };
  }

  private say(text: string): void {
    const at = new Date(this.cluster.clock.now()).toISOString().slice(11, 23);
    this.options.onStep?.(`${at} ${text}`);
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[randomInteger(this.random, items.length)];
    assert.ok(item !== undefined);
    return item;
  }
}
