import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClusterNames } from '../../dns/cluster-names.ts';
import type { ClusterState, TaskEntry } from '../../dns/cluster-state.ts';
import { type ClusterChange, readOperatorEvent } from '../../dns/operator-events.ts';
import { readStateDocument } from '../../dns/state-document.ts';
import { v1 } from './support/fake-master.ts';

const RULES = {
  domain: 'mesos',
  labelRule: 'rfc1123',
  addressSources: ['netinfo', 'mesos', 'host'],
} as const;

const addressesOf = (host: string): readonly string[] => (/^[0-9.]+$/.test(host) ? [host] : []);

function emptyNames(): ClusterNames {
  return new ClusterNames(RULES, { name: 'ns1.mesos.', addresses: ['10.0.0.53'] });
}

/** Applies operator events; gives the outcomes. */
function hear(names: ClusterNames, ...events: readonly unknown[]): readonly string[] {
  return events.flatMap((event) => {
    const change = readOperatorEvent(event);
    return change === undefined ? ['nothing'] : [names.apply(change, addressesOf)];
  });
}

const OWN = 'ns1.mesos. A 10.0.0.53';

test('a task has names from the moment it runs until it ends', () => {
  const names = emptyNames();
  hear(
    names,
    v1.frameworkAdded(v1.framework('F1', 'marathon')),
    v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
    v1.taskAdded(v1.task({ id: 'test', name: 'web', framework: 'F1', agent: 'x-S0' })),
  );
  const before = names.records.describe();
  assert.doesNotMatch(before, /web/);
  assert.deepEqual(hear(names, v1.taskUpdated('F1', 'test', 'TASK_STARTING')), ['unchanged']);
  assert.deepEqual(hear(names, v1.taskUpdated('F1', 'test', 'TASK_RUNNING', '10.2.2.2')), [
    'changed',
  ]);
  assert.match(names.records.describe(), /^web\.marathon\.mesos\. A 10\.2\.2\.2$/m);
  assert.match(names.records.describe(), /^web-iffe9-s0\.marathon\.slave\.mesos\. A 10\.1\.1\.1$/m);
  // The same news once more changes nothing; a newer address moves the name.
  assert.deepEqual(
    hear(
      names,
      v1.taskUpdated('F1', 'test', 'TASK_RUNNING', '10.2.2.2', 2),
      v1.taskUpdated('F1', 'test', 'TASK_RUNNING', '10.2.2.3', 3),
      v1.taskUpdated('F1', 'test', 'TASK_KILLED'),
    ),
    ['unchanged', 'changed', 'changed'],
  );
  assert.equal(names.records.describe(), before);
});

test('names that several tasks share stay until the last of them ends', () => {
  const names = emptyNames();
  const running = (id: string): unknown =>
    v1.taskAdded(
      v1.task({ id, name: 'web', framework: 'F1', agent: 'x-S0', state: 'TASK_RUNNING' }),
    );
  hear(
    names,
    v1.frameworkAdded(v1.framework('F1', 'marathon')),
    v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
    running('a'),
    running('b'),
    v1.taskUpdated('F1', 'a', 'TASK_FAILED'),
  );
  assert.deepEqual(names.records.values('web.marathon.mesos.', 'A'), ['10.1.1.1']);
  hear(names, v1.taskUpdated('F1', 'b', 'TASK_FAILED'));
  assert.equal(names.records.get('web.marathon.mesos.'), undefined);
});

test('tasks of an agent that is gone have no names, and have them again when it is back', () => {
  const names = emptyNames();
  hear(
    names,
    v1.frameworkAdded(v1.framework('F1', 'marathon')),
    v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
    v1.taskAdded(
      v1.task({ id: 'a', name: 'web', framework: 'F1', agent: 'x-S0', state: 'TASK_RUNNING' }),
    ),
    v1.agentRemoved('x-S0'),
  );
  assert.equal(names.records.describe(), OWN);
  hear(names, v1.agentAdded(v1.agent('x-S0', '10.1.1.2')));
  assert.deepEqual(names.records.values('web.marathon.mesos.', 'A'), ['10.1.1.2']);
});

