/**
 * The machine that keeps the records in step with the cluster. Changes come as whole states or one
 * at a time; either way only the records of what has really changed are touched, so that a cluster
 * of 100,000 tasks costs no more per change than one of ten.
 *
 * Invariant: `records` holds exactly the records of every known framework and agent, of the masters
 * and the server's own name, and of every running task on a known agent.
 */
import type {
  AgentEntry,
  ClusterState,
  FrameworkEntry,
  HostPort,
  TaskEntry,
} from './cluster-state.ts';
import { newerRunning } from './cluster-state.ts';
import type { ClusterChange } from './operator-events.ts';
import { RecordSet } from './record-set.ts';
import {
  type AddressesOf,
  agentAddresses,
  agentRecords,
  frameworkRecords,
  masterRecords,
  type NamingRules,
  ownRecords,
  type RecordSink,
  taskRecords,
} from './records.ts';
import {
  type EnumeratedFramework,
  type EnumeratedRecord,
  type EnumeratedTask,
  sameAgent,
  sameFramework,
  sameTask,
  type ToldAgent,
  type ToldFramework,
  type ToldTask,
} from './told.ts';

interface KnownFramework {
  framework: FrameworkEntry;
  /** How its own records were told; undefined before the first time. */
  told: ToldFramework | undefined;
  readonly tasks: Map<string, KnownTask>;
}

interface KnownTask {
  task: TaskEntry;
  /** How its records were told; undefined while it has none. */
  told: ToldTask | undefined;
}

export interface OwnName {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** What became of a change: `unknown` asks for a fresh whole state. */
export type ChangeOutcome = 'changed' | 'unchanged' | 'unknown';

export class ClusterNames {
  readonly records = new RecordSet();
  /** Those that the last document did not have. */
  private missedAgents: ReadonlySet<string> = new Set();
  private readonly agents = new Map<string, ToldAgent>();
  private readonly frameworks = new Map<string, KnownFramework>();
  private readonly tasksOfAgent = new Map<string, Set<KnownTask>>();
  /** Addresses of frameworks, known from state documents only; events do not have them. */
  private readonly frameworkAddresses = new Map<string, HostPort>();
  private masters: { readonly leader: string; readonly list: readonly string[] } | undefined;
  private changeCount = 0;
  private readonly rules: NamingRules;
  private readonly own: OwnName;
  private readonly add: RecordSink;
  private readonly withdraw: RecordSink;

  /** `onAdded` hears of every record that was not there. */
  constructor(rules: NamingRules, own: OwnName, onAdded: RecordSink = () => undefined) {
    this.rules = rules;
    this.own = own;
    this.add = (type, name, value) => {
      if (!this.records.add(type, name, value)) return;
      this.changeCount += 1;
      onAdded(type, name, value);
    };
    this.withdraw = (type, name, value) => {
      this.records.remove(type, name, value);
      this.changeCount += 1;
    };
    ownRecords(own.name, own.addresses, this.add);
  }

  /** `list` has addresses `ip:port`; the leader is `master@ip:port`. Gives whether anything changed. */
  setMasters(leader: string, list: readonly string[]): boolean {
    const before = this.masters;
    if (before?.leader === leader && before.list.join() === list.join()) return false;
    this.masters = { leader, list: [...list] };
    masterRecords(leader, list, this.rules.domain, this.add);
    if (before !== undefined) {
      masterRecords(before.leader, before.list, this.rules.domain, this.withdraw);
    }
    return true;
  }

  /**
   * Learns from a state document what events do not tell: addresses of frameworks, which agents are
   * being drained, and which have gone without a word. Gives whether a name changed.
   */
  learnFromDocument(state: ClusterState, addressesOf: AddressesOf): boolean {
    const before = this.changeCount;
    for (const { id, isDraining = false } of state.agents) {
      const known = this.agents.get(id);
      if (known !== undefined) this.putAgent({ ...known.agent, isDraining }, addressesOf);
    }
    this.forgetMissing(new Set(state.agents.map(({ id }) => id)));
    for (const { framework } of state.frameworks) {
      if (framework.address === undefined) continue;
      this.frameworkAddresses.set(framework.id, framework.address);
      const known = this.frameworks.get(framework.id);
      if (known === undefined) continue;
      known.framework = { ...known.framework, address: framework.address };
      this.tellFramework(known, addressesOf);
    }
    return this.changeCount !== before;
  }

  /** Once may be because the document is older than the agent. */
  private forgetMissing(present: ReadonlySet<string>): void {
    const missing = [...this.agents.keys()].filter((id) => !present.has(id));
    for (const id of missing) if (this.missedAgents.has(id)) this.removeAgent(id);
    // One that comes back starts anew: the next document may again be older than it.
    this.missedAgents = new Set(missing.filter((id) => this.agents.has(id)));
  }

  apply(change: ClusterChange, addressesOf: AddressesOf): ChangeOutcome {
    const before = this.changeCount;
    const isKnown = this.dispatch(change, addressesOf);
    if (!isKnown) return 'unknown';
    return this.changeCount === before ? 'unchanged' : 'changed';
  }

