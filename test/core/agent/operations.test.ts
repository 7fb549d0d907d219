/** Offer operations at the agent: applied once, told until acknowledged, kept over a restart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUuid } from '../../../core/base/random.ts';
import { contains } from '../../../core/resources/arithmetic.ts';
import type { UpdateOperationStatusMessage } from '../../../core/wire/types/mesos.internal.ts';
import type { OfferOperation, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { AGENT_ID, AgentKit } from './agent-builder.ts';

const OPERATION = Uint8Array.from({ length: 16 }, (_, index) => (index === 6 ? 0x40 : index));

const RESERVED: Resource = {
  name: 'mem',
  type: 'SCALAR',
  scalar: { value: 100 },
  reservations: [{ type: 'DYNAMIC', role: 'web', principal: 'edge' }],
};

function reserve(it: AgentKit, version: Uint8Array = resourceVersionOf(it)): void {
  it.message({
    name: 'mesos.internal.ApplyOperationMessage',
    value: {
      framework_id: { value: 'F' },
      operation_info: {
        type: 'RESERVE',
        id: { value: 'op' },
        reserve: { resources: [RESERVED] },
      },
      operation_uuid: { value: OPERATION },
      resource_version_uuid: { uuid: { value: version } },
    },
  });
}

function resourceVersionOf(it: AgentKit): Uint8Array {
  return Uint8Array.from(Buffer.from(it.machine.state.resourceVersion.replaceAll('-', ''), 'hex'));
}

/** Statuses sent to the master since the last look. */
function told(it: AgentKit): readonly UpdateOperationStatusMessage[] {
  return it.effectsTaken().flatMap((effect) => {
    if (effect.kind !== 'send') return [];
    const { name, value } = effect.message;
    return name === 'mesos.internal.UpdateOperationStatusMessage' ? [value] : [];
  });
}

function acknowledge(it: AgentKit, message: UpdateOperationStatusMessage | undefined): void {
  const status_uuid = message?.status.uuid;
  assert.ok(status_uuid !== undefined);
  it.message({
    name: 'mesos.internal.AcknowledgeOperationStatusMessage',
    value: { status_uuid, operation_uuid: { value: OPERATION } },
  });
}

test('the status of an operation is told again after 10 s, 20 s and so on until acknowledged', () => {
  const it = new AgentKit().registered();
  reserve(it);
  const [first] = told(it);
  assert.equal(first?.status.state, 'OPERATION_FINISHED');
  assert.deepEqual(first?.status.operation_id, { value: 'op' });
  it.advance(9_999);
  assert.deepEqual(told(it), []);
  it.advance(1);
  assert.deepEqual(told(it), [first]);
  it.advance(19_999);
  assert.deepEqual(told(it), []);
  it.advance(1);
  assert.deepEqual(told(it), [first]);
  acknowledge(it, first);
  it.advance(3_600_000);
  assert.deepEqual(told(it), []);
});

test('an operation that comes twice is applied once', () => {
  const it = new AgentKit().registered();
  reserve(it);
  reserve(it);
  assert.equal(told(it).length, 1);
  const { totalResources } = it.machine.state;
  const text = JSON.stringify(totalResources);
  assert.ok(contains(totalResources, [RESERVED]), text);
  const twice = { ...RESERVED, scalar: { value: 101 } };
  assert.ok(!contains(totalResources, [twice]), text);
});

test('an operation made for other resources than the agent has now is dropped', () => {
  const it = new AgentKit().registered();
  reserve(it, OPERATION);
  const [first] = told(it);
  assert.equal(first?.status.state, 'OPERATION_DROPPED');
  assert.equal(first?.status.message, 'Operation assumes outdated resource state');
  assert.ok(!contains(it.machine.state.totalResources, [RESERVED]));
});

test('reservation and unacknowledged status survive a restart of the agent', () => {
  const before = new AgentKit().registered();
  reserve(before);
  const [first] = told(before);
  const after = new AgentKit({ files: before.files, seed: 2 });
  assert.ok(contains(after.machine.state.totalResources, [RESERVED]));
  after.registered();
  after.advance(10_000);
  const [again] = told(after);
  assert.equal(again?.slave_id?.value, AGENT_ID);
  assert.equal(
    formatUuid(again?.status.uuid?.value ?? new Uint8Array(16)),
    formatUuid(first?.status.uuid?.value ?? new Uint8Array(16)),
  );
});