test('a framework takes its names and those of its tasks with it', () => {
  const names = emptyNames();
  hear(
    names,
    v1.frameworkAdded(v1.framework('F1', 'marathon', '10.9.9.9')),
    v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
    v1.taskAdded(
      v1.task({ id: 'a', name: 'web', framework: 'F1', agent: 'x-S0', state: 'TASK_RUNNING' }),
    ),
  );
  assert.deepEqual(names.records.values('marathon.mesos.', 'A'), ['10.9.9.9']);
  hear(names, v1.frameworkRemoved('F1'), v1.agentRemoved('x-S0'));
  assert.equal(names.records.describe(), OWN);
});

test('news of a running task that nobody announced asks for a fresh state', () => {
  const names = emptyNames();
  hear(names, v1.frameworkAdded(v1.framework('F1', 'marathon')));
  assert.deepEqual(
    hear(
      names,
      v1.taskUpdated('F1', 'gone', 'TASK_FINISHED'),
      v1.taskUpdated('F1', 'new', 'TASK_RUNNING'),
      v1.taskAdded(v1.task({ id: 'a', name: 'a', framework: 'F2', agent: 'S' })),
      { type: 'HEARTBEAT' },
    ),
    ['unchanged', 'unknown', 'unknown', 'nothing'],
  );
});

test('a state document tells addresses of frameworks that events do not', () => {
  const names = emptyNames();
  hear(names, v1.frameworkAdded(v1.framework('F1', 'marathon', '10.9.9.9')));
  assert.equal(names.hasFrameworkAddress('F1'), false);
  const document = {
    leader: 'master@1.2.3.4:5050',
    frameworks: [{ id: 'F1', name: 'marathon', pid: 'scheduler-1@10.8.8.8:99', tasks: [] }],
  };
  const state = readStateDocument(document);
  assert.ok(state.ok);
  assert.equal(names.learnFromDocument(state.value, addressesOf), true);
  assert.deepEqual(names.records.values('marathon.mesos.', 'A'), ['10.8.8.8']);
  assert.deepEqual(names.records.values('_framework._tcp.marathon.mesos.', 'SRV'), [
    'marathon.mesos.:99',
  ]);
  // A later event without the address does not forget it.
  hear(names, v1.frameworkAdded(v1.framework('F1', 'marathon', '10.9.9.9')));
  assert.deepEqual(names.records.values('marathon.mesos.', 'A'), ['10.8.8.8']);
});

test('an agent that two documents in a row do not have has no names any more', () => {
  const names = emptyNames();
  hear(
    names,
    v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
    v1.agentAdded(v1.agent('x-S1', '10.1.1.2')),
  );
  const document = (...ids: readonly string[]): ClusterState => {
    const slaves = ids.map((id) => ({ id, pid: 'slave(1)@10.1.1.1:5051' }));
    const state = readStateDocument({ slaves });
    if (!state.ok) throw new Error(state.error);
    return state.value;
  };
  const before = names.records.describe();
  // The first may have been made before the agent came.
  assert.equal(names.learnFromDocument(document('x-S0'), addressesOf), false);
  assert.equal(names.learnFromDocument(document('x-S0', 'x-S1'), addressesOf), false);
  assert.equal(names.learnFromDocument(document('x-S0'), addressesOf), false);
  assert.equal(names.records.describe(), before);
  assert.equal(names.learnFromDocument(document('x-S0'), addressesOf), true);
  assert.equal(names.records.describe().includes('10.1.1.2'), false);
  // Back while the next document was on its way.
  hear(names, v1.agentAdded(v1.agent('x-S1', '10.1.1.2')));
  assert.equal(names.learnFromDocument(document('x-S0'), addressesOf), false);
  assert.equal(names.records.describe(), before);
});

test('a malformed pid makes the whole document unusable, a missing one does not', () => {
  for (const document of [{ slaves: [{ pid: 'x' }] }, { frameworks: [{ pid: 'a@b' }] }]) {
    assert.equal(readStateDocument(document).ok, false);
  }
  for (const document of [{ slaves: [{ pid: '' }, { pid: null }, {}] }, {}, [], null, 'text']) {
    assert.equal(readStateDocument(document).ok, true);
  }
});

