/**
 * The one state object of the master. Every change goes through its methods, each of which keeps
 * all indexes in step (README, invariants). Handlers decide, this file only records.
 * Views read it; they never write.
 */
import { assert } from '../base/assert.ts';
import type { Instant } from '../base/clock.ts';
import {
  type AgentId,
  agentId,
  type ExecutorId,
  executorId,
  type FrameworkId,
  frameworkId,
  type OfferId,
} from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import { add as addResources, subtract as subtractResources } from '../resources/arithmetic.ts';
import type { Schedule } from '../wire/types/mesos.v1.maintenance.ts';
import type { QuotaConfig } from '../wire/types/mesos.v1.quota.ts';
import type {
  DrainInfo,
  ExecutorInfo,
  MachineInfo,
  MasterInfo,
  Resource,
} from '../wire/types/mesos.v1.ts';
import { formatUpid } from '../wire/upid.ts';
import { CappedMap } from './capped.ts';
import { Counters } from './counters.ts';
import { DriverMessages } from './driver/message-counts.ts';
import { inner, removeInner } from './nested-maps.ts';
import type {
  Agent,
  ConnectionId,
  DepartedAgent,
  Framework,
  InverseOfferRecord,
  OfferRecord,
  OperationRecord,
  RecoveredAgent,
} from './records.ts';
import { TaskBooks } from './task-books.ts';
import { isOperationOver } from './task-states.ts';
import { addUsed, removeUsed } from './usage.ts';

export interface StateLimits {
  readonly maxCompletedFrameworks: number;
  readonly maxCompletedTasksPerFramework: number;
  readonly maxUnreachableTasksPerFramework: number;
}

/** Removed agents remembered for `AGENT_REMOVED` answers; the original's constant. */
const REMOVED_AGENTS_MAX = 100_000;

export class MasterState {
  readonly info: MasterInfo;
  readonly startTime: Instant;
  /** Since when this master leads; its registry may not be read yet. */
  electedTime: Instant | undefined;
  /** Whether the registry was read and this master serves. */
  isRecovered = false;

  readonly agents = new Map<AgentId, Agent>();
  /** By pid text `slave(1)@ip:port`. */
  readonly agentsByPid = new Map<string, Agent>();
  /** By the number of their observer. */
  readonly agentsByObserver = new Map<number, Agent>();
  readonly recoveredAgents = new Map<AgentId, RecoveredAgent>();
  readonly unreachableAgents = new Map<AgentId, DepartedAgent>();
  readonly goneAgents = new Map<AgentId, DepartedAgent>();
  readonly removedAgents = new CappedMap<AgentId, Instant>(REMOVED_AGENTS_MAX);
  /** Registered agents in state DRAINING. */
  readonly draining = new Set<AgentId>();
  /** Drains as the registry has them, where that may differ from what is shown. */
  readonly drainRecords = new Map<AgentId, DrainInfo>();

  readonly frameworks = new Map<FrameworkId, Framework>();
  readonly frameworksByConnection = new Map<ConnectionId, Framework>();
  /** By the pid of their classic driver, those whose driver is away included. */
  readonly frameworksByPid = new Map<string, Framework>();
  readonly completedFrameworks: CappedMap<FrameworkId, Framework>;
  /** Frameworks subscribed to each role, `*` included. */
  readonly roles = new Map<string, Set<Framework>>();

  readonly offers = new Map<OfferId, OfferRecord>();
  readonly inverseOffers = new Map<OfferId, InverseOfferRecord>();
  readonly operations = new Map<string, OperationRecord>();

  /** By `hostname ip` of `MachineID`. */
  readonly machines = new Map<string, MachineInfo>();
  schedules: readonly Schedule[] = [];
  readonly weights = new Map<string, number>();
  readonly quotas = new Map<string, QuotaConfig>();

  readonly counters = new Counters();
  readonly driverMessages = new DriverMessages();
  readonly tasks: TaskBooks;

  /** Also of frameworks that are not there yet. */
  private readonly operationsByOwner = new Map<FrameworkId, Map<string, OperationRecord>>();
  private readonly limits: StateLimits;
  private nextFramework = 0;
  private nextOffer = 0;
  private nextAgent = 0;
  private nextObserver = 1;

  constructor(info: MasterInfo, startTime: Instant, limits: StateLimits) {
    this.info = info;
    this.startTime = startTime;
    this.limits = limits;
    this.completedFrameworks = new CappedMap(limits.maxCompletedFrameworks);
    this.tasks = new TaskBooks(this, limits.maxCompletedTasksPerFramework);
  }

  // Identifiers: spec scheduler-api, section 1.

  newFrameworkId(): FrameworkId {
    const number = String(this.nextFramework++).padStart(4, '0');
    return frameworkId(`${this.info.id}-${number}`);
  }

