import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AgentKit,
  type AgentKitOptions,
  commandTask,
  customTask,
  MASTER,
} from './agent-builder.ts';

test('a new agent registers after a random wait, and again until it is answered', () => {
  const it = new AgentKit();
  it.input({ kind: 'master', pid: MASTER });
  assert.deepEqual(it.took(), []);
  it.advance(1_000);
  assert.deepEqual(it.took(), ['RegisterSlaveMessage']);
  it.advance(2_000);
  assert.deepEqual(it.took(), ['RegisterSlaveMessage']);
});

test('the registration is checkpointed and answered with the state of the resources', () => {
  const it = new AgentKit();
  it.input({ kind: 'master', pid: MASTER }).advance(1_000);
  it.took();
  it.message({
    name: 'mesos.internal.SlaveRegisteredMessage',
    value: { slave_id: { value: 'M-S0' } },
  });
  assert.deepEqual(it.took(), ['UpdateSlaveMessage']);
  assert.equal(it.machine.state.status, 'running');
  assert.deepEqual(it.files.paths(), [
    'meta/boot_id',
    'meta/slaves/M-S0/slave.info',
    'meta/slaves/latest',
    'slaves/latest',
  ]);
});

test('a registration under another id ends the agent', () => {
  const it = new AgentKit().registered();
  it.message({
    name: 'mesos.internal.SlaveRegisteredMessage',
    value: { slave_id: { value: 'M-S7' } },
  });
  assert.deepEqual(it.took(), [
    'exit Registered but got wrong id: M-S7 (expected: M-S0). Committing suicide',
  ]);
});

test('pings are answered; their absence, or one that says disconnected, registers again', () => {
  const it = new AgentKit().registered();
  const observer = { ...MASTER, id: 'slave-observer(1)' };
  const ping = (connected: boolean) =>
    it.message({ name: 'mesos.internal.PingSlaveMessage', value: { connected } }, observer);
  ping(true);
  assert.deepEqual(it.took(), ['PongSlaveMessage']);
  ping(false);
  assert.equal(it.machine.state.status, 'disconnected');
  it.advance(1_000);
  assert.deepEqual(it.took(), ['PongSlaveMessage', 'ReregisterSlaveMessage']);
  it.registered().advance(74_000);
  assert.equal(it.machine.state.status, 'running');
  it.advance(2_000);
  assert.equal(it.machine.state.status, 'disconnected');
});

test('only the leading master may launch and kill', () => {
  const it = new AgentKit().registered().runningTask('t1');
  const other = { ...MASTER, ip: '10.9.9.9' };
  it.message(
    {
      name: 'mesos.internal.KillTaskMessage',
      value: { framework_id: { value: 'F' }, task_id: { value: 't1' } },
    },
    other,
  );
  assert.deepEqual(it.took(), []);
});

test('a command task goes from sandbox to launcher to running, every update stored and told', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1'));
  assert.deepEqual(it.took(), ['prepare']);
  it.prepared('t1');
  assert.deepEqual(it.took(), ['launch', 'run t1']);
  it.started('t1');
  assert.deepEqual(it.took(), []);
  it.hostedUpdate('t1', 'TASK_STARTING', { pid: 77 });
  assert.deepEqual(it.took(), ['t1 | TASK_STARTING', 'acknowledge t1']);
  it.hostedUpdate('t1', 'TASK_RUNNING', { pid: 77 });
  assert.deepEqual(it.took(), ['acknowledge t1'], 'one update is under way at a time');
  it.acknowledgeHead('t1');
  assert.deepEqual(it.took(), ['t1 | TASK_RUNNING']);
});

test('the IPv6 address of the agent is told of tasks in the network of the host', () => {
  const networksOf = (options: AgentKitOptions) => {
    const it = new AgentKit(options).registered();
    it.run(commandTask('t1')).prepared('t1').started('t1');
    it.took();
    it.hostedUpdate('t1', 'TASK_STARTING');
    return it.effectsTaken().flatMap((effect) => {
      if (effect.kind !== 'send') return [];
      const { message } = effect;
      if (message.name !== 'mesos.internal.StatusUpdateMessage') return [];
      return message.value.update.status.container_status?.network_infos ?? [];
    });
  };
  const first = { ip_address: '10.0.0.2' };
  assert.deepEqual(networksOf({}), [{ ip_addresses: [first] }]);
  const second = { protocol: 'IPv6', ip_address: '2001:db8::2' };
  assert.deepEqual(networksOf({ ip6: '2001:db8::2' }), [{ ip_addresses: [first, second] }]);
});