  /** Host names may have new addresses: tells again what depends on them. */
  refreshAddresses(addressesOf: AddressesOf): boolean {
    const before = this.changeCount;
    for (const { agent } of [...this.agents.values()]) this.putAgent(agent, addressesOf);
    for (const framework of this.frameworks.values()) this.tellFramework(framework, addressesOf);
    return this.changeCount !== before;
  }

  /** Whether the framework's address has been learnt from a state document. */
  hasFrameworkAddress(frameworkId: string): boolean {
    return this.frameworkAddresses.has(frameworkId);
  }

  /** Hosts whose addresses a change needs. */
  hostsOf(change: ClusterChange): readonly string[] {
    switch (change.kind) {
      case 'snapshot':
        return hostsOfState(change.state);
      case 'agent':
        return change.agent.address === undefined ? [] : [change.agent.address.host];
      case 'framework':
        return [hostOf(this.withAddress(change.framework))];
      default:
        return [];
    }
  }

  /** Each framework with its tasks and the records that each added first (section 4.7). */
  enumerate(): readonly EnumeratedFramework[] {
    const seen = new Set<string>();
    const note: RecordSink = (type, name, value) => void seen.add(`${type} ${name} ${value}`);
    for (const { told } of this.frameworks.values()) {
      if (told !== undefined) this.replayFramework(told, note);
    }
    for (const { agent, addresses } of this.agents.values()) {
      agentRecords(agent, addresses, this.rules, note);
    }
    ownRecords(this.own.name, this.own.addresses, note);
    if (this.masters !== undefined) {
      masterRecords(this.masters.leader, this.masters.list, this.rules.domain, note);
    }
    return [...this.frameworks.values()].map(({ framework, tasks }) => ({
      name: framework.name,
      tasks: [...tasks.values()].flatMap(({ told }) =>
        told === undefined ? [] : [this.enumerateTask(told, seen)],
      ),
    }));
  }

  private dispatch(change: ClusterChange, addressesOf: AddressesOf): boolean {
    switch (change.kind) {
      case 'snapshot':
        this.replaceAll(change.state, addressesOf);
        return true;
      case 'agent':
        this.putAgent(change.agent, addressesOf);
        return true;
      case 'agent-removed':
        this.removeAgent(change.agentId);
        return true;
      case 'framework':
        this.putFramework(change.framework, addressesOf);
        return true;
      case 'framework-removed':
        this.removeFramework(change.frameworkId);
        return true;
      case 'task':
        return this.putTask(change.task);
      case 'task-status':
        return this.updateTask(change);
    }
  }

  private replaceAll(state: ClusterState, addressesOf: AddressesOf): void {
    const agentIds = new Set(state.agents.map((agent) => agent.id));
    for (const agent of state.agents) this.putAgent(agent, addressesOf);
    const frameworkIds = new Set<string>();
    for (const { framework, tasks } of state.frameworks) {
      frameworkIds.add(framework.id);
      this.putFramework(framework, addressesOf);
      const taskIds = new Set(tasks.map((task) => task.id));
      for (const task of tasks) this.putTask(task);
      for (const id of this.frameworks.get(framework.id)?.tasks.keys() ?? []) {
        if (!taskIds.has(id)) this.removeTask(framework.id, id);
      }
    }
    for (const id of this.frameworks.keys()) {
      if (!frameworkIds.has(id)) this.removeFramework(id);
    }
    for (const id of this.agents.keys()) if (!agentIds.has(id)) this.removeAgent(id);
  }

  private putAgent(agent: AgentEntry, addressesOf: AddressesOf): void {
    const before = this.agents.get(agent.id);
    const addresses = agentAddresses(agent, this.rules, addressesOf);
    if (before !== undefined && sameAgent(before, { agent, addresses })) return;
    this.agents.set(agent.id, { agent, addresses });
    agentRecords(agent, addresses, this.rules, this.add);
    if (before !== undefined) {
      agentRecords(before.agent, before.addresses, this.rules, this.withdraw);
    }
    for (const task of this.tasksOfAgent.get(agent.id) ?? []) this.tellTask(task);
  }

  private removeAgent(agentId: string): void {
    const before = this.agents.get(agentId);
    if (before === undefined) return;
    this.agents.delete(agentId);
    agentRecords(before.agent, before.addresses, this.rules, this.withdraw);
    for (const task of this.tasksOfAgent.get(agentId) ?? []) this.tellTask(task);
  }

  private putFramework(given: FrameworkEntry, addressesOf: AddressesOf): void {
    if (given.address !== undefined) this.frameworkAddresses.set(given.id, given.address);
    const framework = this.withAddress(given);
    let known = this.frameworks.get(framework.id);
    if (known === undefined) {
      known = { framework, told: undefined, tasks: new Map() };
      this.frameworks.set(framework.id, known);
    }
    const isRenamed = known.framework.name !== framework.name;
    known.framework = framework;
    this.tellFramework(known, addressesOf);
    if (isRenamed) for (const task of known.tasks.values()) this.tellTask(task);
  }