  /** The text of the next offer or inverse offer id; both share one counter. */
  newOfferId(): string {
    return `${this.info.id}-O${this.nextOffer++}`;
  }

  newAgentId(): AgentId {
    return agentId(`${this.info.id}-S${this.nextAgent++}`);
  }

  newObserver(): number {
    return this.nextObserver++;
  }

  // Agents.

  addAgent(agent: Agent): void {
    assert(!this.agents.has(agent.id), `agent ${agent.id} is registered already`);
    this.agents.set(agent.id, agent);
    this.agentsByPid.set(pidText(agent), agent);
    this.agentsByObserver.set(agent.observer, agent);
    this.recoveredAgents.delete(agent.id);
    this.unreachableAgents.delete(agent.id);
    this.removedAgents.delete(agent.id);
  }

  /** Its tasks, executors, offers and operations must be gone before. */
  removeAgent(agent: Agent): void {
    assert(agent.offers.size === 0, `agent ${agent.id} is removed with offers`);
    assert(agent.tasks.size === 0, `agent ${agent.id} is removed with tasks`);
    this.agents.delete(agent.id);
    this.agentsByObserver.delete(agent.observer);
    this.draining.delete(agent.id);
    this.drainRecords.delete(agent.id);
    if (this.agentsByPid.get(pidText(agent)) === agent) this.agentsByPid.delete(pidText(agent));
  }

  moveAgent(agent: Agent, pid: Agent['pid']): void {
    if (this.agentsByPid.get(pidText(agent)) === agent) this.agentsByPid.delete(pidText(agent));
    agent.pid = pid;
    this.agentsByPid.set(pidText(agent), agent);
  }

  // Frameworks.

  addFramework(framework: Framework): void {
    assert(!this.frameworks.has(framework.id), `framework ${framework.id} is known already`);
    this.frameworks.set(framework.id, framework);
    this.completedFrameworks.delete(framework.id);
    for (const role of framework.roles) this.track(role, framework);
    // Agents may have told of its operations before it came.
    for (const [uuid, record] of this.operationsByOwner.get(framework.id) ?? []) {
      framework.operations.set(uuid, record);
    }
  }

  newFramework(
    fields: Pick<Framework, 'id' | 'info' | 'state' | 'registeredTime'> &
      Pick<Framework, 'roles' | 'capabilities' | 'suppressedRoles' | 'offerConstraints'>,
  ): Framework {
    return {
      ...fields,
      connection: undefined,
      driver: undefined,
      reregisteredTime: undefined,
      unregisteredTime: undefined,
      tasks: new Map(),
      unreachableTasks: new CappedMap(this.limits.maxUnreachableTasksPerFramework),
      completedTasks: [],
      executors: new Map(),
      offers: new Set(),
      inverseOffers: new Set(),
      operations: new Map(),
      usedResources: new Map(),
      usedTotal: [],
      offeredTotal: [],
      counters: new Counters(),
      revisions: { tasks: 0, unreachable: 0, completed: 0, executors: 0 },
    };
  }

  setRoles(framework: Framework, roles: ReadonlySet<string>): void {
    for (const role of framework.roles) if (!roles.has(role)) this.untrack(role, framework);
    framework.roles = roles;
    for (const role of roles) this.track(role, framework);
  }

  connect(framework: Framework, connection: NonNullable<Framework['connection']>): void {
    this.disconnect(framework);
    this.setDriver(framework, connection.kind === 'pid' ? connection.pid : undefined);
    framework.connection = connection;
    framework.state = 'active';
    if (connection.kind === 'http') this.frameworksByConnection.set(connection.id, framework);
  }

  private setDriver(framework: Framework, pid: Upid | undefined): void {
    this.forgetPid(framework);
    framework.driver = pid;
    if (pid !== undefined) this.frameworksByPid.set(formatUpid(pid), framework);
  }

  private forgetPid(framework: Framework): void {
    const pid = framework.driver === undefined ? undefined : formatUpid(framework.driver);
    if (pid !== undefined && this.frameworksByPid.get(pid) === framework) {
      this.frameworksByPid.delete(pid);
    }
  }

  /** Forgets the connection; the caller sets the state. */
  disconnect(framework: Framework): void {
    const before = framework.connection;
    if (before?.kind === 'http') this.frameworksByConnection.delete(before.id);
    framework.connection = undefined;
  }

  /** Moves it to the completed ones; its tasks, executors and offers must be gone before. */
  completeFramework(framework: Framework, now: Instant): void {
    assert(framework.tasks.size === 0, `framework ${framework.id} completes with tasks`);
    assert(framework.offers.size === 0, `framework ${framework.id} completes with offers`);
    this.disconnect(framework);
    this.forgetPid(framework);
    framework.state = 'disconnected';
    framework.unregisteredTime = now;
    for (const role of framework.roles) this.untrack(role, framework);
    this.frameworks.delete(framework.id);
    this.completedFrameworks.set(framework.id, framework);
  }

