/**
 * Marathon on a cluster with faults: random apps with dependencies, random upgrades, scalings,
 * restarts and kills; Marathon, master and agents crash, machines reboot, messages are lost, tasks
 * fail. What is checked: `marathon-checks.ts`, and that nothing runs in the end that is not wanted.
 */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { type Log, silentLog } from '../../core/base/log.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { MASTER, SimulatedCluster } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import { SimulatedDisk } from '../../core/testing/storage.ts';
import type { Call } from '../../core/wire/types/mesos.v1.scheduler.ts';
import { instanceIdOf } from '../../schedulers/marathon/model/instance.ts';
import { type PathId, resolvePathId } from '../../schedulers/marathon/model/path-id.ts';
import { isApp, type RunSpec } from '../../schedulers/marathon/model/run-spec.ts';
import { createMarathon, type Marathon } from '../../schedulers/marathon/server.ts';
import { optionsWith } from '../schedulers/marathon/world.ts';
import { agentComesOrGoes, machineReboots, masterComesOrGoes } from './cluster-faults.ts';
import { checkAgents } from './invariants.ts';
import { checkRest, MarathonChecks } from './marathon-checks.ts';
import { SchedulerHttp } from './scheduler-http.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

const AGENTS = ['a1', 'a2', 'a3', 'a4'];
const AGENT_RESOURCES = 'cpus:4;mem:4096;disk:4096;ports:[31000-31099]';
const APPS = ['/a', '/b', '/g/c', '/g/d', '/g/h/e'];
const STEPS = 40;
const LOOK_MS = 100;
const NAME = 'marathon';
/** Of a deleted app. */
const GONE = 'gone';

const OPTIONS = optionsWith({ min_revive_offers_interval: '1000', launch_tokens: '1000' });

export async function simulateMarathon(options: SimulationOptions): Promise<SimulationResult> {
  return new MarathonSimulation(options).run();
}