  private removeFramework(frameworkId: string): void {
    const known = this.frameworks.get(frameworkId);
    if (known === undefined) return;
    for (const id of known.tasks.keys()) this.removeTask(frameworkId, id);
    if (known.told !== undefined) this.replayFramework(known.told, this.withdraw);
    this.frameworks.delete(frameworkId);
    this.frameworkAddresses.delete(frameworkId);
  }

  private putTask(task: TaskEntry): boolean {
    const framework = this.frameworks.get(task.frameworkId);
    if (framework === undefined) return false;
    let known = framework.tasks.get(task.id);
    if (known !== undefined && known.task.agentId !== task.agentId) {
      this.removeTask(task.frameworkId, task.id);
      known = undefined;
    }
    if (known === undefined) {
      known = { task, told: undefined };
      framework.tasks.set(task.id, known);
      const onAgent = this.tasksOfAgent.get(task.agentId) ?? new Set();
      onAgent.add(known);
      this.tasksOfAgent.set(task.agentId, onAgent);
    }
    known.task = task;
    this.tellTask(known);
    return true;
  }

  private updateTask(change: ClusterChange & { readonly kind: 'task-status' }): boolean {
    const known = this.frameworks.get(change.frameworkId)?.tasks.get(change.taskId);
    // A late word about a task that is gone is no news; one that runs should be known.
    if (known === undefined) return !change.isRunning;
    if (change.isTerminal) {
      this.removeTask(change.frameworkId, change.taskId);
      return true;
    }
    const running =
      change.running === undefined
        ? known.task.running
        : newerRunning(known.task.running, change.running);
    known.task = { ...known.task, isRunning: change.isRunning, running };
    this.tellTask(known);
    return true;
  }

  private removeTask(frameworkId: string, taskId: string): void {
    const tasks = this.frameworks.get(frameworkId)?.tasks;
    const known = tasks?.get(taskId);
    if (tasks === undefined || known === undefined) return;
    tasks.delete(taskId);
    const onAgent = this.tasksOfAgent.get(known.task.agentId);
    onAgent?.delete(known);
    if (onAgent?.size === 0) this.tasksOfAgent.delete(known.task.agentId);
    if (known.told !== undefined) this.replayTask(known.told, this.withdraw);
  }

  /** Brings a framework's own records in step. */
  private tellFramework(known: KnownFramework, addressesOf: AddressesOf): void {
    const before = known.told;
    // The addresses as they are now: withdrawing must repeat what was told.
    const addresses = addressesOf(hostOf(known.framework));
    const told = { framework: known.framework, addresses };
    if (before !== undefined && sameFramework(before, told)) return;
    known.told = told;
    this.replayFramework(told, this.add);
    if (before !== undefined) this.replayFramework(before, this.withdraw);
  }

  private replayFramework({ framework, addresses }: ToldFramework, sink: RecordSink): void {
    frameworkRecords(framework, this.rules, () => addresses, sink);
  }

  /** Brings a task's records in step with its state, its agent and its framework. */
  private tellTask(known: KnownTask): void {
    const before = known.told;
    const agent = this.agents.get(known.task.agentId);
    const framework = this.frameworks.get(known.task.frameworkId);
    const told =
      agent !== undefined && framework !== undefined && this.isNamed(known.task, agent.agent)
        ? {
            task: known.task,
            frameworkName: framework.framework.name,
            addresses: agent.addresses,
          }
        : undefined;
    if (before !== undefined && told !== undefined && sameTask(before, told)) return;
    known.told = told;
    // New before old: what both have stays untouched.
    if (told !== undefined) this.replayTask(told, this.add);
    if (before !== undefined) this.replayTask(before, this.withdraw);
  }

  private isNamed(task: TaskEntry, agent: AgentEntry): boolean {
    const { onlyHealthy = false, leaveOutDraining = false } = this.rules;
    if (onlyHealthy && task.running?.isFailing === true) return false;
    if (leaveOutDraining && agent.isDraining === true) return false;
    return task.isRunning;
  }

  private replayTask(told: ToldTask, sink: RecordSink): void {
    taskRecords(told.task, told.frameworkName, told.addresses, this.rules, sink);
  }

  private enumerateTask(told: ToldTask, seen: Set<string>): EnumeratedTask {
    const records: EnumeratedRecord[] = [];
    this.replayTask(told, (rtype, name, host) => {
      const key = `${rtype} ${name} ${host}`;
      if (seen.has(key)) return;
      seen.add(key);
      records.push({ name, host, rtype });
    });
    return { name: told.task.name, id: told.task.id, records };
  }

  private withAddress(framework: FrameworkEntry): FrameworkEntry {
    const address = framework.address ?? this.frameworkAddresses.get(framework.id);
    return { ...framework, address };
  }
}

function hostOf(framework: FrameworkEntry): string {
  return framework.address?.host ?? framework.hostname;
}

export function hostsOfState(state: ClusterState): readonly string[] {
  const hosts = new Set<string>();
  for (const { address } of state.agents) if (address !== undefined) hosts.add(address.host);
  for (const { framework } of state.frameworks) hosts.add(hostOf(framework));
  return [...hosts];
}