  private track(role: string, framework: Framework): void {
    const members = this.roles.get(role) ?? new Set();
    members.add(framework);
    this.roles.set(role, members);
  }

  private untrack(role: string, framework: Framework): void {
    const members = this.roles.get(role);
    members?.delete(framework);
    if (members?.size === 0) this.roles.delete(role);
  }

  // Executors.

  hasExecutor(framework: Framework, agent: Agent, id: ExecutorId): boolean {
    return agent.executors.get(framework.id)?.has(id) === true;
  }

  addExecutor(framework: Framework, agent: Agent, info: ExecutorInfo): void {
    const id = executorId(info.executor_id.value);
    assert(!this.hasExecutor(framework, agent, id), `executor ${id} is on ${agent.id} already`);
    inner(agent.executors, framework.id).set(id, info);
    inner(framework.executors, agent.id).set(id, info);
    framework.revisions.executors += 1;
    addUsed(framework, agent, info.resources ?? []);
  }

  removeExecutor(framework: Framework, agent: Agent, id: ExecutorId): ExecutorInfo | undefined {
    const info = agent.executors.get(framework.id)?.get(id);
    if (info === undefined) return undefined;
    removeInner(agent.executors, framework.id, id);
    removeInner(framework.executors, agent.id, id);
    framework.revisions.executors += 1;
    removeUsed(framework, agent, info.resources ?? []);
    return info;
  }

  // Offers.

  addOffer(offer: OfferRecord): void {
    this.offers.set(offer.id, offer);
    const agent = this.agents.get(offer.agent);
    const framework = this.frameworks.get(offer.framework);
    assert(agent !== undefined && framework !== undefined, `offer ${offer.id} has no owner`);
    agent.offers.add(offer);
    agent.offeredResources = addResources(agent.offeredResources, offer.offer.resources ?? []);
    framework.offers.add(offer);
    framework.offeredTotal = undefined;
  }

  removeOffer(offer: OfferRecord): void {
    assert(this.offers.delete(offer.id), `offer ${offer.id} is not outstanding`);
    const agent = this.agents.get(offer.agent);
    if (agent !== undefined) {
      agent.offers.delete(offer);
      const left = subtractResources(agent.offeredResources, offer.offer.resources ?? []);
      agent.offeredResources = left;
    }
    const framework = this.frameworks.get(offer.framework);
    framework?.offers.delete(offer);
    if (framework !== undefined) framework.offeredTotal = undefined;
  }

  addInverseOffer(record: InverseOfferRecord): void {
    this.inverseOffers.set(record.id, record);
    this.agents.get(record.agent)?.inverseOffers.add(record);
    this.frameworks.get(record.framework)?.inverseOffers.add(record);
  }

  removeInverseOffer(record: InverseOfferRecord): void {
    this.inverseOffers.delete(record.id);
    this.agents.get(record.agent)?.inverseOffers.delete(record);
    this.frameworks.get(record.framework)?.inverseOffers.delete(record);
  }

  // Operations.

  addOperation(record: OperationRecord): void {
    this.operations.set(record.uuid, record);
    this.agents.get(record.agent)?.operations.set(record.uuid, record);
    if (record.framework === undefined) return;
    inner(this.operationsByOwner, record.framework).set(record.uuid, record);
    this.frameworks.get(record.framework)?.operations.set(record.uuid, record);
  }

  removeOperation(record: OperationRecord): void {
    const { info, latest_status } = record.operation;
    if (isOperationOver(latest_status.state)) {
      this.counters.increment(`operations/${info.type?.toLowerCase()}/${latest_status.state}`);
    }
    this.operations.delete(record.uuid);
    this.agents.get(record.agent)?.operations.delete(record.uuid);
    if (record.framework === undefined) return;
    removeInner(this.operationsByOwner, record.framework, record.uuid);
    this.frameworks.get(record.framework)?.operations.delete(record.uuid);
  }

  // Sums.

  /** Everything the framework's tasks and executors use. */
  usedBy(framework: Framework): readonly Resource[] {
    return framework.usedTotal;
  }

  offeredTo(framework: Framework): readonly Resource[] {
    framework.offeredTotal ??= sum([...framework.offers].map((each) => each.offer.resources ?? []));
    return framework.offeredTotal;
  }

  usedOn(agent: Agent): readonly Resource[] {
    return sum(agent.usedResources.values());
  }
}

export function pidText(agent: Pick<Agent, 'pid'>): string {
  return `${agent.pid.id}@${agent.pid.ip}:${agent.pid.port}`;
}

function sum(lists: Iterable<readonly Resource[]>): readonly Resource[] {
  let total: readonly Resource[] = [];
  for (const each of lists) total = addResources(total, each);
  return total;
}