test('a task that the launcher has is killed by it, one whose container takes its time by the agent', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1')).prepared('t1');
  it.took();
  assert.deepEqual(it.kill('t1').took(), ['kill t1 own grace']);
  const container = { type: 'MESOS' as const, mesos: {} };
  it.run(commandTask('t2', { container })).prepared('t2');
  assert.deepEqual(it.took(), ['prepare', 'launch']);
  assert.deepEqual(it.kill('t2').took(), [
    't2 | TASK_KILLED | TASK_KILLED_DURING_LAUNCH | Killed before delivery to the executor',
  ]);
  const slow = new AgentKit({ hasDefaultContainer: true }).registered();
  slow.run(commandTask('t1')).prepared('t1');
  assert.deepEqual(slow.took(), ['prepare', 'launch']);
});

test('a launcher that dies before it has a container gets it again: its task is not given up', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1')).prepared('t1');
  it.took();
  it.launcher({ kind: 'report', containers: [] });
  assert.deepEqual(it.took(), []);
  it.started('t1').launcher({ kind: 'report', containers: [] });
  assert.match(it.took()[0] ?? '', /TASK_FAILED .* unknown container$/);
});

test('an ended task leaves when its update is acknowledged and its executor is gone', () => {
  const it = new AgentKit().registered().runningTask('t1');
  const containerId = it.containerOf('t1');
  it.hostedUpdate('t1', 'TASK_FINISHED', { message: 'Command exited with status 0' });
  assert.deepEqual(it.took(), [
    't1 | TASK_FINISHED | Command exited with status 0',
    'acknowledge t1',
  ]);
  it.launcher({ kind: 'exited', containerId, status: 0 });
  assert.deepEqual(it.took(), ['forget-container'], 'no ExitedExecutor for a command task');
  it.acknowledgeHead('t1');
  assert.equal(it.machine.describe(), 'agent M-S0 running');
  assert.equal(it.machine.state.completedFrameworks.length, 1);
});

test('an acknowledgement is taken from the leading master and from the driver of a framework', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1')).prepared('t1').started('t1');
  it.hostedUpdate('t1', 'TASK_STARTING').hostedUpdate('t1', 'TASK_RUNNING');
  it.took();
  it.acknowledgeHead('t1', { ...MASTER, ip: '10.9.9.9' });
  assert.deepEqual(it.took(), [], 'of a master that does not lead');
  it.acknowledgeHead('t1', { id: 'scheduler(1)', ip: '10.9.9.9', port: 4000 });
  assert.deepEqual(it.took(), ['t1 | TASK_RUNNING']);
});

test('what a new launcher repeats does not set back what is known of the task', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1')).prepared('t1').started('t1');
  const starting = { uuid: '00000000-0000-4000-8000-0000000000aa', pid: 77 };
  it.hostedUpdate('t1', 'TASK_STARTING', starting);
  const running = { uuid: '00000000-0000-4000-8000-0000000000bb', pid: 77 };
  it.hostedUpdate('t1', 'TASK_RUNNING', running);
  it.hostedUpdate('t1', 'TASK_STARTING', starting);
  assert.match(it.machine.describe(), /t1 TASK_RUNNING$/m);
  it.hostedUpdate('t1', 'TASK_FINISHED');
  it.took();
  it.hostedUpdate('t1', 'TASK_STARTING', starting);
  assert.deepEqual(it.took(), ['acknowledge t1']);
  it.hostedUpdate('t1', 'TASK_RUNNING', running);
  assert.match(it.machine.describe(), /t1 TASK_FINISHED \(unacknowledged\)$/m);
});

test('a container that ends by itself fails its tasks and tells the master of the executor', () => {
  const it = new AgentKit().registered();
  it.run(customTask('t1')).prepared().started();
  it.took();
  it.launcher({ kind: 'exited', containerId: it.containerOf(), status: 9 });
  assert.deepEqual(it.took(), [
    'forget-container',
    't1 | TASK_FAILED | EXECUTOR_TERMINATED | Executor terminated',
    'ExitedExecutorMessage',
  ]);
});

