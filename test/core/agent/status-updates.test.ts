import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusUpdates } from '../../../core/agent/status-updates.ts';
import { Deadlines } from '../../../core/base/deadlines.ts';
import { parseUuid } from '../../../core/base/random.ts';
import type { TaskState } from '../../../core/wire/types/mesos.v1.ts';

const uuidOf = (n: number): Uint8Array =>
  parseUuid(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);

/** Updates of one task t1 of framework f1; `now` in seconds. */
function updates(path: string | undefined = undefined) {
  const deadlines = new Deadlines();
  const stored: string[] = [];
  let sent: string[] = [];
  const subject = new StatusUpdates(deadlines, {
    append: (_path, record) =>
      stored.push(record.type === 'ACK' ? 'ack' : `update ${record.update?.status.state}`),
    forward: (update) => sent.push(update.status.state),
  });
  return {
    subject,
    stored,
    update(n: number, state: TaskState, seconds: number): boolean {
      const uuid = uuidOf(n);
      const status = { task_id: { value: 't1' }, state, uuid };
      const update = { framework_id: { value: 'f1' }, status, timestamp: seconds, uuid };
      return subject.update(update, path, seconds * 1000);
    },
    ack: (n: number, seconds: number) => subject.acknowledge('f1', 't1', uuidOf(n), seconds * 1000),
    /** Fires what is due; gives what was sent since the last look. */
    at(seconds: number): string[] {
      for (const key of deadlines.due(seconds * 1000)) subject.woke(key, seconds * 1000);
      const taken = sent;
      sent = [];
      return taken;
    },
  };
}

test('the head is sent again after 10 s, 20 s, 40 s, and then at most every 10 minutes', () => {
  const it = updates();
  it.subject.resume(0);
  it.update(1, 'TASK_RUNNING', 0);
  const times: number[] = [];
  for (let second = 0; second <= 4_000; second += 1) {
    if (it.at(second).length > 0) times.push(second);
  }
  assert.deepEqual(times.slice(0, 8), [0, 10, 30, 70, 150, 310, 630, 1230]);
  assert.equal((times[8] ?? 0) - (times[7] ?? 0), 600);
});

test('one update is under way; the next goes out with the acknowledgement and starts at 10 s', () => {
  const it = updates();
  it.subject.resume(0);
  it.update(1, 'TASK_STARTING', 0);
  it.update(2, 'TASK_RUNNING', 0);
  assert.deepEqual(it.at(0), ['TASK_STARTING']);
  assert.deepEqual(it.ack(1, 5), { kind: 'advanced', isClosed: false });
  assert.deepEqual(it.at(5), ['TASK_RUNNING']);
  assert.deepEqual(it.at(14.9), []);
  assert.deepEqual(it.at(15), ['TASK_RUNNING']);
});

test('a repeated uuid is not queued again', () => {
  const it = updates();
  it.subject.resume(0);
  assert.equal(it.update(1, 'TASK_RUNNING', 0), true);
  assert.equal(it.update(1, 'TASK_RUNNING', 1), false);
  assert.equal(it.subject.pendingCount, 1);
});

test('acknowledgements of anything but the head are ignored', () => {
  const it = updates();
  it.subject.resume(0);
  it.update(1, 'TASK_STARTING', 0);
  it.update(2, 'TASK_RUNNING', 0);
  assert.equal(it.ack(2, 1).kind, 'ignored');
  assert.equal(it.ack(1, 1).kind, 'advanced');
  assert.equal(it.ack(1, 2).kind, 'ignored');
});

test('nothing is sent while there is no master, and every head when there is one again', () => {
  const it = updates();
  it.update(1, 'TASK_RUNNING', 0);
  assert.deepEqual(it.at(100), []);
  it.subject.resume(100_000);
  assert.deepEqual(it.at(100), ['TASK_RUNNING']);
  it.subject.pause();
  assert.deepEqual(it.at(1_000), []);
});

test('the acknowledged terminal update closes the stream', () => {
  const it = updates();
  it.subject.resume(0);
  it.update(1, 'TASK_FINISHED', 0);
  assert.deepEqual(it.ack(1, 1), { kind: 'advanced', isClosed: true });
  it.at(1);
  assert.deepEqual(it.at(1_000), []);
});

test('updates and acknowledgements of checkpointing frameworks are stored in their order', () => {
  const it = updates('some/path');
  it.subject.resume(0);
  it.update(1, 'TASK_RUNNING', 0);
  it.ack(1, 1);
  assert.deepEqual(it.stored, ['update TASK_RUNNING', 'ack']);
});

test('a recovered stream goes on with the first update that is not acknowledged', () => {
  const it = updates();
  const record = (n: number, state: TaskState) => ({
    type: 'UPDATE' as const,
    update: {
      framework_id: { value: 'f1' },
      status: { task_id: { value: 't1' }, state, uuid: uuidOf(n) },
      timestamp: 0,
      uuid: uuidOf(n),
    },
  });
  it.subject.recover('f1', 't1', 'p', [
    record(1, 'TASK_STARTING'),
    { type: 'ACK', uuid: uuidOf(1) },
    record(2, 'TASK_RUNNING'),
  ]);
  it.subject.resume(0);
  assert.deepEqual(it.at(0), ['TASK_RUNNING']);
  assert.equal(it.update(1, 'TASK_STARTING', 1), false);
});