class MarathonSimulation {
  private readonly options: SimulationOptions;
  private readonly random: Random;
  private readonly cluster: SimulatedCluster;
  private readonly disk: SimulatedDisk;
  private readonly log: Log;
  private readonly checks = new MarathonChecks();
  /** What each app may be by what was acknowledged, and what was asked for without an answer. */
  private readonly accepted = new Map<PathId, Set<string>>();
  private readonly tasks: { readonly agent: string; readonly pid: number }[] = [];
  private marathon: Marathon | undefined;
  /** Why Marathon has given up, which it must not. */
  private failed: unknown;
  private spawnCount = 0;
  private acknowledgedCount = 0;
  private refusedCount = 0;
  private killCount = 0;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.log = options.log ?? silentLog;
    this.random = new SeededRandom(options.seed * 6_151);
    this.cluster = new SimulatedCluster({
      seed: options.seed,
      latencyMs: [0.1, 1 + randomInteger(this.random, 30)],
      lossRate: this.random.float() < 0.5 ? 0 : this.random.float() * 0.02,
      ...(options.log === undefined ? {} : { log: options.log }),
      onSpawn: (agent, { pid }) => {
        this.spawnCount += 1;
        this.tasks.push({ agent, pid });
      },
    });
    const { clock } = this.cluster;
    this.disk = new SimulatedDisk({ clock, random: this.cluster.fork() });
  }

  async run(): Promise<SimulationResult> {
    const { cluster } = this;
    await cluster.startMaster();
    for (const name of AGENTS) await cluster.startAgent(name, AGENT_RESOURCES);
    await this.startMarathon();
    await this.advance(seconds(3));
    for (const id of APPS) await this.put(id);
    for (let step = 0; step < (this.options.steps ?? STEPS); step += 1) {
      await this.disturb();
      await this.advance(seconds(this.random.float() * 15));
    }
    await this.comeToRest();
    const { deliveredCount, lostCount } = cluster.network;
    const ends = {
      acknowledged: this.acknowledgedCount,
      refused: this.refusedCount,
      kills: this.killCount,
    };
    return { taskCount: this.spawnCount, messageCount: deliveredCount, lostCount, ends };
  }

  private async startMarathon(): Promise<void> {
    const process = this.cluster.network.start(NAME);
    const marathon = createMarathon(OPTIONS, {
      clock: process.clock,
      random: this.cluster.fork(),
      http: this.httpOf(process),
      storage: this.disk.open(),
      log: this.log,
    });
    this.marathon = marathon;
    this.checks.reset();
    void marathon.failure.then((why) => {
      if (this.marathon === marathon) this.failed = why;
    });
    void marathon.startWithoutSocket().catch((thrown: unknown) => {
      if (this.marathon === marathon) this.failed = thrown;
    });
    await this.cluster.clock.settle();
  }

  private httpOf(process: SimulatedProcess): SchedulerHttp {
    return new SchedulerHttp({
      cluster: this.cluster,
      process,
      onCall: (call) => this.heard(call),
      probe: () => 200,
    });
  }

  /** No task is killed without a cause; one that no instance knows needs none. */
  private heard(call: Call): void {
    const id = call.kill?.task_id.value;
    if (call.type !== 'KILL' || id === undefined) return;
    this.killCount += 1;
    const instanceId = instanceIdOf(id);
    const instance =
      instanceId === undefined ? undefined : this.marathon?.machine.state.instances.get(instanceId);
    const isPresent = instance?.tasks.some((task) => task.id === id) === true;
    if (!isPresent || instance.condition === 'Scheduled') return;
    assert.ok(instance.endCause !== undefined, `task ${id} is killed without a cause`);
  }

  private crashMarathon(): void {
    this.marathon = undefined;
    this.disk.crash();
    this.cluster.network.crash(NAME);
  }

  private async disturb(): Promise<void> {
    const { cluster } = this;
    const agent = this.pick(AGENTS);
    const id = this.pick(APPS);
    const isDown = this.marathon === undefined || cluster.master === undefined;
    if (isDown && this.random.float() < 0.5) return this.recover();
    const say = (what: string): void => this.say(what);
    switch (randomInteger(this.random, 20)) {
      case 0:
      case 1:
        this.say(`Marathon ${this.marathon === undefined ? 'starts' : 'crashes'}`);
        if (this.marathon === undefined) await this.startMarathon();
        else this.crashMarathon();
        return;
      case 2:
        return masterComesOrGoes(cluster, say);
      case 3:
        return agentComesOrGoes(cluster, agent, say);
      case 4:
        machineReboots(cluster, agent, say);
        return;
      case 5:
      case 6:
        return this.endTask();
      case 7: {
        const [from, to] = [this.pick([NAME, MASTER]), this.pick([MASTER, agent])];
        this.say(`partition between ${from} and ${to}`);
        if (from !== to) cluster.network.partition(from, to);
        return;
      }
      case 8:
      case 9:
        return this.recover();
      case 10:
        return this.call('POST', `/v2/apps${id}/restart?force=${this.random.float() < 0.5}`);
      case 11:
        return this.call('DELETE', `/v2/apps${id}/tasks`);
      case 12: {
        const [deployment] = [...(this.marathon?.machine.state.deployments.keys() ?? [])];
        if (deployment === undefined) return;
        return this.call('DELETE', `/v2/deployments/${deployment}?force=true`);
      }
      case 13:
        return this.remove(id);
      default:
        return this.put(id);
    }
  }

  private async endTask(): Promise<void> {
    const alive = this.tasks.filter(({ agent, pid }) =>
      this.cluster.machine(agent).processes.isRunning(pid),
    );
    if (alive.length === 0) return;
    const { agent, pid } = this.pick(alive);
    this.say(`task with pid ${pid} on ${agent} ends`);
    this.cluster.machine(agent).processes.exit(pid, this.random.float() < 0.5 ? 0 : 1);
  }

  private async recover(): Promise<void> {
    const { cluster } = this;
    this.say('what is down comes back');
    cluster.network.heal();
    if (cluster.master === undefined) await cluster.startMaster();
    for (const agent of AGENTS) {
      if (cluster.agent(agent) === undefined) await cluster.startAgent(agent);
    }
    if (this.marathon === undefined) await this.startMarathon();
  }

  private async put(id: string): Promise<void> {
    const app = {
      id,
      cmd: 'sleep infinity',
      cpus: 0.1,
      mem: this.pick([16, 32, 64]),
      instances: randomInteger(this.random, 6),
      backoffSeconds: 1,
      maxLaunchDelaySeconds: 5,
      upgradeStrategy: {
        minimumHealthCapacity: this.pick([0, 0.5, 1]),
        maximumOverCapacity: this.pick([0, 0.5, 1]),
      },
      unreachableStrategy: this.pick([
        { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
        { inactiveAfterSeconds: 30, expungeAfterSeconds: 120 },
      ]),
      killSelection: this.pick(['YOUNGEST_FIRST', 'OLDEST_FIRST']),
      // Only on those before it, so that there is no circle.
      dependencies: APPS.slice(0, APPS.indexOf(id)).filter(() => this.random.float() < 0.3),
      healthChecks:
        this.random.float() < 0.5
          ? []
          : [{ protocol: 'HTTP', gracePeriodSeconds: 10, intervalSeconds: 2, timeoutSeconds: 1 }],
    };
    const force = this.random.float() < 0.6;
    const url = `/v2/apps${id}?partialUpdate=false&force=${force}`;
    await this.call('PUT', url, app, { id, form: `${app.instances} of ${app.mem}` });
  }

  private async remove(id: string): Promise<void> {
    await this.call('DELETE', `/v2/apps${id}`, undefined, { id, form: GONE });
  }

  /** Asks and waits for the answer, which does not come when Marathon dies meanwhile. */
  private async call(
    method: 'PUT' | 'POST' | 'DELETE',
    url: string,
    body?: object,
    change?: { readonly id: string; readonly form: string },
  ): Promise<void> {
    const { marathon } = this;
    if (marathon === undefined) return;
    this.say(`${method} ${url} ${change?.form ?? ''}`);
    const forms = change === undefined ? undefined : this.formsOf(resolvePathId(change.id));
    const before = [...(forms ?? [])];
    if (change !== undefined) forms?.add(change.form);
    let status: number | undefined;
    void marathon.app
      .inject({ method, url, ...(body === undefined ? {} : { payload: body }) })
      .then((answer) => {
        status = answer.statusCode;
      });
    await this.cluster.clock.settle();
    // Half of the crashes come while the answer waits for its write.
    const dies = this.random.float() < 0.05;
    if (dies && status === undefined) {
      this.say('Marathon crashes before it answers');
      this.crashMarathon();
      return;
    }
    await this.cluster.until(() => status !== undefined, seconds(5));
    assert.ok(status !== undefined, `no answer to ${method} ${url}`);
    if (status >= 500) assert.fail(`${method} ${url} was answered ${status}`);
    if (status < 300) this.acknowledgedCount += 1;
    else this.refusedCount += 1;
    if (change === undefined || forms === undefined) return;
    forms.clear();
    for (const form of status < 300 ? [change.form] : before) forms.add(form);
  }

  private formsOf(id: PathId): Set<string> {
    const known = this.accepted.get(id) ?? new Set([GONE]);
    this.accepted.set(id, known);
    return known;
  }

  private async advance(ms: number): Promise<void> {
    const { clock } = this.cluster;
    const end = clock.now() + ms;
    while (clock.now() < end) {
      await clock.advanceTo(Math.min(end, clock.now() + LOOK_MS));
      assert.equal(this.failed, undefined, `Marathon has failed: ${String(this.failed)}`);
      if (this.marathon !== undefined) this.checks.look(this.marathon.machine.state);
    }
    checkAgents(this.cluster);
  }

  private async comeToRest(): Promise<void> {
    this.say('faults end');
    this.cluster.network.lossRate = 0;
    await this.recover();
    for (let minute = 0; minute < 40 && !this.isAtRest(); minute += 1) {
      await this.advance(minutes(1));
    }
    const { marathon } = this;
    assert.ok(marathon !== undefined);
    checkRest(marathon.machine.state, this.accepted, formOf);
    const wanted = [...marathon.machine.state.root.specs.values()];
    const sum = wanted.reduce((total, { instances }) => total + instances, 0);
    assert.equal(this.runningCount, sum, `processes\n${marathon.machine.describe()}`);
  }

  private isAtRest(): boolean {
    const { marathon } = this;
    if (marathon === undefined || this.cluster.master?.isReady !== true) return false;
    const { state } = marathon.machine;
    const specs = [...state.root.specs.values()];
    const sum = specs.reduce((total, { instances }) => total + instances, 0);
    const running = [...state.instances.all()].filter(({ condition }) => condition === 'Running');
    return (
      state.deployments.size === 0 &&
      state.instances.size === sum &&
      running.length === sum &&
      this.runningCount === sum
    );
  }

  private get runningCount(): number {
    const counts = AGENTS.map((name) => this.cluster.machine(name).processes.runningCount);
    return counts.reduce((sum, count) => sum + count, 0);
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

function formOf(spec: RunSpec | undefined): string {
  return spec === undefined || !isApp(spec) ? GONE : `${spec.instances} of ${spec.mem}`;
}