test('a custom executor that does not register in time is destroyed', () => {
  const it = new AgentKit().registered();
  it.run(customTask('t1')).prepared().started();
  it.took();
  it.advance(60_000);
  assert.deepEqual(it.took(), ['destroy-container']);
  it.launcher({ kind: 'exited', containerId: it.containerOf(), status: 9 });
  assert.deepEqual(
    it.took()[1],
    [
      't1 | TASK_FAILED | EXECUTOR_REGISTRATION_TIMEOUT',
      'Executor did not register within 1mins',
    ].join(' | '),
  );
});

test('an executor whose files are still being fetched when its time is over has not been launched', () => {
  const it = new AgentKit().registered();
  it.run(customTask('t1'));
  it.took();
  it.advance(60_000);
  const text = 'Failed to launch container: Container destroyed during fetching';
  assert.deepEqual(it.took(), [
    'cancel-prepare',
    `t1 | TASK_FAILED | CONTAINER_LAUNCH_FAILED | ${text}`,
    'ExitedExecutorMessage',
  ]);
});

test('a task killed before it reached its executor is TASK_KILLED at once', () => {
  const it = new AgentKit().registered();
  it.run(customTask('t1')).prepared();
  it.took();
  it.message({
    name: 'mesos.internal.KillTaskMessage',
    value: { framework_id: { value: 'F' }, task_id: { value: 't1' } },
  });
  assert.deepEqual(it.took(), [
    't1 | TASK_KILLED | TASK_KILLED_DURING_LAUNCH | Killed before delivery to the executor',
  ]);
});

test('a task killed while its files are fetched is TASK_KILLED, and the fetching is given up', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1'));
  it.took();
  it.message({
    name: 'mesos.internal.KillTaskMessage',
    value: { framework_id: { value: 'F' }, task_id: { value: 't1' } },
  });
  assert.deepEqual(it.took(), [
    't1 | TASK_KILLED | TASK_KILLED_DURING_LAUNCH | Killed before delivery to the executor',
    'cancel-prepare',
  ]);
  const containerId = it.containerOf();
  const result = { ok: false, stage: 'fetch', message: 'given up' } as const;
  it.input({ kind: 'prepared', containerId, result });
  assert.deepEqual(it.took(), []);
  it.acknowledgeHead('t1');
  assert.equal(it.machine.state.containers.size, 0);
});

test('a kill of a running command task uses the grace of the task, not that of the call', () => {
  const it = new AgentKit().registered().runningTask('t1');
  it.message({
    name: 'mesos.internal.KillTaskMessage',
    value: {
      framework_id: { value: 'F' },
      task_id: { value: 't1' },
      kill_policy: { grace_period: { nanoseconds: 60e9 } },
    },
  });
  assert.deepEqual(it.took(), ['kill t1 own grace']);
});

test('a kill for a task nobody knows is answered', () => {
  const it = new AgentKit().registered().runningTask('t1');
  it.message({
    name: 'mesos.internal.KillTaskMessage',
    value: { framework_id: { value: 'F' }, task_id: { value: 'nobody' } },
  });
  assert.deepEqual(it.took(), [
    'nobody | TASK_DROPPED | EXECUTOR_TERMINATED | Cannot find executor',
  ]);
});

const EXISTS = 'Master wants to launch executor, but one already exists';
const MISSING = 'No executor is expected to launch and there is none running';

test('what the master believes of executors must be true', () => {
  const it = new AgentKit().registered();
  it.run(customTask('t1'), { launchExecutor: false });
  assert.deepEqual(it.took(), [`t1 | TASK_DROPPED | EXECUTOR_TERMINATED | ${MISSING}`]);
  it.run(customTask('t2')).prepared().started();
  it.took();
  it.run(customTask('t3'));
  assert.deepEqual(it.took(), [
    `t3 | TASK_DROPPED | EXECUTOR_TERMINATED | ${EXISTS}`,
    'ExitedExecutorMessage',
  ]);
});

