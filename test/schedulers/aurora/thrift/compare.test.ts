import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areEqual, canonicalText } from '../../../../schedulers/aurora/thrift/compare.ts';
import type { TaskConfig } from '../../../../schedulers/aurora/thrift/types.ts';

const CONFIG: TaskConfig = {
  isService: false,
  priority: 0,
  maxTaskFailures: 1,
  constraints: [],
  resources: [{ numCpus: 1 }, { namedPort: 'http' }],
  metadata: [{ key: 'a', value: 'b' }],
};

test('sets are equal in any order, and with an element twice', () => {
  const other: TaskConfig = {
    ...CONFIG,
    resources: [{ namedPort: 'http' }, { numCpus: 1 }, { numCpus: 1 }],
  };
  assert.ok(areEqual('TaskConfig', CONFIG, other));
  assert.equal(canonicalText('TaskConfig', CONFIG), canonicalText('TaskConfig', other));
});

test('each of these differences counts', () => {
  const others: readonly Partial<TaskConfig>[] = [
    { priority: 1 },
    { metadata: [] },
    { metadata: undefined },
    { resources: [{ numCpus: 1 }, { namedPort: 'HTTP' }] },
    { tier: '' },
  ];
  for (const change of others) assert.ok(!areEqual('TaskConfig', CONFIG, { ...CONFIG, ...change }));
});

test('lists are compared with their order', () => {
  const one = { groupSizes: [1, 2], autopauseAfterBatch: false };
  const other = { groupSizes: [2, 1], autopauseAfterBatch: false };
  assert.ok(!areEqual('VariableBatchJobUpdateStrategy', one, other));
});