test('the status that counts is the newest that says running', () => {
  const status = (state: string, timestamp: number, ip: string): unknown => ({
    state,
    timestamp,
    container_status: { network_infos: [{ ip_address: ip }] },
  });
  const state = readStateDocument({
    frameworks: [
      {
        id: 'F1',
        tasks: [
          {
            id: 't',
            statuses: [
              status('TASK_RUNNING', 5, '10.0.0.5'),
              status('TASK_RUNNING', 7, '10.0.0.7'),
              status('TASK_RUNNING', 7, '10.0.0.8'),
              status('TASK_FAILED', 9, '10.0.0.9'),
            ],
          },
        ],
      },
    ],
  });
  assert.ok(state.ok);
  assert.deepEqual(state.value.frameworks[0]?.tasks[0]?.running?.networkAddresses, ['10.0.0.7']);
});

test('enumeration gives each record to the task that added it first', () => {
  const names = emptyNames();
  const running = (id: string, name: string): unknown =>
    v1.taskAdded(v1.task({ id, name, framework: 'F1', agent: 'x-S0', state: 'TASK_RUNNING' }));
  hear(
    names,
    v1.frameworkAdded(v1.framework('F1', 'Marathon')),
    v1.frameworkAdded(v1.framework('F2', 'idle')),
    v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
    running('test', 'web'),
    running('b', 'web'),
  );
  const [marathon, idle] = names.enumerate();
  assert.deepEqual(idle, { name: 'idle', tasks: [] });
  assert.deepEqual(
    marathon?.tasks.map((each) => [each.id, each.records.length]),
    [
      ['test', 4],
      ['b', 2],
    ],
  );
  assert.deepEqual(marathon?.tasks[0]?.records[1], {
    name: 'web-iffe9-s0.marathon.mesos.',
    host: '10.1.1.1',
    rtype: 'A',
  });
});

/** Small worlds in which everything collides with everything. */
const agentIds = fc.constantFrom('x-S0', 'x-S1');
const frameworkIds = fc.constantFrom('F1', 'F2');
const ips = fc.constantFrom('10.0.0.1', '10.0.0.2');

const taskEntry: fc.Arbitrary<TaskEntry> = fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  name: fc.constantFrom('web', 'api'),
  frameworkId: frameworkIds,
  agentId: agentIds,
  isRunning: fc.boolean(),
  ports: fc.constantFrom([], [1], [1, 2]),
  running: fc.option(
    fc.record({
      timestamp: fc.nat(3),
      networkAddresses: fc.array(ips, { maxLength: 2 }),
      dockerAddresses: fc.constant([]),
      mesosAddresses: fc.constant([]),
    }),
    { nil: undefined },
  ),
  discovery: fc.option(
    fc.constant({ name: 'Web', ports: [{ number: 1, protocol: 'tcp', name: 'x' }] }),
    { nil: undefined },
  ),
});

const agentEntry = fc.record({
  id: agentIds,
  address: fc.record({ host: ips, port: fc.constant(5_051) }),
});

const frameworkEntry = fc.record({
  id: frameworkIds,
  name: fc.constantFrom('marathon', 'chronos'),
  hostname: ips,
  address: fc.constant(undefined),
});

const clusterState: fc.Arbitrary<ClusterState> = fc
  .record({
    agents: fc.uniqueArray(agentEntry, { selector: (each) => each.id }),
    frameworks: fc.uniqueArray(frameworkEntry, { selector: (each) => each.id }),
    tasks: fc.uniqueArray(taskEntry, { selector: (each) => each.id }),
  })
  .map(({ agents, frameworks, tasks }) => ({
    leader: undefined,
    agents,
    frameworks: frameworks.map((framework) => ({
      framework,
      tasks: tasks.filter((each) => each.frameworkId === framework.id),
    })),
  }));

const change: fc.Arbitrary<ClusterChange> = fc.oneof(
  fc.record({ kind: fc.constant('snapshot' as const), state: clusterState }),
  fc.record({ kind: fc.constant('agent' as const), agent: agentEntry }),
  fc.record({ kind: fc.constant('agent-removed' as const), agentId: agentIds }),
  fc.record({ kind: fc.constant('framework' as const), framework: frameworkEntry }),
  fc.record({ kind: fc.constant('framework-removed' as const), frameworkId: frameworkIds }),
  fc.record({ kind: fc.constant('task' as const), task: taskEntry }),
  fc.record({
    kind: fc.constant('task-status' as const),
    frameworkId: frameworkIds,
    taskId: fc.constantFrom('a', 'b', 'c'),
    isRunning: fc.boolean(),
    isTerminal: fc.boolean(),
    running: fc.constant(undefined),
  }),
);

