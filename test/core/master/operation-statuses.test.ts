/** What becomes of operations: statuses from agents, who hears of them, who acknowledges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { minutes } from '../../../core/base/duration.ts';
import { frameworkId } from '../../../core/base/ids.ts';
import type { UpdateOperationStatusMessage } from '../../../core/wire/types/mesos.internal.ts';
import type { Operation, OperationState, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources } from './machine-builder.ts';

const DISK: Resource = {
  ...defined(resources('disk:10')[0], 'disk'),
  reservations: [{ role: 'web', type: 'DYNAMIC', principal: 'p' }],
};
const RESERVE = { type: 'RESERVE', id: { value: 'op-1' }, reserve: { resources: [DISK] } } as const;
const UUID = { value: new Uint8Array(16).fill(9) };

function reserved() {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', { roles: ['web'], principal: 'p', failoverTimeout: 100 });
  it.accept(framework, it.takeOffer('f'), [RESERVE]);
  const sent = it.sentTo('a1').at(-1);
  assert.ok(sent?.name === 'mesos.internal.ApplyOperationMessage');
  return { it, agent, framework, uuid: sent.message.operation_uuid };
}

function tell(it: MasterScene, message: UpdateOperationStatusMessage): void {
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: { name: 'mesos.internal.UpdateOperationStatusMessage', message },
  });
  it.advance(1);
}

const operationLines = (it: MasterScene, stream = 'f'): readonly string[] =>
  it.lines(stream).filter((line) => line.startsWith('OPERATION'));

test('an agent that never heard of an operation names neither it nor the framework, which is told', () => {
  const { it, agent, uuid } = reserved();
  const status = { state: 'OPERATION_DROPPED', agent_id: { value: agent } } as const;
  tell(it, { slave_id: { value: agent }, operation_uuid: uuid, status });
  assert.deepEqual(operationLines(it), ['OPERATION op-1 OPERATION_DROPPED']);
  assert.equal(it.state.operations.size, 0);
});

test('a status that is repeated is kept once, and told again', () => {
  const { it, agent, framework, uuid } = reserved();
  const status = {
    ...{ operation_id: { value: 'op-1' }, agent_id: { value: agent }, uuid: UUID },
    state: 'OPERATION_FINISHED',
  } as const;
  const message = { slave_id: { value: agent }, operation_uuid: uuid, status };
  tell(it, { ...message, framework_id: { value: framework } });
  tell(it, { ...message, framework_id: { value: framework } });
  assert.equal(operationLines(it).length, 2);
  const [record] = it.state.operations.values();
  assert.equal(record?.operation.statuses?.length, 1);
});

test('what the master has forgotten is passed on to the framework that waits for it', () => {
  const { it, agent, framework } = reserved();
  const status = { operation_id: { value: 'old' }, state: 'OPERATION_FINISHED' } as const;
  tell(it, {
    ...{ slave_id: { value: agent }, framework_id: { value: framework }, status },
    operation_uuid: { value: new Uint8Array(16).fill(7) },
  });
  assert.deepEqual(operationLines(it), ['OPERATION old OPERATION_FINISHED']);
  assert.equal(it.state.counters.get('invalid_operation_status_updates'), 1);
});

/** After a failover of the master: the agent is back with an operation, its framework is not yet. */
function orphan(state: OperationState = 'OPERATION_FINISHED') {
  const it = new MasterScene();
  const agent = 'OLD-S0';
  it.reregister('a1', agent);
  const latest_status = { operation_id: { value: 'op-1' }, state, uuid: UUID };
  const operation: Operation = {
    ...{ framework_id: { value: 'OLD-0000' }, agent_id: { value: agent }, info: RESERVE },
    ...{ latest_status, statuses: [latest_status], uuid: UUID },
  };
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: {
      name: 'mesos.internal.UpdateSlaveMessage',
      message: {
        slave_id: { value: agent },
        update_oversubscribed_resources: false,
        operations: { operations: [operation] },
      },
    },
  });
  it.sentTo('a1');
  const message = {
    ...{ slave_id: { value: agent }, framework_id: { value: 'OLD-0000' }, status: latest_status },
    operation_uuid: UUID,
  };
  return { it, message };
}

test('an operation whose framework may still come is not acknowledged by the master', () => {
  const { it, message } = orphan();
  tell(it, message);
  assert.deepEqual(it.sentNames('a1'), []);
  it.subscribe('f', { id: 'OLD-0000', roles: ['web'] });
  it.sentTo('a1');
  tell(it, message);
  assert.deepEqual(operationLines(it), ['OPERATION op-1 OPERATION_FINISHED']);
  it.call('OLD-0000', {
    type: 'ACKNOWLEDGE_OPERATION_STATUS',
    acknowledge_operation_status: {
      ...{ agent_id: { value: 'OLD-S0' }, operation_id: { value: 'op-1' }, uuid: UUID.value },
    },
  });
  assert.deepEqual(it.sentNames('a1'), ['AcknowledgeOperationStatusMessage']);
  assert.equal(it.state.operations.size, 0);
});

test('after ten minutes the master acknowledges for a framework that does not come', () => {
  const { it, message } = orphan();
  for (let at = 0; at < 61; at += 1) {
    it.advance(minutes(10) / 60);
    it.pong(1);
  }
  tell(it, message);
  assert.deepEqual(it.sentNames('a1'), ['AcknowledgeOperationStatusMessage']);
  assert.equal(it.state.operations.size, 0);
});

test('a drained agent is judged when it has said what it still does', () => {
  const { it, agent } = reserved();
  const request = {
    kind: 'drain-agent',
    agent,
    maxGracePeriod: undefined,
    markGone: undefined,
  } as const;
  it.input({ kind: 'operator', ticket: 1, request });
  it.exit('a1');
  it.advance(minutes(11));
  it.reregister('a1', agent);
  const drain = () => [...it.state.agents.values()][0]?.drainInfo?.state;
  assert.equal(drain(), 'DRAINING');
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: {
      name: 'mesos.internal.UpdateSlaveMessage',
      message: { slave_id: { value: agent }, operations: {} },
    },
  });
  assert.equal(drain(), 'DRAINED');
});

test('operations that are refused and those of lost agents stay counted', () => {
  const { it, agent, framework } = reserved();
  it.accept(framework, it.takeOffer('f'), [{ ...RESERVE, reserve: { resources: [] } }]);
  assert.equal(it.state.counters.get('operations/reserve/OPERATION_ERROR'), 1);
  assert.equal(it.state.frameworks.get(frameworkId(framework))?.counters.get('operations'), 1);
  it.take('f');
  it.input({ kind: 'operator', ticket: 1, request: { kind: 'mark-agent-gone', agent } });
  assert.deepEqual(operationLines(it), [
    'OPERATION op-1 OPERATION_GONE_BY_OPERATOR Agent has been marked gone',
  ]);
  assert.equal(it.state.counters.get('operations/reserve/OPERATION_GONE_BY_OPERATOR'), 1);
});

test('nobody is told of the operations of an agent that unregisters', () => {
  const { it, agent } = reserved();
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: {
      name: 'mesos.internal.UnregisterSlaveMessage',
      message: { slave_id: { value: agent } },
    },
  });
  assert.deepEqual(operationLines(it), []);
  assert.equal(it.state.operations.size, 0);
});
