import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateCall } from '../../../core/agent/http/executor-api.ts';
import { parseUuid } from '../../../core/base/random.ts';
import type { Call } from '../../../core/wire/types/mesos.v1.executor.ts';
import type { TaskStatus } from '../../../core/wire/types/mesos.v1.ts';

const IDS = { executor_id: { value: 'e1' }, framework_id: { value: 'F' } };
const UUID = parseUuid('99f6b1f1-2d7c-4a8e-9a11-3a3a3a3a3a3a');
const SENDER = 'executor e1 of framework F';

function update(status: Partial<TaskStatus>): Call {
  const complete: TaskStatus = {
    task_id: { value: 't1' },
    state: 'TASK_RUNNING',
    source: 'SOURCE_EXECUTOR',
    uuid: UUID,
    ...status,
  };
  return { ...IDS, type: 'UPDATE', update: { status: complete } };
}

const uuidOfVersion = (nibble: number): Uint8Array => {
  const bytes = Uint8Array.from(UUID);
  bytes[6] = nibble << 4;
  return bytes;
};

const CASES: readonly (readonly [Call, string | undefined])[] = [
  [IDS, "Expecting 'type' to be present"],
  [{ ...IDS, type: 'SUBSCRIBE' }, "Expecting 'subscribe' to be present"],
  [{ ...IDS, type: 'UPDATE' }, "Expecting 'update' to be present"],
  [{ ...IDS, type: 'MESSAGE' }, "Expecting 'message' to be present"],
  [{ ...IDS, type: 'HEARTBEAT' }, undefined],
  [update({}), undefined],
  [update({ uuid: undefined }), "Expecting 'uuid' to be present"],
  [update({ uuid: UUID.subarray(0, 15) }), 'Not a valid UUID'],
  [update({ uuid: uuidOfVersion(0) }), 'Not a valid UUID'],
  [update({ uuid: uuidOfVersion(9) }), 'Not a valid UUID'],
  [update({ uuid: uuidOfVersion(1) }), undefined],
  [
    update({ executor_id: { value: 'e2' } }),
    'ExecutorID in Call: e1 does not match ExecutorID in TaskStatus: e2',
  ],
  [
    update({ source: undefined }),
    `Received Call from ${SENDER} with invalid source, expecting 'SOURCE_EXECUTOR'`,
  ],
  [update({ state: 'TASK_STAGING' }), `Received TASK_STAGING from ${SENDER} which is not allowed`],
  [update({ check_status: {} }), "CheckStatusInfo must specify 'type'"],
  [
    update({ check_status: { type: 'HTTP' } }),
    "Expecting 'http' to be set for HTTP check's status",
  ],
];

test('calls of executors are refused with the recorded reasons', () => {
  for (const [call, reason] of CASES) assert.equal(validateCall(call), reason);
});
