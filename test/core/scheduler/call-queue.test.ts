/** Calls of one subscription: their order, how many are under way, and what is kept of those sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterError } from '../../../core/base/errors.ts';
import { CALLS_WAITING_MAX, CallQueue } from '../../../core/scheduler/call-queue.ts';

/** A master that answers when it is told to. */
function slowMaster() {
  const sent: number[] = [];
  const answers: (() => void)[] = [];
  const queue = new CallQueue<number>((call) => {
    sent.push(call);
    return new Promise((resolve) => answers.push(resolve));
  });
  const answerOne = async (): Promise<void> => {
    answers.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { sent, queue, answerOne };
}

test('64 calls are under way; each answer sends the next one, in order', async () => {
  const { sent, queue, answerOne } = slowMaster();
  for (let call = 0; call < 100; call += 1) void queue.push(call);
  assert.equal(sent.length, 64);
  await answerOne();
  await answerOne();
  assert.deepEqual(
    sent,
    Array.from({ length: 66 }, (_, at) => at),
  );
});

test('a queue that is never empty sends everything once, in order, and does not refuse for what it has sent', async () => {
  const { sent, queue, answerOne } = slowMaster();
  let call = 0;
  const push = (count: number): void => {
    for (let at = 0; at < count; at += 1) {
      void queue.push(call);
      call += 1;
    }
  };
  push(200);
  for (let round = 0; round < 5_000; round += 1) {
    push(1);
    await answerOne();
  }
  assert.equal(sent.length, 5_064);
  assert.ok(
    sent.every((each, at) => each === at),
    'in order, each once',
  );
});

test('what has not been sent is refused when the queue is closed or full', async () => {
  const { sent, queue } = slowMaster();
  const waiting = Array.from({ length: CALLS_WAITING_MAX + 64 }, (_, at) => queue.push(at));
  await assert.rejects(queue.push(-1), { code: 'QUEUE_FULL' });
  const reason = new ClusterError('MASTER_UNREACHABLE', 'gone', { retriable: true });
  queue.close(reason);
  const refused = await Promise.allSettled(waiting.slice(64));
  assert.ok(refused.every((each) => each.status === 'rejected' && each.reason === reason));
  assert.equal(sent.length, 64);
});
