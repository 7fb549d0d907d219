/** What the master says to agents is what an original said in the same situation, field by field. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import type { FrameworkInfo, Resource, TaskInfo } from '../../../core/wire/types/mesos.v1.ts';
import type { MessageTypes } from '../../../core/wire/types/messages.ts';
import { MasterScene } from './machine-builder.ts';

interface Recorded {
  readonly direction: string;
  readonly start_line: string;
  readonly body_base64: string;
}

const FILE = new URL('../../wire/golden/libprocess-agent-and-tasks.json', import.meta.url);
const RECORDED: readonly Recorded[] = JSON.parse(readFileSync(FILE, 'utf8'));

function recorded<N extends keyof MessageTypes>(name: N): readonly MessageTypes[N][] {
  return RECORDED.filter((each) => each.start_line.includes(`/${name} `)).map((each) => {
    const read = decodeMessage(name, Buffer.from(each.body_base64, 'base64'));
    assert.ok(read.ok);
    return read.value;
  });
}

/** Registers the recorded agent, sends its recorded UpdateSlave. */
function sceneWithRecordedAgent(): { readonly it: MasterScene; readonly agent: string } {
  const it = new MasterScene();
  const [register] = recorded('mesos.internal.RegisterSlaveMessage');
  const from = it.pid('a1');
  it.input({
    kind: 'message',
    from,
    content: {
      name: 'mesos.internal.RegisterSlaveMessage',
      message: defined(register, 'registration'),
    },
  });
  const agent = defined([...it.state.agents.keys()][0], 'agent');
  const [update] = recorded('mesos.internal.UpdateSlaveMessage');
  it.input({
    kind: 'message',
    from,
    content: {
      name: 'mesos.internal.UpdateSlaveMessage',
      message: { ...defined(update, 'update'), slave_id: { value: agent } },
    },
  });
  it.sentTo('a1');
  return { it, agent };
}

function asGiven(resource: Resource): Resource {
  const { allocation_info: _allocation, ...given } = resource;
  return given;
}

/** The task as its framework wrote it. */
function taskAsGiven(task: TaskInfo, agent: string): TaskInfo {
  const { executor } = task;
  return {
    ...task,
    agent_id: { value: agent },
    resources: (task.resources ?? []).map(asGiven),
    ...(executor === undefined
      ? {}
      : { executor: { ...executor, resources: (executor.resources ?? []).map(asGiven) } }),
  };
}

function subscribeAs(it: MasterScene, info: FrameworkInfo): string {
  const id = it.subscribeAs('f', { ...info, id: { value: defined(info.id, 'id').value } });
  // Agents are told of a framework that comes with an id.
  assert.deepEqual(it.sentNames('a1'), ['UpdateFrameworkMessage']);
  return id;
}

/** Both sides as bytes, so that absent and empty mean the same. */
function assertSame<N extends keyof MessageTypes>(
  name: N,
  actual: unknown,
  expected: MessageTypes[N],
): void {
  const bytes = encodeMessage(name, actual as MessageTypes[N]);
  const read = decodeMessage(name, bytes);
  assert.deepEqual(read.ok ? read.value : undefined, expected);
}

test('the answer to a registration is the recorded one', () => {
  const it = new MasterScene();
  it.agent('a1');
  const [sent] = it.sentTo('a1');
  const [expected] = recorded('mesos.internal.SlaveRegisteredMessage');
  assertSame('mesos.internal.SlaveRegisteredMessage', sent?.message, {
    ...defined(expected, 'recording'),
    slave_id: { value: 'M-S0' },
  });
});

for (const [index, run] of recorded('mesos.internal.RunTaskMessage').entries()) {
  test(`RunTaskMessage ${index + 1} is the recorded one`, () => {
    const { it, agent } = sceneWithRecordedAgent();
    const framework = subscribeAs(it, run.framework);
    it.launch(framework, it.takeOffer('f'), [taskAsGiven(run.task, agent)]);
    const [sent] = it.sentTo('a1');
    assert.deepEqual(
      it.lines('f').filter((line) => line.startsWith('UPDATE')),
      [],
    );
    const expected = { ...run, task: { ...run.task, agent_id: { value: agent } } };
    assertSame('mesos.internal.RunTaskMessage', sent?.message, expected);
  });
}

