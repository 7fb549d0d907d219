/** RECONCILE_OPERATIONS: what is known, what is not, and what the agent is asked about. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationStatus } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources } from './machine-builder.ts';

const DISK = [
  {
    ...resources('disk:10')[0],
    name: 'disk',
    type: 'SCALAR',
    reservations: [{ type: 'DYNAMIC', role: 'web', principal: 'edge' }],
  },
] as const;

class Scene {
  readonly it = new MasterScene();
  readonly agent: string;
  readonly framework: string;

  constructor() {
    this.agent = this.it.agent('a1');
    this.framework = this.it.subscribe('f', { roles: ['web'], principal: 'edge' });
    this.it.sentTo('a1');
  }

  reconcile(
    ...operations: readonly Readonly<Record<string, string>>[]
  ): readonly OperationStatus[] {
    const wired = operations.map(({ id = '', agent, provider }) => ({
      operation_id: { value: id },
      agent_id: agent === undefined ? undefined : { value: agent },
      resource_provider_id: provider === undefined ? undefined : { value: provider },
    }));
    this.it.call(this.framework, {
      type: 'RECONCILE_OPERATIONS',
      reconcile_operations: { operations: wired },
    });
    return this.told();
  }

  told(): readonly OperationStatus[] {
    const events = this.it.take('f');
    const statuses = events.flatMap(({ update_operation_status }) =>
      update_operation_status === undefined ? [] : [update_operation_status.status],
    );
    return JSON.parse(JSON.stringify(statuses));
  }

  reserve(): void {
    this.it.accept(this.framework, this.it.takeOffer('f'), [
      { type: 'RESERVE', id: { value: 'op-1' }, reserve: { resources: DISK } },
    ]);
    this.it.sentTo('a1');
    this.told();
  }
}

const PENDING = {
  operation_id: { value: 'op-1' },
  state: 'OPERATION_PENDING',
  agent_id: { value: 'M-S0' },
};

test('every operation of the framework is told when none is named, without uuid', () => {
  const scene = new Scene();
  scene.reserve();
  assert.deepEqual(scene.reconcile(), [PENDING]);
});

test('a known operation is told whatever agent is named', () => {
  const scene = new Scene();
  scene.reserve();
  const [status] = scene.reconcile({ id: 'op-1', agent: 'other' });
  assert.deepEqual(status, PENDING);
});

test('an unknown operation is told with what is known of its agent', () => {
  const scene = new Scene();
  const { agent } = scene;
  const outcome = (asked: Readonly<Record<string, string>>): string => {
    const [status] = scene.reconcile(asked);
    return `${status?.state}: ${status?.message}`;
  };
  assert.equal(
    outcome({ id: 'x' }),
    "OPERATION_UNKNOWN: Reconciliation: Operation is unknown and no 'agent_id' was provided",
  );
  assert.equal(
    outcome({ id: 'x', agent }),
    'OPERATION_UNKNOWN: Reconciliation: Operation is unknown',
  );
  assert.equal(
    outcome({ id: 'x', agent: 'M-S9' }),
    'OPERATION_UNKNOWN: Reconciliation: Both operation and agent are unknown',
  );
});

test('an operation of a resource provider is asked for at its agent, whose answer is passed on', () => {
  const scene = new Scene();
  const { agent, framework } = scene;
  assert.deepEqual(scene.reconcile({ id: 'x', agent, provider: 'rp' }), []);
  const [asked] = scene.it.sentTo('a1');
  assert.deepEqual(asked, {
    name: 'mesos.internal.ReconcileOperationsMessage',
    message: {
      operations: [{ operation_id: { value: 'x' }, resource_provider_id: { value: 'rp' } }],
      framework_id: { value: framework },
    },
  });
  const status = {
    operation_id: { value: 'x' },
    state: 'OPERATION_UNKNOWN',
    agent_id: { value: agent },
    resource_provider_id: { value: 'rp' },
  } as const;
  scene.it.input({
    kind: 'message',
    from: scene.it.pid('a1'),
    content: {
      name: 'mesos.internal.UpdateOperationStatusMessage',
      message: { framework_id: { value: framework }, slave_id: { value: agent }, status },
    },
  });
  assert.deepEqual(scene.told(), [status]);
});

test('an answer without uuid for a framework that is not there is counted as a message only', () => {
  const scene = new Scene();
  const count = (what: string): number => scene.it.state.counters.get(what);
  scene.it.input({
    kind: 'message',
    from: scene.it.pid('a1'),
    content: {
      name: 'mesos.internal.UpdateOperationStatusMessage',
      message: {
        framework_id: { value: 'nobody' },
        slave_id: { value: scene.agent },
        status: { operation_id: { value: 'x' }, state: 'OPERATION_UNKNOWN' },
      },
    },
  });
  assert.equal(count('messages_operation_status_update'), 1);
  assert.equal(count('invalid_operation_status_updates'), 0);
  assert.equal(count('valid_operation_status_updates'), 0);
});