test('a framework learns the state of its operation, or that nobody knows it here', () => {
  const it = new AgentKit().registered();
  reserve(it);
  told(it);
  const ask = (operation: string, provider: string): UpdateOperationStatusMessage | undefined => {
    it.message({
      name: 'mesos.internal.ReconcileOperationsMessage',
      value: {
        framework_id: { value: 'F' },
        operations: [
          { operation_id: { value: operation }, resource_provider_id: { value: provider } },
        ],
      },
    });
    return told(it)[0];
  };
  const known = ask('op', 'rp');
  assert.equal(known?.status.state, 'OPERATION_FINISHED');
  assert.equal(known?.status.uuid, undefined);
  assert.deepEqual(ask('other', 'rp'), {
    framework_id: { value: 'F' },
    slave_id: { value: AGENT_ID },
    status: {
      operation_id: { value: 'other' },
      state: 'OPERATION_UNKNOWN',
      agent_id: { value: AGENT_ID },
      resource_provider_id: { value: 'rp' },
    },
  });
});

const DISKS = [
  ['/mnt/disk', { type: 'MOUNT', mount: { root: '/mnt/disk' } }, '/mnt/disk', true],
  [
    '/mnt/path',
    { type: 'PATH', path: { root: '/mnt/path' } },
    '/mnt/path/volumes/roles/web/v1',
    false,
  ],
  ['inside', { type: 'PATH', path: { root: 'inside' } }, 'inside/volumes/roles/web/v1', false],
] as const;

for (const [root, source, directory, stays] of DISKS) {
  test(`a volume on a disk of its own is made and removed: ${source.type} ${root}`, () => {
    const scalar = { value: 100 };
    const reservations = [{ type: 'STATIC', role: 'web' } as const];
    const disk: Resource = { name: 'disk', type: 'SCALAR', scalar, reservations, disk: { source } };
    const persistence = { id: 'v1', principal: 'edge' };
    const volume: Resource = {
      ...disk,
      disk: { source, persistence, volume: { mode: 'RW', container_path: 'data' } },
    };
    const it = new AgentKit({ resources: [disk] }).registered();
    const operate = (type: 'CREATE' | 'DESTROY', number: number): void => {
      const volumes = { volumes: [volume] };
      it.message({
        name: 'mesos.internal.ApplyOperationMessage',
        value: {
          framework_id: { value: 'F' },
          operation_info: { type, [type === 'CREATE' ? 'create' : 'destroy']: volumes },
          operation_uuid: { value: OPERATION.with(15, number) },
          resource_version_uuid: { uuid: { value: resourceVersionOf(it) } },
        },
      });
      assert.equal(told(it)[0]?.status.state, 'OPERATION_FINISHED');
    };
    operate('CREATE', 1);
    assert.ok(it.files.modifiedAt(directory) !== undefined, 'it is made');
    it.files.write(`${directory}/left`, OPERATION, false);
    operate('DESTROY', 2);
    assert.deepEqual(it.files.list(directory), []);
    assert.equal(it.files.modifiedAt(directory) !== undefined, stays);
  });
}

test('a volume that grows or shrinks keeps what is in it', () => {
  const reservations = [{ type: 'STATIC', role: 'web' } as const];
  const disk = (value: number, more: Partial<Resource> = {}): Resource => {
    return { name: 'disk', type: 'SCALAR', scalar: { value }, reservations, ...more };
  };
  const volume = (value: number): Resource => {
    const persistence = { id: 'v1', principal: 'edge' };
    return disk(value, {
      disk: { persistence, volume: { mode: 'RW', container_path: 'data' } },
    });
  };
  const it = new AgentKit({ resources: [disk(100)] }).registered();
  const operate = (number: number, operation_info: OfferOperation): void => {
    it.message({
      name: 'mesos.internal.ApplyOperationMessage',
      value: {
        framework_id: { value: 'F' },
        operation_info,
        operation_uuid: { value: OPERATION.with(15, number) },
        resource_version_uuid: { uuid: { value: resourceVersionOf(it) } },
      },
    });
    assert.equal(told(it)[0]?.status.state, 'OPERATION_FINISHED');
  };
  const directory = 'volumes/roles/web/v1';
  operate(1, { type: 'CREATE', create: { volumes: [volume(40)] } });
  it.files.write(`${directory}/precious`, OPERATION, false);
  operate(2, { type: 'GROW_VOLUME', grow_volume: { volume: volume(40), addition: disk(20) } });
  assert.deepEqual(it.files.list(directory), ['precious']);
  operate(3, {
    type: 'SHRINK_VOLUME',
    shrink_volume: { volume: volume(60), subtract: { value: 30 } },
  });
  assert.deepEqual(it.files.list(directory), ['precious']);
  assert.ok(contains(it.machine.state.totalResources, [volume(30)]));
  operate(4, { type: 'DESTROY', destroy: { volumes: [volume(30)] } });
  assert.equal(it.files.modifiedAt(directory), undefined);
});
