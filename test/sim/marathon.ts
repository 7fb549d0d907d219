/**
 * Marathon on a cluster with faults: random apps, resident apps and pods with dependencies, random
 * upgrades, scalings, restarts, kills and rollbacks; Marathon (in half of the seeds two that elect a
 * leader), master and agents crash, machines reboot, messages are lost, tasks fail, checks too. What
 * is checked: `marathon-checks.ts`, `marathon-causes.ts`, and that nothing runs in the end that is not wanted.
 */
import { strict as assert } from 'node:assert';
import type { LightMyRequestResponse } from 'fastify';
import { minutes, seconds } from '../../core/base/duration.ts';
import { silentLog } from '../../core/base/log.ts';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import { formatResources } from '../../core/resources/format.ts';
import { MASTER, SimulatedCluster } from '../../core/testing/cluster.ts';
import type { Call } from '../../core/wire/types/mesos.v1.scheduler.ts';
import { isActive } from '../../schedulers/marathon/model/instance.ts';
import { type PathId, resolvePathId } from '../../schedulers/marathon/model/path-id.ts';
import type { Marathon } from '../../schedulers/marathon/server.ts';
import { at } from '../e2e/support/json.ts';
import { optionsWith } from '../schedulers/marathon/world.ts';
import { agentComesOrGoes, machineReboots, masterComesOrGoes } from './cluster-faults.ts';
import { checkAgents } from './invariants.ts';
import { KillCauses } from './marathon-causes.ts';
import { checkRest, MarathonChecks, type Promises } from './marathon-checks.ts';
import { APPS, definitionOf, formOf, GONE, PODS, SPECS } from './marathon-definitions.ts';
import { ElectedMarathons, LoneMarathon, type MarathonHosts } from './marathon-hosts.ts';
import { ProbedTasks } from './probed-tasks.ts';
import { SchedulerHttp } from './scheduler-http.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

const AGENTS = ['a1', 'a2', 'a3', 'a4'];
const AGENT_RESOURCES = 'cpus:4;mem:4096;disk:4096;ports:[31000-31099]';
const STEPS = 40;
const LOOK_MS = 100;

const OPTIONS = optionsWith({
  min_revive_offers_interval: '1000',
  launch_tokens: '1000',
  mesos_role: 'services',
});

export async function simulateMarathon(options: SimulationOptions): Promise<SimulationResult> {
  return new MarathonSimulation(options).run();
}

interface Request {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  readonly body?: object;
}