test('RunTaskGroupMessage is the recorded one', () => {
  const [run] = recorded('mesos.internal.RunTaskGroupMessage');
  assert.ok(run !== undefined);
  const { it, agent } = sceneWithRecordedAgent();
  const framework = subscribeAs(it, run.framework);
  const executor = {
    ...run.executor,
    resources: (run.executor.resources ?? []).map(asGiven),
  };
  const tasks = (run.task_group.tasks ?? []).map((task) => {
    const { executor: _executor, ...given } = taskAsGiven(task, agent);
    return given;
  });
  const launch_group = { executor, task_group: { tasks } };
  it.accept(framework, it.takeOffer('f'), [{ type: 'LAUNCH_GROUP', launch_group }]);
  const [sent] = it.sentTo('a1');
  const expected = {
    ...run,
    task_group: {
      tasks: (run.task_group.tasks ?? []).map((task) => ({ ...task, agent_id: { value: agent } })),
    },
  };
  assertSame('mesos.internal.RunTaskGroupMessage', sent?.message, expected);
});

test('ApplyOperationMessage of RESERVE and CREATE are the recorded ones', () => {
  const [reserve, create] = recorded('mesos.internal.ApplyOperationMessage');
  assert.ok(reserve !== undefined && create !== undefined);
  const { it } = sceneWithRecordedAgent();
  const id = defined(reserve.framework_id, 'framework').value;
  const framework = it.subscribe('f', { id, roles: ['services'] });
  it.sentTo('a1');
  for (const expected of [reserve, create]) {
    it.accept(framework, it.takeOffer('f'), [expected.operation_info]);
    const [sent] = it.sentTo('a1');
    assert.equal(sent?.name, 'mesos.internal.ApplyOperationMessage');
    const message = sent.message as MessageTypes['mesos.internal.ApplyOperationMessage'];
    assertSame('mesos.internal.ApplyOperationMessage', message, {
      ...expected,
      operation_uuid: message.operation_uuid,
    });
  }
});

test('UpdateFrameworkMessage after a re-subscription is the recorded one', () => {
  const [expected] = recorded('mesos.internal.UpdateFrameworkMessage');
  const info = defined(expected?.framework_info, 'framework info');
  const { it } = sceneWithRecordedAgent();
  subscribeAs(it, info);
  it.subscribeAs('again', info);
  const [sent] = it.sentTo('a1');
  assertSame(
    'mesos.internal.UpdateFrameworkMessage',
    sent?.message,
    defined(expected, 'recording'),
  );
});

/** The recorded agent after its restart; its tasks are known to the master from it alone. */
const RESTART = new URL('../../wire/golden/libprocess-agent-restart.json', import.meta.url);
const RESTARTED: readonly Recorded[] = JSON.parse(readFileSync(RESTART, 'utf8'));

function ofRestart<N extends keyof MessageTypes>(name: N): MessageTypes[N] {
  const found = RESTARTED.find((each) => each.start_line.includes(`/${name} `));
  const read = decodeMessage(name, Buffer.from(defined(found, name).body_base64, 'base64'));
  assert.ok(read.ok);
  return read.value;
}

test('the answers to the recorded re-registration are the recorded ones', () => {
  const it = new MasterScene();
  const name = 'mesos.internal.ReregisterSlaveMessage';
  const message = ofRestart(name);
  // The recorded master had its framework before.
  it.subscribeAs('f', defined(message.frameworks?.[0], 'framework'));
  it.input({ kind: 'message', from: it.pid('a1'), content: { name, message } });
  const [reregistered, update] = it.sentTo('a1');
  assertSame(
    'mesos.internal.SlaveReregisteredMessage',
    reregistered?.message,
    ofRestart('mesos.internal.SlaveReregisteredMessage'),
  );
  assertSame(
    'mesos.internal.UpdateFrameworkMessage',
    update?.message,
    ofRestart('mesos.internal.UpdateFrameworkMessage'),
  );
  const framework = defined([...it.state.frameworks.values()][0], 'framework');
  assert.equal(framework.tasks.size, (message.tasks ?? []).length);
});

test('the operations in the recorded UpdateSlaveMessage are adopted', () => {
  const it = new MasterScene();
  const content = {
    name: 'mesos.internal.ReregisterSlaveMessage',
    message: ofRestart('mesos.internal.ReregisterSlaveMessage'),
  } as const;
  it.input({ kind: 'message', from: it.pid('a1'), content });
  const message = ofRestart('mesos.internal.UpdateSlaveMessage');
  const name = 'mesos.internal.UpdateSlaveMessage';
  it.input({ kind: 'message', from: it.pid('a1'), content: { name, message } });
  assert.equal(it.state.operations.size, message.operations?.operations?.length);
});
