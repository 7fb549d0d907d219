/**
 * A small Mesos master behind the `HttpClient` port: agents with resources, offers, tasks that run
 * at once and end when told to. It speaks the v1 scheduler API and shows its messages as JSON trees.
 */
import type { Clock } from '../../../core/base/clock.ts';
import { isTerminal } from '../../../core/base/terminal-states.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../../core/net/ports.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import { fromJson, parseJson, toJson } from '../../../core/wire/json.ts';
import { encodeRecord } from '../../../core/wire/recordio.ts';
import { Channel, response } from '../fake-channel.ts';
import type {
  Call,
  ExecutorTree,
  FakeAgent,
  FakeTask,
  RoleList,
  TaskTree,
} from './fake-messages.ts';
import { plain, type ResourceTree, removeFrom, withoutVolume } from './fake-resources.ts';

export class FakeMaster {
  readonly tasks = new Map<string, FakeTask>();
  readonly calls: Call[] = [];
  /** Task groups in the order of their launch. */
  readonly groups: {
    readonly executor: ExecutorTree;
    readonly agent: FakeAgent;
    readonly ids: string[];
  }[] = [];
  /** How each launched task begins. */
  firstState = 'TASK_RUNNING';
  /** Killed tasks end at once; false leaves them running. */
  obeysKills = true;
  /** RESERVE and CREATE are done; false loses them. */
  reserves = true;
  /** Of the framework; each offer is for one of them. */
  private roles: readonly string[] = ['*'];
  private readonly suppressed = new Set<string>();
  private readonly agents = new Map<string, FakeAgent>();
  private readonly clock: Clock;
  private stream: Channel | undefined;
  private offerCount = 0;
  private uuidCount = 0;
  private frameworkId = 'F-1';
  private isOffering = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  addAgent(
    id: string,
    attributes: Readonly<Record<string, string>> = {},
    ports100: { readonly begin: number } = { begin: 31_000 },
  ): this {
    const list = Object.entries(attributes).map(([name, value]) => ({
      name,
      type: 'TEXT',
      text: { value },
    }));
    const ports = new Set(Array.from({ length: 100 }, (_, index) => ports100.begin + index));
    const host = `${id}.example`;
    const base = {
      cpus: 8,
      mem: 8_192,
      reserved: [],
      disks: [],
      isGone: false,
      offerId: undefined,
      role: '*',
      declined: new Set<string>(),
    };
    this.agents.set(id, { id, host, attributes: list, ports, ...base });
    this.offerSoon();
    return this;
  }

  /** The live tasks of an app, by the host-name form of its id. */
  running(name?: string): FakeTask[] {
    return [...this.tasks.values()].filter(
      (task) => !isTerminal(task.state) && (name === undefined || task.info.name === name),
    );
  }

  /** What is reserved at an agent and not used by a task. */
  reservedAt(agentId: string): readonly ResourceTree[] {
    return this.agents.get(agentId)?.reserved ?? [];
  }

  /** Puts resources on an agent that somebody else, or an earlier self, has reserved. */
  putReserved(agentId: string, ...resources: readonly ResourceTree[]): void {
    this.agents.get(agentId)?.reserved.push(...resources);
    this.offerSoon();
  }

  /** The agent has never heard of what was reserved on it. */
  forgetReserved(agentId: string): void {
    this.agents.get(agentId)?.reserved.splice(0);
  }

  putDisks(agentId: string, ...disks: readonly ResourceTree[]): void {
    this.agents.get(agentId)?.disks.push(...disks);
    this.offerSoon();
  }

  /** Offers nothing of the agent any more, or again. */
  hide(agentId: string, isGone = true): void {
    const agent = this.agents.get(agentId);
    if (agent === undefined) return;
    Object.assign(agent, { isGone, offerId: undefined });
    agent.declined.clear();
    this.offerSoon();
  }

  callsOf(type: string): Call[] {
    return this.calls.filter((call) => call.type === type);
  }