class MarathonSimulation implements Promises {
  private readonly options: SimulationOptions;
  private readonly random: Random;
  private readonly cluster: SimulatedCluster;
  private readonly hosts: MarathonHosts;
  private readonly causes = new KillCauses(OPTIONS.machine.taskLaunchTimeoutMs);
  private readonly probed: ProbedTasks;
  private readonly checks = new WeakMap<Marathon, MarathonChecks>();
  readonly forms = new Map<PathId, Set<string>>();
  readonly restarts = new Map<PathId, string>();
  readonly stopped = new Set<PathId>();
  readonly killedTasks = new Set<string>();
  private readonly tasks: { readonly agent: string; readonly pid: number }[] = [];
  /** Why Marathon has given up, which it must not. */
  private failed: unknown;
  private acknowledgedCount = 0;
  private refusedCount = 0;
  private killCount = 0;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed * 6_151);
    const { log = silentLog } = options;
    this.cluster = new SimulatedCluster({
      seed: options.seed,
      latencyMs: [0.1, 1 + randomInteger(this.random, 30)],
      lossRate: this.random.float() < 0.5 ? 0 : this.random.float() * 0.02,
      log,
      onSpawn: (agent, { pid }) => this.tasks.push({ agent, pid }),
    });
    const { cluster } = this;
    this.probed = new ProbedTasks(cluster.fork(), (url) => this.causes.probeFailed(url));
    const Hosts = options.seed % 2 === 0 ? LoneMarathon : ElectedMarathons;
    this.hosts = new Hosts({
      cluster,
      log,
      options: OPTIONS,
      http: (process, marathon) =>
        new SchedulerHttp({
          cluster,
          process,
          onCall: (call) => this.heard(call, marathon()),
          probe: (url) => this.probed.statusOf(url, cluster.clock.now()),
        }),
      onFailure: (why) => {
        this.failed ??= why ?? 'it ended';
      },
    });
  }

  async run(): Promise<SimulationResult> {
    const { cluster } = this;
    await cluster.startMaster();
    for (const name of AGENTS) await cluster.startAgent(name, AGENT_RESOURCES);
    await this.hosts.recover();
    await this.advance(seconds(3));
    for (const id of SPECS) await this.put(id);
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
    return { taskCount: this.tasks.length, messageCount: deliveredCount, lostCount, ends };
  }

  private heard(call: Call, marathon: Marathon | undefined): void {
    const id = call.kill?.task_id.value;
    if (call.type !== 'KILL' || id === undefined || marathon === undefined) return;
    this.killCount += 1;
    this.causes.check(id, marathon, this.cluster.clock.now());
  }

  private async disturb(): Promise<void> {
    const { cluster } = this;
    const agent = this.pick(AGENTS);
    const isDown = this.hosts.leader === undefined || cluster.master === undefined;
    if (isDown && this.random.float() < 0.5) return this.recover();
    const say = (what: string): void => this.say(what);
    switch (randomInteger(this.random, 24)) {
      case 0:
      case 1:
        this.say(await this.hosts.disturb(this.random));
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
        const from = this.pick([this.pick(this.hosts.names), MASTER]);
        const to = this.pick([MASTER, agent]);
        this.say(`partition between ${from} and ${to}`);
        if (from !== to) cluster.network.partition(from, to);
        return;
      }
      case 8:
      case 9:
        return this.recover();
      case 10: {
        const host = this.probed.fallIll(this.random, cluster.clock.now());
        this.say(`checks of ${host ?? 'nobody'} fail`);
        return;
      }
      default:
        return this.ask();
    }
  }

  private async ask(): Promise<void> {
    const id = this.pick(SPECS);
    switch (randomInteger(this.random, 12)) {
      case 0:
        return this.restart(this.pick(APPS));
      case 1:
        return this.killTasks(id);
      case 2:
        return this.endDeployment();
      case 3:
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
    await this.hosts.recover();
  }

  private async put(id: string): Promise<void> {
    const { body, form } = definitionOf(this.random, id);
    const force = this.random.float() < 0.6;
    const state = this.hosts.leader?.machine.state;
    if (!PODS.includes(id)) {
      const url = `/v2/apps${id}?partialUpdate=false&force=${force}`;
      await this.change(id, form, { method: 'PUT', url, body });
    } else if (state?.spec(resolvePathId(id)) === undefined) {
      await this.change(id, form, { method: 'POST', url: `/v2/pods?force=${force}`, body });
    } else {
      await this.change(id, form, { method: 'PUT', url: `/v2/pods${id}?force=${force}`, body });
    }
  }

  private async remove(id: string): Promise<void> {
    this.causes.removalRequested(id);
    const kind = PODS.includes(id) ? 'pods' : 'apps';
    await this.change(id, GONE, { method: 'DELETE', url: `/v2/${kind}${id}?force=true` });
  }

  /** Without an answer it may be as it was or as it was asked to be. */
  private async change(id: string, form: string, request: Request): Promise<void> {
    const forms = this.formsOf(resolvePathId(id));
    const before = [...forms];
    forms.add(form);
    const answer = await this.call(request, form);
    if (answer === undefined) return;
    forms.clear();
    for (const each of isAccepted(answer) ? [form] : before) forms.add(each);
  }

  private async restart(id: string): Promise<void> {
    const url = `/v2/apps${id}/restart?force=${this.random.float() < 0.5}`;
    const answer = await this.call({ method: 'POST', url });
    if (answer === undefined || !isAccepted(answer)) return;
    this.restarts.set(resolvePathId(id), String(at(answer.json(), 'version')));
  }

  private async killTasks(id: string): Promise<void> {
    const state = this.hosts.leader?.machine.state;
    if (state === undefined) return;
    const present = state.instances.of(resolvePathId(id));
    const active = present.filter(({ condition }) => isActive(condition));
    const tasks = active.flatMap((instance) => instance.tasks.map((task) => task.id));
    this.causes.killRequested(id, this.cluster.clock.now());
    const answer = await this.call(
      PODS.includes(id)
        ? {
            method: 'DELETE',
            url: `/v2/pods${id}::instances`,
            body: active.map((instance) => instance.id),
          }
        : { method: 'DELETE', url: `/v2/apps${id}/tasks` },
    );
    if (answer === undefined || !isAccepted(answer)) return;
    for (const task of tasks) this.killedTasks.add(task);
  }

  /** Stopped where it is, or rolled back: what was changed is then as before. */
  private async endDeployment(): Promise<void> {
    const [running] = this.hosts.leader?.machine.state.deployments.values() ?? [];
    if (running === undefined) return;
    const force = this.random.float() < 0.5;
    const ids = force ? [] : [...running.specs];
    // Even without an answer it may have been stopped.
    if (force) for (const id of running.specs) this.stopped.add(id);
    const befores = ids.map((id) => ({ id, forms: [...this.formsOf(id)] }));
    const url = `/v2/deployments/${running.plan.id}?force=${force}`;
    const answer = await this.call({ method: 'DELETE', url });
    const { specs } = running.plan;
    for (const { id, forms } of befores) {
      const from = specs.find((change) => change.id === id)?.from;
      const back = formOf(from);
      if (answer !== undefined && !isAccepted(answer)) continue;
      const now = this.hosts.leader?.machine.state.spec(id);
      const possible = answer === undefined ? [...forms, back] : [formOf(now)];
      this.forms.set(id, new Set(possible));
      this.restarts.delete(id);
    }
  }

  /** Asks and waits for the answer, which does not come when Marathon dies or loses its leadership meanwhile. */
  private async call(
    { method, url, body }: Request,
    what = '',
  ): Promise<LightMyRequestResponse | undefined> {
    const marathon = this.hosts.leader;
    if (marathon === undefined) return undefined;
    this.say(`${method} ${url} ${what}`);
    let answer: LightMyRequestResponse | undefined;
    void marathon.app
      .inject({ method, url, ...(body === undefined ? {} : { payload: body }) })
      .then((given) => {
        answer = given;
      });
    await this.cluster.clock.settle();
    // Half of the crashes come while the answer waits for its write.
    const dies = this.random.float() < 0.05;
    if (dies && answer === undefined) {
      this.say('Marathon crashes before it answers');
      this.hosts.crashLeader();
      return undefined;
    }
    await this.cluster.until(
      () => answer !== undefined || this.hosts.leader !== marathon,
      seconds(5),
    );
    if (answer === undefined) {
      const isWaiting = this.hosts.leader === marathon && this.hosts.answersSoon;
      assert.ok(!isWaiting, `no answer to ${method} ${url}`);
      return undefined;
    }
    const { statusCode, payload } = answer;
    if (statusCode >= 500) assert.fail(`${method} ${url} was answered ${statusCode} ${payload}`);
    const deployment = answer.headers['marathon-deployment-id'];
    if (deployment !== undefined) this.causes.deploymentSeen(String(deployment));
    if (isAccepted(answer)) this.acknowledgedCount += 1;
    else this.refusedCount += 1;
    if (!isAccepted(answer)) this.say(`refused: ${statusCode} ${payload}`);
    return answer;
  }

  private formsOf(id: PathId): Set<string> {
    const known = this.forms.get(id) ?? new Set([GONE]);
    this.forms.set(id, known);
    return known;
  }

  private async advance(ms: number): Promise<void> {
    const { clock } = this.cluster;
    const end = clock.now() + ms;
    while (clock.now() < end) {
      await clock.advanceTo(Math.min(end, clock.now() + LOOK_MS));
      assert.equal(this.failed, undefined, `Marathon has failed: ${String(this.failed)}`);
      for (const marathon of this.hosts.living)
        this.checksOf(marathon).look(marathon.machine.state);
    }
    checkAgents(this.cluster);
  }

  private checksOf(marathon: Marathon): MarathonChecks {
    const isSick = this.causes.isSick.bind(this.causes);
    const known = this.checks.get(marathon) ?? new MarathonChecks(isSick);
    this.checks.set(marathon, known);
    return known;
  }

  private async comeToRest(): Promise<void> {
    this.say('faults end');
    this.cluster.network.lossRate = 0;
    this.probed.recover();
    await this.recover();
    for (let minute = 0; minute < 40 && !this.isAtRest(); minute += 1) {
      await this.advance(minutes(1));
    }
    const marathon = this.hosts.leader;
    assert.ok(marathon !== undefined, 'nobody leads');
    if (!this.isAtRest()) this.sayWhyNot(marathon);
    checkRest(marathon.machine.state, this);
    assert.equal(
      this.runningCount,
      knownCount(marathon),
      `processes\n${marathon.machine.describe()}`,
    );
  }

  private sayWhyNot({ machine }: Marathon): void {
    for (const id of machine.state.root.specs.keys()) {
      const why = machine.explain(id, this.cluster.clock.now());
      if (why === undefined || why.waits.length === 0) continue;
      this.say(`${id} waits: ${JSON.stringify({ ...why, spec: undefined })}`);
    }
    for (const agent of this.cluster.master?.state.agents.values() ?? []) {
      this.say(`agent ${agent.id} has ${formatResources(agent.totalResources)}`);
    }
  }

  private isAtRest(): boolean {
    const marathon = this.hosts.leader;
    if (marathon === undefined || this.cluster.master?.isReady !== true) return false;
    const { state } = marathon.machine;
    const wanted = [...state.root.specs.values()].reduce((sum, each) => sum + each.instances, 0);
    const running = [...state.instances.all()].filter(
      ({ condition, goal }) => condition === 'Running' && goal === 'Running',
    );
    // Those that were replaced come back or are forgotten in time.
    const isAnyLost = state.instances.unreachable().some(({ goal }) => goal === 'Running');
    return (
      !isAnyLost &&
      state.deployments.size === 0 &&
      state.kills.size === 0 &&
      running.length === wanted &&
      this.runningCount === knownCount(marathon)
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

function isAccepted({ statusCode }: LightMyRequestResponse): boolean {
  return statusCode < 300;
}

/** Tasks that run by what Marathon knows: a container of a pod that has done its work leaves the others alone. */
function knownCount({ machine }: Marathon): number {
  const tasks = [...machine.state.instances.all()].flatMap((instance) => instance.tasks);
  return tasks.filter(({ condition }) => condition === 'Running').length;
}