test('after any history a whole state leaves exactly the records it would alone', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), clusterState, (history, state) => {
      const snapshot: ClusterChange = { kind: 'snapshot', state };
      const old = emptyNames();
      for (const each of history) old.apply(each, addressesOf);
      old.apply(snapshot, addressesOf);
      const fresh = emptyNames();
      fresh.apply(snapshot, addressesOf);
      assert.equal(old.records.describe(), fresh.records.describe());
    }),
    { numRuns: 300 },
  );
});

test('after any history an empty state leaves only the own name and the masters', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (history) => {
      const names = emptyNames();
      for (const each of history) names.apply(each, addressesOf);
      const state = { leader: undefined, agents: [], frameworks: [] };
      names.apply({ kind: 'snapshot', state }, addressesOf);
      assert.equal(names.records.describe(), OWN);
    }),
  );
});

test('masters change their names when the leader changes', () => {
  const names = emptyNames();
  names.setMasters('master@1.1.1.1:5050', ['1.1.1.1:5050', '2.2.2.2:5050']);
  names.setMasters('master@2.2.2.2:5050', ['1.1.1.1:5050', '2.2.2.2:5050']);
  assert.deepEqual(names.records.values('leader.mesos.', 'A'), ['2.2.2.2']);
  assert.deepEqual(names.records.values('master0.mesos.', 'A'), ['1.1.1.1']);
  assert.deepEqual(names.records.values('_leader._tcp.mesos.', 'SRV'), ['leader.mesos.:5050']);
});

test('tasks whose health check fails have names unless only healthy ones shall have', () => {
  for (const onlyHealthy of [false, true]) {
    const names = new ClusterNames(
      { ...RULES, onlyHealthy },
      { name: 'ns1.mesos.', addresses: ['10.0.0.53'] },
    );
    const health = (healthy: boolean | undefined, timestamp: number): unknown => ({
      type: 'TASK_UPDATED',
      task_updated: {
        framework_id: { value: 'F1' },
        status: { ...v1.status('test', 'TASK_RUNNING', '10.2.2.2', timestamp), healthy },
        state: 'TASK_RUNNING',
      },
    });
    hear(
      names,
      v1.frameworkAdded(v1.framework('F1', 'marathon')),
      v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
      v1.taskAdded(v1.task({ id: 'test', name: 'web', framework: 'F1', agent: 'x-S0' })),
    );
    const seen = [undefined, false, true].map((healthy, at) => {
      hear(names, health(healthy, at + 1));
      return names.records.get('web.marathon.mesos.') !== undefined;
    });
    assert.deepEqual(seen, [true, !onlyHealthy, true]);
  }
});

test('tasks on agents that are drained have names unless they shall be left out', () => {
  const document = (drain: string | undefined): ClusterState => {
    const drainInfo = drain === undefined ? undefined : { state: drain };
    const state = readStateDocument({
      slaves: [{ id: 'x-S0', pid: 'slave(1)@10.1.1.1:5051', drain_info: drainInfo }],
      frameworks: [
        {
          id: 'F1',
          name: 'marathon',
          tasks: [{ id: 'test', name: 'web', slave_id: 'x-S0', state: 'TASK_RUNNING' }],
        },
      ],
    });
    if (!state.ok) throw new Error(state.error);
    return state.value;
  };
  for (const leaveOutDraining of [false, true]) {
    const names = new ClusterNames(
      { ...RULES, leaveOutDraining },
      { name: 'ns1.mesos.', addresses: ['10.0.0.53'] },
    );
    const hasName = (): boolean => names.records.get('web.marathon.mesos.') !== undefined;
    names.apply({ kind: 'snapshot', state: document(undefined) }, addressesOf);
    const before = names.records.describe();
    assert.equal(hasName(), true);
    for (const drain of ['DRAINING', 'DRAINED']) {
      names.learnFromDocument(document(drain), addressesOf);
      assert.equal(hasName(), !leaveOutDraining, drain);
    }
    names.learnFromDocument(document(undefined), addressesOf);
    assert.equal(names.records.describe(), before);
    names.apply({ kind: 'snapshot', state: document('DRAINING') }, addressesOf);
    assert.equal(hasName(), !leaveOutDraining);
  }
});
