/** The web hook: what it tells, of what, and what becomes of a hearer who does not listen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import type { HttpClient, HttpRequest } from '../../../core/net/ports.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { WAITING_MAX, Webhook, type WebhookOptions } from '../../../schedulers/aurora/webhook.ts';
import { parseWebhook } from '../../../schedulers/aurora/webhook-flags.ts';
import { config, job, SchedulerTester } from './machine/scheduler-tester.ts';

const FILE = {
  headers: { 'Content-Type': 'application/vnd.kafka.json.v1+json', 'Producer-Type': 'reliable' },
  targetURL: 'http://localhost:5000/',
  timeoutMsec: 50,
};

function hookOf(options: WebhookOptions) {
  const told: HttpRequest[] = [];
  const answers: ((status: number) => void)[] = [];
  const http: HttpClient = {
    request: (request) =>
      new Promise((resolve, reject) => {
        told.push(request);
        answers.push((status) => {
          if (status === 0) reject(new Error('connection refused'));
          const empty = async () => new Uint8Array();
          const body = (async function* () {})();
          const cancel = () => undefined;
          resolve({ status, headers: {}, body, text: async () => '', bytes: empty, cancel });
        });
      }),
    close: async () => undefined,
  };
  const clock = new SimulatedClock(1_464_992_060_258);
  return { hook: new Webhook(options, { http, clock, log: silentLog }), told, answers };
}

function compiled(file: unknown): WebhookOptions {
  const options = parseWebhook(file);
  assert.ok(options.ok, options.ok ? '' : options.error);
  return options.value;
}

/** A scheduler whose task goes through its life. */
function changes() {
  const it = new SchedulerTester({ tellsChanges: true });
  it.create(job(1, { resources: [...config().resources, { namedPort: 'http' }] }));
  it.run();
  return it.takeEffects().flatMap((effect) => (effect.kind === 'task-changed' ? [effect] : []));
}

test('every state of a task is told, with the one before', () => {
  assert.deepEqual(
    changes().map(({ from, task }) => `${from} > ${task.status}`),
    ['INIT > PENDING', 'PENDING > ASSIGNED', 'ASSIGNED > RUNNING'],
  );
});

test('nothing is told where nobody asked for it', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  assert.ok(it.takeEffects().every(({ kind }) => kind !== 'task-changed'));
});

test('an event is a POST of the task and its old state, with the headers of the file and the time', () => {
  const { hook, told } = hookOf(compiled(FILE));
  const running = changes().at(-1);
  assert.ok(running !== undefined);
  hook.tell(running);
  const [request] = told;
  assert.equal(request?.method, 'POST');
  assert.equal(request?.url, 'http://localhost:5000/');
  assert.deepEqual(request?.headers, { ...FILE.headers, Timestamp: '1464992060258' });
  assert.ok(typeof request?.body === 'string');
  const { task, oldState } = JSON.parse(request.body);
  assert.deepEqual(oldState, { value: 'ASSIGNED' });
  assert.equal(task.status, 'RUNNING');
  assert.equal(task.assignedTask.slaveHost, 'h1');
  assert.deepEqual(task.assignedTask.task.job, { role: 'www', environment: 'prod', name: 'web' });
  assert.equal(task.assignedTask.task.isService, true);
  assert.deepEqual(task.assignedTask.task.resources, [
    { setField: 'NUM_CPUS', value: 1 },
    { setField: 'RAM_MB', value: 128 },
    { setField: 'DISK_MB', value: 64 },
    { setField: 'NAMED_PORT', value: 'http' },
  ]);
  assert.deepEqual(task.assignedTask.task.container, { setField: 'MESOS', value: {} });
  assert.equal(typeof task.assignedTask.assignedPorts.http, 'number');
});

test('only the states of the list are told; a star, or no list, means all', () => {
  const rows: readonly (readonly [statuses: unknown, toldCount: number])[] = [
    [undefined, 3],
    [null, 3],
    [['*'], 3],
    [['LOST', '*'], 3],
    [['RUNNING'], 1],
    [['LOST', 'FAILED'], 0],
    [[], 0],
  ];
  for (const [statuses, toldCount] of rows) {
    const { hook, told } = hookOf(compiled({ ...FILE, statuses }));
    for (const change of changes()) hook.tell(change);
    assert.equal(told.length, toldCount, JSON.stringify(statuses));
  }
});

test('what is wrong with the file is named', () => {
  const rows: readonly (readonly [file: unknown, text: string])[] = [
    [[], 'the file is no object'],
    [{ ...FILE, targetURL: 'nowhere' }, `'targetURL' is no address`],
    [{ ...FILE, timeoutMsec: undefined }, `'timeoutMsec' is no number above 0`],
    [{ ...FILE, timeoutMsec: 600_001 }, `'timeoutMsec' is above 600000`],
    [{ ...FILE, headers: undefined }, `'headers' is no object`],
    [{ ...FILE, headers: { a: 1 } }, `header 'a' is no text`],
    [{ ...FILE, statuses: ['BUSY'] }, `there is no status 'BUSY'`],
    [{ ...FILE, statuses: 'LOST' }, `'statuses' is no list`],
    [{ ...FILE, target: 'x' }, `there is no 'target'`],
  ];
  for (const [file, text] of rows) {
    assert.deepEqual(parseWebhook(file), { ok: false, error: `Flag 'webhook_config': ${text}` });
  }
});

test('answers are counted, and a hearer who is slow holds nobody up', async () => {
  const { hook, told, answers } = hookOf(compiled(FILE));
  const [change] = changes();
  assert.ok(change !== undefined);
  for (let at = 0; at < 10 + WAITING_MAX + 5; at += 1) hook.tell(change);
  assert.equal(told.length, 10);
  for (const [at, status] of [200, 204, 500, 0].entries()) answers[at]?.(status);
  await new Promise(setImmediate);
  assert.equal(told.length, 14);
  assert.deepEqual(Object.fromEntries(hook.figures), {
    webhooks_attempts: 14,
    webhooks_success: 2,
    webhooks_errors: 1,
    webhooks_user_errors: 1,
    webhooks_dropped: 5,
  });
  hook.stop();
  for (const answer of answers) answer(200);
  await new Promise(setImmediate);
  assert.equal(told.length, 14);
});