test('frameworks that are not partition-aware hear TASK_LOST', () => {
  const it = new AgentKit().registered();
  it.run(customTask('t1'), { launchExecutor: false, capabilities: [] });
  assert.deepEqual(it.took(), [`t1 | TASK_LOST | EXECUTOR_TERMINATED | ${MISSING}`]);
});

test('a container that could not be launched fails the task with the reason', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1')).prepared('t1').took();
  const containerId = it.containerOf('t1');
  it.launcher({ kind: 'launch-failed', containerId, message: 'no such image' });
  assert.equal(
    it.took().at(-1),
    't1 | TASK_FAILED | CONTAINER_LAUNCH_FAILED | Failed to launch container: no such image',
  );
});

test('a failed fetch fails the task with the reason', () => {
  const it = new AgentKit().registered();
  it.run(commandTask('t1'));
  const message = "Failed to fetch all URIs for container 'c'";
  it.input({
    kind: 'prepared',
    containerId: it.containerOf('t1'),
    result: { ok: false, stage: 'fetch', message },
  });
  assert.equal(
    it.took().at(-1),
    `t1 | TASK_FAILED | CONTAINER_LAUNCH_FAILED | Failed to launch container: ${message}`,
  );
});

test('a shut down framework ends its executors and sends no more updates', () => {
  const it = new AgentKit().registered().runningTask('t1');
  const containerId = it.containerOf('t1');
  it.message({
    name: 'mesos.internal.ShutdownFrameworkMessage',
    value: { framework_id: { value: 'F' } },
  });
  assert.deepEqual(it.took(), ['shutdown-container']);
  it.hostedUpdate('t1', 'TASK_KILLED');
  assert.deepEqual(it.took(), ['acknowledge t1']);
  it.launcher({ kind: 'exited', containerId, status: 0 });
  assert.deepEqual(it.took(), ['forget-container']);
  assert.equal(it.machine.describe(), 'agent M-S0 running');
});

test('an executor that does not end within the grace period is destroyed', () => {
  const it = new AgentKit().registered().runningTask('t1');
  it.message({
    name: 'mesos.internal.ShutdownFrameworkMessage',
    value: { framework_id: { value: 'F' } },
  });
  it.took();
  it.advance(4_999);
  assert.deepEqual(it.took(), []);
  it.advance(1);
  assert.deepEqual(it.took(), ['destroy-container']);
});

test('a draining agent kills its tasks and drops new ones', () => {
  const it = new AgentKit().registered().runningTask('t1');
  it.message({
    name: 'mesos.internal.DrainSlaveMessage',
    value: { config: { max_grace_period: { nanoseconds: 1e9 } } },
  });
  assert.deepEqual(it.took(), ['kill t1 1000']);
  const { drainStartedAt } = it.machine.state;
  assert.equal(drainStartedAt, it.now);
  it.run(commandTask('t2'));
  assert.match(it.took()[0] ?? '', /^t2 \| TASK_DROPPED \| AGENT_DRAINING/);
  it.hostedUpdate('t1', 'TASK_KILLED');
  assert.deepEqual(it.took()[0], 't1 | TASK_KILLED | AGENT_DRAINING');
});

test('a task the master believes in but nobody has is reported when asked', () => {
  const it = new AgentKit().registered();
  it.message({
    name: 'mesos.internal.SlaveReregisteredMessage',
    value: {
      slave_id: { value: 'M-S0' },
      reconciliations: [
        {
          framework_id: { value: 'F' },
          framework: {
            user: 'root',
            name: 'f',
            id: { value: 'F' },
            capabilities: [{ type: 'PARTITION_AWARE' }],
          },
          statuses: [{ task_id: { value: 'gone' }, state: 'TASK_RUNNING' }],
        },
      ],
    },
  });
  assert.equal(
    it.took().at(-1),
    'gone | TASK_DROPPED | RECONCILIATION | Reconciliation: task unknown to the agent',
  );
});

test('a told shutdown unregisters, ends everything and exits', () => {
  const it = new AgentKit().registered().runningTask('t1');
  const containerId = it.containerOf('t1');
  it.input({ kind: 'shut-down' });
  assert.deepEqual(it.took(), ['UnregisterSlaveMessage', 'shutdown-container']);
  it.launcher({ kind: 'exited', containerId, status: 0 });
  assert.deepEqual(it.took(), ['forget-container', 'exit']);
});
