/** Puts the frameworks, tasks and operations that a recording shows into a master. */
import assert from 'node:assert/strict';
import { agentId, frameworkId } from '../../../core/base/ids.ts';
import { isTerminal } from '../../../core/base/terminal-states.ts';
import type { Master } from '../../../core/master/master.ts';
import type { Agent, Framework } from '../../../core/master/records.ts';
import { toListForm } from '../../../core/resources/refinement.ts';
import { fromJson } from '../../../core/wire/json.ts';
import type {
  ResponseGetFrameworksFramework,
  ResponseGetState,
} from '../../../core/wire/types/mesos.v1.master.ts';
import type { Task } from '../../../core/wire/types/mesos.v1.ts';
import type { Exchange } from '../operator/recordings.ts';

/** Seen by the recorded master before. */
const PAST: readonly string[] = [
  'task_dropped/source_master/reason_invalid_offers',
  'task_error/source_master/reason_task_group_invalid',
  'task_error/source_master/reason_task_invalid',
  'task_failed/source_slave/reason_executor_terminated',
];

export async function addRecordedFrameworks(
  master: Master,
  exchanges: readonly Exchange[],
  advance: () => Promise<void>,
): Promise<void> {
  const shown = (call: string): unknown =>
    exchanges.find(({ label }) => label === `busy master v1 ${call}`)?.response.json;
  const read = fromJson('mesos.v1.master.Response', shown('GET_STATE'));
  assert.ok(read.ok && read.value.get_state !== undefined);
  const state = read.value.get_state;
  const [agent] = master.state.agents.values();
  assert.ok(agent !== undefined);
  const [recordedAgent] = state.get_agents?.agents ?? [];
  agent.totalResources = (recordedAgent?.total_resources ?? []).map(toListForm);
  const { frameworks = [], completed_frameworks = [] } = state.get_frameworks ?? {};
  for (const each of frameworks) {
    const framework = addFramework(master, each);
    master.state.connect(framework, { kind: 'http', id: `stream of ${framework.id}` });
    addTasks(master, framework, agent, state);
    allocate(master, framework, agent);
    await advance();
    declineAll(master, framework);
    await advance();
  }
  for (const each of completed_frameworks) {
    const framework = addFramework(master, each);
    addTasks(master, framework, agent, state);
    master.state.completeFramework(framework, millis(each.unregistered_time?.nanoseconds));
  }
  addOperations(master, shown('GET_OPERATIONS'));
  // Two writes of the registry, for their percentiles.
  for (const limits of [{ cpus: { value: 100 } }, undefined]) {
    const configs = [{ role: 'tried', limits }];
    const done = master.operate({ kind: 'update-quota', configs, isForced: false });
    await advance();
    assert.equal((await done).status, 200);
  }
  for (const name of PAST) master.state.counters.increment(name);
}

/** The allocator learns what the framework holds, and offers it the rest. */
function allocate(master: Master, framework: Framework, agent: Agent): void {
  const { id, info } = framework;
  master.allocator.updateAgent(agent.id, { total: agent.totalResources }, 0);
  const used = new Map([[agent.id, master.state.usedBy(framework)]]);
  const settings = { suppressedRoles: [], offerConstraints: undefined };
  master.allocator.addFramework({ id, info, used, active: true, ...settings }, 0);
  master.input({ kind: 'woke' });
}

function declineAll(master: Master, framework: Framework): void {
  const offer_ids = [...framework.offers].map(({ id }) => ({ value: id }));
  assert.ok(offer_ids.length > 0, 'nothing was offered');
  const decline = { offer_ids, filters: { refuse_seconds: 1e6 } };
  const call = { type: 'DECLINE', framework_id: { value: framework.id }, decline } as const;
  master.input({ kind: 'call', framework: framework.id, call });
}

function addFramework(master: Master, each: ResponseGetFrameworksFramework): Framework {
  const info = each.framework_info;
  const { state } = master;
  // The next one that subscribes gets the id after these.
  state.newFrameworkId();
  const framework = state.newFramework({
    id: frameworkId(info.id?.value ?? ''),
    info,
    state: 'disconnected',
    registeredTime: millis(each.registered_time?.nanoseconds),
    roles: new Set(info.roles),
    capabilities: new Set((info.capabilities ?? []).flatMap(({ type }) => type ?? [])),
    suppressedRoles: new Set(),
    offerConstraints: undefined,
  });
  const again = millis(each.reregistered_time?.nanoseconds);
  if (again !== framework.registeredTime) framework.reregisteredTime = again;
  state.addFramework(framework);
  return framework;
}

function addTasks(
  master: Master,
  framework: Framework,
  agent: Agent,
  shown: ResponseGetState,
): void {
  const own = (tasks: readonly Task[] | undefined): readonly Task[] =>
    (tasks ?? []).filter(({ framework_id }) => framework_id.value === framework.id);
  for (const task of own(shown.get_tasks?.tasks)) {
    assert.ok(!isTerminal(task.state));
    master.state.tasks.add(framework, agent, task);
  }
  for (const task of own(shown.get_tasks?.completed_tasks)) {
    master.state.tasks.addCompleted(framework, task);
  }
}

function addOperations(master: Master, shown: unknown): void {
  const read = fromJson('mesos.v1.master.Response', shown);
  assert.ok(read.ok);
  for (const operation of read.value.get_operations?.operations ?? []) {
    const uuid = Buffer.from(operation.uuid.value).toString('hex');
    const framework = frameworkId(operation.framework_id?.value ?? '');
    const agent = agentId(operation.agent_id?.value ?? '');
    master.state.addOperation({ uuid, framework, agent, operation });
    // The one that made the volume had no id: nobody acknowledges it, and it is gone.
    const made = { ...operation, info: { ...operation.info, type: 'CREATE' } } as const;
    const record = { uuid: 'made', framework, agent, operation: made };
    master.state.addOperation(record);
    master.state.removeOperation(record);
  }
}

function millis(nanoseconds: number | undefined): number {
  return (nanoseconds ?? 0) / 1e6;
}
