import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LauncherContainer } from '../../../core/agent/launcher-port.ts';
import { MemoryFiles } from '../../../core/agent/memory-files.ts';
import { AgentKit, type AgentKitOptions, commandTask, customTask } from './agent-builder.ts';

/** The agent dies; another starts on the same files. */
function restart(before: AgentKit, options: AgentKitOptions = {}): AgentKit {
  return new AgentKit({ files: before.files, seed: 2, ...options });
}

function container(
  it: AgentKit,
  executor: string,
  extra: Partial<LauncherContainer> = {},
): LauncherContainer {
  return {
    id: it.containerOf(executor),
    kind: 'command',
    frameworkId: 'F',
    executorId: executor,
    sandbox: '/s',
    taskIds: [executor],
    updates: [],
    ...extra,
  };
}

const update = (taskId: string, state: 'TASK_FINISHED' | 'TASK_RUNNING') => ({
  taskId,
  state,
  timestamp: 1,
  uuid: '00000000-0000-4000-8000-0000000000ff',
});

test('a running command task is there again, with its statuses, and nothing is told anew', () => {
  const old = new AgentKit().registered().runningTask('t1');
  const it = restart(old, { containers: [container(old, 't1')] });
  assert.deepEqual(it.took(), []);
  assert.equal(
    it.machine.describe(),
    [
      'agent M-S0 disconnected',
      '  framework F running',
      '    executor t1 command running',
      '      t1 TASK_RUNNING',
    ].join('\n'),
  );
  it.registered();
  assert.equal(it.machine.state.status, 'running');
});

test('a task that ended while the agent was down is reported truly', () => {
  const old = new AgentKit().registered().runningTask('t1');
  const ended = container(old, 't1', { updates: [update('t1', 'TASK_FINISHED')] });
  const it = restart(old, { containers: [ended] });
  assert.deepEqual(it.took(), ['acknowledge t1']);
  it.input({ kind: 'master', pid: { id: 'master', ip: '10.0.0.1', port: 5050 } }).advance(1_000);
  it.message({
    name: 'mesos.internal.SlaveReregisteredMessage',
    value: { slave_id: { value: 'M-S0' } },
  });
  assert.deepEqual(it.took(), [
    'ReregisterSlaveMessage',
    't1 | TASK_FINISHED',
    'UpdateSlaveMessage',
  ]);
});

test('an update that was not acknowledged is sent again after the restart', () => {
  const old = new AgentKit().registered();
  old.run(commandTask('t1')).prepared('t1').started('t1').hostedUpdate('t1', 'TASK_STARTING');
  const it = restart(old, { containers: [container(old, 't1')] });
  it.input({ kind: 'master', pid: { id: 'master', ip: '10.0.0.1', port: 5050 } }).advance(1_000);
  it.took();
  it.message({
    name: 'mesos.internal.SlaveReregisteredMessage',
    value: { slave_id: { value: 'M-S0' } },
  });
  assert.deepEqual(it.took(), ['t1 | TASK_STARTING', 'UpdateSlaveMessage']);
});

test('a task handed over that the launcher never got is dropped', () => {
  const old = new AgentKit().registered();
  old.run(commandTask('t1')).prepared('t1').started('t1');
  const it = restart(old, { containers: [container(old, 't1', { taskIds: [] })] });
  const [executor] = [...it.machine.state.containers.values()];
  const [task] = [...(executor?.terminatedTasks.values() ?? [])];
  assert.equal(task?.state, 'TASK_DROPPED');
  assert.equal(task?.statuses?.at(-1)?.message, 'Task launched during agent restart');
});

test('an executor without a container fails its tasks', () => {
  const old = new AgentKit().registered().runningTask('t1');
  const it = restart(old);
  const [executor] = [...it.machine.state.containers.values()];
  const [task] = [...(executor?.terminatedTasks.values() ?? [])];
  assert.equal(task?.state, 'TASK_FAILED');
  assert.equal(task?.statuses?.at(-1)?.message, 'Abnormal executor termination: unknown container');
});

test('containers that no executor owns are destroyed, ended ones forgotten', () => {
  const old = new AgentKit().registered().runningTask('t1', { checkpoint: false });
  const lost = container(old, 't1');
  assert.deepEqual(restart(old, { containers: [lost] }).took(), ['destroy-container']);
  assert.deepEqual(restart(old, { containers: [{ ...lost, exitStatus: 0 }] }).took(), [
    'forget-container',
  ]);
});

test('custom executors have two seconds to come back before they are destroyed', () => {
  const old = new AgentKit().registered();
  old.run(customTask('t1')).prepared().started();
  const containers = [container(old, 'e1', { kind: 'process', taskIds: [], pid: 9 })];
  const stream = { send: () => {}, close: () => {} };
  old.input({
    kind: 'executor-call',
    call: {
      type: 'SUBSCRIBE',
      framework_id: { value: 'F' },
      executor_id: { value: 'e1' },
      subscribe: {},
    },
    stream,
  });
  const it = restart(old, { containers });
  assert.equal(it.machine.state.status, 'recovering');
  it.advance(1_999);
  assert.deepEqual(it.took(), []);
  it.advance(1);
  assert.deepEqual(it.took(), ['destroy-container']);
  assert.equal(it.machine.state.status, 'disconnected');
});