  /** Sends a status; a terminal one frees the resources. */
  update(
    taskId: string,
    state: string,
    more: Readonly<Record<string, unknown>> & { readonly healthy?: boolean } = {},
  ): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) throw new Error(`no task ${taskId}`);
    if (!isTerminal(task.state) && isTerminal(state)) this.free(task);
    task.state = state;
    if (more.healthy !== undefined) task.healthy = more.healthy;
    this.uuidCount += 1;
    task.pending = Buffer.from(`uuid-${this.uuidCount}`).toString('base64');
    this.sendStatus(task, { uuid: task.pending, source: 'SOURCE_EXECUTOR', ...more });
  }

  /** Sends any event, as it stands. */
  tell(event: object): void {
    this.send(event);
  }

  /** Cuts the stream, as a master that dies does. */
  disconnect(): void {
    this.stream?.end();
    this.stream = undefined;
    for (const agent of this.agents.values()) agent.offerId = undefined;
  }

  client(): HttpClient {
    return {
      request: async (request) => this.answer(request),
      close: () => Promise.resolve(),
    };
  }

  /** Tasks are launched, but nothing is said of them. */
  ignoresLaunches = false;
  /** Kills get lost. */
  ignoresKills = false;
  /** The status with which tasks answer checks; 0 = they do not. */
  probeStatus = 200;
  /** Of one task, by `host:port`. */
  readonly probeStatusOf = new Map<string, number>();
  readonly probes: string[] = [];

  private answer(request: HttpRequest): HttpResponse {
    if (new URL(request.url).pathname === '/roles') return this.tellRoles(request);
    if (!request.url.includes('/api/v1/scheduler')) {
      this.probes.push(request.url);
      const status = this.probeStatusOf.get(new URL(request.url).host) ?? this.probeStatus;
      if (status === 0) throw new Error('refused');
      return response(status, (async function* () {})());
    }
    const call = callOf(request);
    this.calls.push(call);
    if (call.type === 'SUBSCRIBE') {
      this.roles = call.subscribe?.framework_info.roles ?? ['*'];
      return this.subscribe(request);
    }
    this.handle(call);
    return response(202, (async function* () {})());
  }

  /** What `/roles` tells; undefined = 403. */
  rolesDocument: unknown = { roles: [] };
  readonly rolesRequests: HttpRequest[] = [];

  private tellRoles(request: HttpRequest): HttpResponse {
    this.rolesRequests.push(request);
    const { rolesDocument } = this;
    const told = response(rolesDocument === undefined ? 403 : 200, (async function* () {})());
    return { ...told, text: () => Promise.resolve(JSON.stringify(rolesDocument ?? '')) };
  }

  private subscribe(request: HttpRequest): HttpResponse {
    this.stream?.end();
    const channel = new Channel();
    this.stream = channel;
    request.signal?.addEventListener('abort', () => channel.end(), { once: true });
    for (const agent of this.agents.values()) {
      agent.offerId = undefined;
      agent.declined.clear();
    }
    this.send({
      type: 'SUBSCRIBED',
      subscribed: {
        framework_id: { value: this.frameworkId },
        heartbeat_interval_seconds: 1_000_000,
        master_info: { id: 'M', ip: 1, port: 5050, hostname: 'master.example' },
      },
    });
    this.suppressed.clear();
    // Statuses that were never acknowledged are sent again.
    for (const task of this.tasks.values()) {
      if (task.pending !== undefined) this.sendStatus(task, { uuid: task.pending });
    }
    this.offerSoon();
    return response(200, channel.read(), { 'mesos-stream-id': 'S' });
  }

  private handle(call: Call): void {
    switch (call.type) {
      case 'ACCEPT':
        this.accept(call);
        return;
      case 'DECLINE':
        for (const { value } of call.decline?.offer_ids ?? []) {
          const agent = this.agentOfOffer(value);
          if (agent === undefined) continue;
          agent.offerId = undefined;
          agent.declined.add(agent.role);
        }
        this.offerSoon();
        return;
      case 'REVIVE':
        for (const role of rolesOf(call.revive, this.roles)) {
          this.suppressed.delete(role);
          for (const agent of this.agents.values()) agent.declined.delete(role);
        }
        this.offerSoon();
        return;
      case 'SUPPRESS':
        for (const role of rolesOf(call.suppress, this.roles)) this.suppressed.add(role);
        return;
      case 'KILL':
        if (!this.ignoresKills) this.kill(call.kill?.task_id.value ?? '');
        return;
      case 'ACKNOWLEDGE': {
        const task = this.tasks.get(call.acknowledge?.task_id.value ?? '');
        if (task?.pending === call.acknowledge?.uuid && task !== undefined)
          task.pending = undefined;
        return;
      }
      case 'RECONCILE':
        this.reconcile(call);
        return;
      default:
        return;
    }
  }

  private accept(call: Call): void {
    const agent = this.agentOfOffer(call.accept?.offer_ids[0]?.value ?? '');
    const operations = call.accept?.operations ?? [];
    const infos = operations.flatMap(({ launch, launch_group }) => [
      ...(launch?.task_infos ?? []),
      ...(launch_group?.task_group.tasks ?? []),
    ]);
    if (agent === undefined) return;
    agent.offerId = undefined;
    for (const operation of operations) this.reserveOrFree(agent, operation);
    for (const { launch_group } of operations) {
      if (launch_group === undefined) continue;
      const { executor, task_group } = launch_group;
      const ids = task_group.tasks.map(({ task_id }) => task_id.value);
      this.groups.push({ executor, agent, ids });
      this.take(agent, executor, -1);
    }
    for (const info of infos) {
      const id = info.task_id.value;
      if (this.tasks.has(id)) throw new Error(`task ${id} was launched twice`);
      this.tasks.set(id, {
        id,
        agentId: agent.id,
        info,
        state: 'TASK_STAGING',
        pending: undefined,
      });
      this.take(agent, info, -1);
      if (!this.ignoresLaunches) queueMicrotask(() => this.update(id, this.firstState));
    }
    this.offerSoon();
  }

  private reserveOrFree(
    agent: FakeAgent,
    operation: NonNullable<Call['accept']>['operations'][number],
  ): void {
    const { reserve, create, unreserve, destroy } = operation;
    if (!this.reserves && (reserve ?? create) !== undefined) return;
    for (const resource of reserve?.resources ?? []) {
      if (resource.disk?.source === undefined)
        this.take(agent, { resources: [plain(resource)] }, -1);
      else removeFrom(agent.disks, plain(resource));
      agent.reserved.push(resource);
    }
    for (const volume of create?.volumes ?? []) {
      removeFrom(agent.reserved, withoutVolume(volume));
      agent.reserved.push(volume);
    }
    for (const volume of destroy?.volumes ?? []) {
      removeFrom(agent.reserved, volume);
      agent.reserved.push(withoutVolume(volume));
    }
    for (const resource of unreserve?.resources ?? []) {
      removeFrom(agent.reserved, resource);
      if (resource.disk?.source === undefined)
        this.take(agent, { resources: [plain(resource)] }, 1);
      else agent.disks.push(plain(resource));
    }
  }

  /** A task of a group takes the others with it. */
  private kill(id: string): void {
    const task = this.tasks.get(id);
    if (task === undefined || isTerminal(task.state) || !this.obeysKills) return;
    const group = this.groups.find(({ ids }) => ids.includes(id));
    queueMicrotask(() => {
      for (const each of group?.ids ?? [id]) {
        const state = this.tasks.get(each)?.state ?? '';
        if (!isTerminal(state)) this.update(each, 'TASK_KILLED');
      }
    });
  }

  private reconcile(call: Call): void {
    const asked = call.reconcile?.tasks ?? [];
    const why = { reason: 'REASON_RECONCILIATION', source: 'SOURCE_MASTER' };
    if (asked.length === 0) {
      for (const task of this.running()) this.sendStatus(task, why);
      return;
    }
    for (const { task_id, agent_id } of asked) {
      const task = this.tasks.get(task_id.value);
      if (task !== undefined) this.sendStatus(task, why);
      else {
        const status = { task_id, agent_id, state: 'TASK_GONE', ...why };
        this.send({ type: 'UPDATE', update: { status } });
      }
    }
  }

  private free(task: FakeTask): void {
    const agent = this.agents.get(task.agentId);
    if (agent === undefined) return;
    this.take(agent, task.info, 1);
    const group = this.groups.find(({ ids }) => ids.includes(task.id));
    const isLast = group?.ids.every(
      (id) => id === task.id || isTerminal(this.tasks.get(id)?.state ?? ''),
    );
    if (group !== undefined && isLast === true) this.take(agent, group.executor, 1);
    this.offerSoon();
  }

  private take(agent: FakeAgent, info: Pick<TaskTree, 'resources'>, sign: 1 | -1): void {
    for (const resource of info.resources) {
      const { name, scalar, ranges } = resource;
      if (resource.reservation !== undefined) {
        if (sign === 1) agent.reserved.push(resource);
        else removeFrom(agent.reserved, resource);
        continue;
      }
      if (name === 'cpus') agent.cpus += sign * (scalar?.value ?? 0);
      if (name === 'mem') agent.mem += sign * (scalar?.value ?? 0);
      for (const { begin, end } of ranges?.range ?? []) {
        for (let port = begin; port <= end; port += 1) {
          if (sign === 1) agent.ports.add(port);
          else if (!agent.ports.delete(port)) throw new Error(`port ${port} is not free`);
        }
      }
    }
  }

  private agentOfOffer(id: string): FakeAgent | undefined {
    return [...this.agents.values()].find(({ offerId }) => offerId === id);
  }

  private offerSoon(): void {
    if (this.isOffering) return;
    this.isOffering = true;
    this.clock.setTimer(1, () => {
      this.isOffering = false;
      if (this.stream === undefined) return;
      for (const agent of this.agents.values()) {
        const role = this.roles.find(
          (each) => !this.suppressed.has(each) && !agent.declined.has(each),
        );
        if (agent.offerId !== undefined || agent.isGone || role === undefined) continue;
        agent.role = role;
        this.offer(agent);
      }
    });
  }

  private offer(agent: FakeAgent): void {
    this.offerCount += 1;
    agent.offerId = `O-${this.offerCount}`;
    const allocation_info = { role: agent.role };
    const usable = [...agent.reserved, ...agent.disks].filter(
      ({ role = '*' }) => role === '*' || role === agent.role,
    );
    const range = [...agent.ports]
      .sort((a, b) => a - b)
      .map((port) => ({ begin: port, end: port }));
    const scalar = (name: string, value: number): object => ({
      name,
      type: 'SCALAR',
      scalar: { value },
      role: '*',
      allocation_info,
    });
    const offer = {
      id: { value: agent.offerId },
      framework_id: { value: this.frameworkId },
      agent_id: { value: agent.id },
      hostname: agent.host,
      attributes: agent.attributes,
      allocation_info,
      resources: [
        scalar('cpus', agent.cpus),
        scalar('mem', agent.mem),
        scalar('disk', 10_000),
        { name: 'ports', type: 'RANGES', ranges: { range }, role: '*', allocation_info },
        ...usable.map((each) => ({ ...each, allocation_info })),
      ],
    };
    this.send({ type: 'OFFERS', offers: { offers: [offer] } });
  }

  private sendStatus(task: FakeTask, more: object): void {
    const status = {
      task_id: { value: task.id },
      agent_id: { value: task.agentId },
      state: task.state,
      healthy: task.healthy,
      timestamp: this.clock.now() / 1_000,
      ...more,
    };
    this.send({ type: 'UPDATE', update: { status } });
  }

  private send(event: object): void {
    if (this.stream === undefined) return;
    const tree = parseJson(JSON.stringify(event));
    const message = tree.ok ? fromJson('mesos.v1.scheduler.Event', tree.value) : tree;
    if (!message.ok) throw new Error(message.error);
    this.stream.push(encodeRecord(encodeMessage('mesos.v1.scheduler.Event', message.value)));
  }
}

function callOf({ body }: HttpRequest): Call {
  if (body === undefined || typeof body === 'string') throw new Error('the call is no protobuf');
  const call = decodeMessage('mesos.v1.scheduler.Call', body);
  if (!call.ok) throw new Error(call.error);
  return JSON.parse(toJson('mesos.v1.scheduler.Call', call.value));
}

function rolesOf(given: RoleList | undefined, all: readonly string[]): readonly string[] {
  const roles = given?.roles ?? [];
  return roles.length === 0 ? all : roles;
}