test('a changed agent is refused, and told how to begin as a new one', () => {
  const old = new AgentKit().registered();
  const [exit] = restart(old, { hostname: 'renamed' }).took();
  assert.match(exit ?? '', /^exit Failed to perform recovery: Incompatible agent info detected/);
  assert.match(exit ?? '', /rm -f \/work-dir\/meta\/slaves\/latest/);
});

test('a changed agent begins as a new one after a reboot', () => {
  const old = new AgentKit().registered();
  const it = restart(old, { hostname: 'renamed', bootId: 'boot-2' });
  assert.deepEqual(it.took(), []);
  assert.equal(it.machine.state.info.id, undefined);
});

test('cleanup ends the executors and the agent', () => {
  const old = new AgentKit().registered().runningTask('t1');
  const containers = [container(old, 't1')];
  const it = restart(old, { containers, recover: 'cleanup' });
  assert.deepEqual(it.took(), ['shutdown-container']);
  it.hostedUpdate('t1', 'TASK_KILLED');
  it.launcher({ kind: 'exited', containerId: it.containerOf('t1'), status: 0 });
  assert.equal(it.took().at(-1), 'exit');
});

/** Every single damage to the files of a task must have a defined outcome. */
test('no damage to a file makes recovery throw, strict or not', () => {
  const paths = new AgentKit().registered().runningTask('t1').files.paths();
  const damages: readonly ((files: MemoryFiles, path: string) => void)[] = [
    (files, path) => files.remove(path),
    (files, path) => files.write(path, new Uint8Array(), false),
    (files, path) => files.truncate(path, Math.max(0, (files.read(path)?.length ?? 1) - 3)),
    (files, path) => {
      const bytes = Uint8Array.from(files.read(path) ?? []);
      if (bytes.length > 6) bytes[5] = (bytes[5] ?? 0) ^ 0xff;
      files.write(path, bytes, false);
    },
  ];
  for (const path of paths) {
    for (const [at, damage] of damages.entries()) {
      for (const strict of [true, false]) {
        const old = new AgentKit().registered().runningTask('t1');
        const containers = [container(old, 't1')];
        if (at > 0 && old.files.read(path) === undefined) continue;
        damage(old.files, path);
        const it = restart(old, { strict, containers });
        const { status } = it.machine.state;
        const exited = it.took().some((word) => word.startsWith('exit'));
        assert.ok(exited || status !== 'recovering', `${path} damage ${at} strict ${strict}`);
      }
    }
  }
});

test('a cut record at the end of the updates is cut off, and what is left is used', () => {
  const old = new AgentKit().registered().runningTask('t1');
  const path = old.files.paths().find((each) => each.endsWith('task.updates')) ?? '';
  const whole = old.files.read(path)?.length ?? 0;
  old.files.truncate(path, whole - 5);
  const it = restart(old, { containers: [container(old, 't1')] });
  assert.equal(it.machine.state.status, 'disconnected');
  assert.ok((it.files.read(path)?.length ?? 0) < whole - 5);
});

test('an unreadable checkpoint ends a strict start and is counted by one that is not', () => {
  const old = new AgentKit().registered().runningTask('t1');
  const path = old.files.paths().find((each) => each.endsWith('framework.info')) ?? '';
  old.files.write(path, Uint8Array.of(2, 0, 0, 0, 0xff, 0xff), false);
  const [exit] = restart(old).took();
  assert.match(exit ?? '', /^exit Failed to perform recovery: .*framework\.info/);
  assert.equal(restart(old, { strict: false }).machine.counts.recoveryErrors, 1);
});

test('an executor whose agent died before its launch leaves nothing', () => {
  const old = new AgentKit().registered().run(commandTask('t1'));
  const it = restart(old);
  assert.deepEqual([...it.machine.state.containers.keys()], []);
  assert.equal(it.machine.describe(), 'agent M-S0 disconnected');
});

test('an executor whose only task was never handed over is ended', () => {
  const old = new AgentKit().registered();
  old.run(commandTask('t1')).prepared('t1').started('t1');
  const it = restart(old, { containers: [container(old, 't1', { taskIds: [] })] });
  assert.deepEqual(it.took(), ['shutdown-container']);
});

test('a launcher that died before it forgot an ended container is told to forget it again', () => {
  const it = new AgentKit().registered().runningTask('t1');
  const ended = container(it, 't1', { exitStatus: 0 });
  it.hostedUpdate('t1', 'TASK_FINISHED');
  it.launcher({ kind: 'exited', containerId: ended.id, status: 0 }).took();
  it.launcher({ kind: 'report', containers: [ended] });
  assert.deepEqual(it.took(), ['forget-container']);
});

test('what has ended is removed in its time, however often its agent starts anew', () => {
  const files = new MemoryFiles(() => 900_000);
  const options = { files, gcDelayMs: 200_000, gcDiskHeadroom: 0 };
  const old = new AgentKit(options).registered().runningTask('t1');
  const id = old.containerOf('t1');
  old.hostedUpdate('t1', 'TASK_FINISHED').acknowledgeHead('t1');
  old.launcher({ kind: 'exited', containerId: id, status: 0 });
  const left = (): number => files.paths().filter((path) => path.includes('/t1/')).length;
  const it = restart(old, options);
  it.advance(99_999).input({ kind: 'disk-usage', used: 0 });
  assert.ok(left() > 0);
  it.advance(1).input({ kind: 'disk-usage', used: 0 });
  assert.equal(left(), 0);
});
