/** Questions to the coordinators of jobs (spec aurora-scheduler, section 8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import { Coordinators } from '../../../schedulers/aurora/coordinator.ts';
import type { ScheduledTask } from '../../../schedulers/aurora/thrift/types.ts';
import { config } from './machine/scheduler-tester.ts';

interface Asked {
  readonly url: string;
  readonly body: string;
  answer(status: number, body: string): void;
}

function coordinators(parallelMax: number) {
  const asked: Asked[] = [];
  const answers: string[] = [];
  const http: Pick<HttpClient, 'request'> = {
    request: ({ url, body }) =>
      new Promise((resolve, reject) => {
        asked.push({
          url,
          body: Buffer.from(body ?? '').toString(),
          answer: (status, text) => {
            if (status === 0) reject(new Error('connection refused'));
            const bytes = Buffer.from(text);
            resolve({
              status,
              headers: {},
              body: (async function* () {
                yield bytes;
              })(),
              text: async () => text,
              bytes: async () => bytes,
              cancel: () => undefined,
            });
          },
        });
      }),
  };
  const it = new Coordinators(
    { clusterName: 'devcluster', timeoutMs: 60_000, parallelMax },
    { http: { ...http, close: async () => undefined }, log: silentLog },
    (taskId, isPermitted) => answers.push(`${taskId} ${isPermitted}`),
  );
  return { it, asked, answers };
}

function task(instanceId: number): ScheduledTask {
  const taskConfig = config();
  return {
    assignedTask: {
      taskId: `t${instanceId}`,
      slaveHost: 'h1',
      task: taskConfig,
      instanceId,
      assignedPorts: new Map([['http', 31_000]]),
    },
    status: 'RUNNING',
    failureCount: 0,
    taskEvents: [],
    timesPartitioned: 0,
  };
}

const ask = (url: string, instanceId: number, forcedInMs?: number) => ({
  kind: 'ask-coordinator' as const,
  url,
  statusKey: 'drain',
  task: task(instanceId),
  forcedInMs,
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a question names the task, and carries it with numbers for enumerations', async () => {
  const { it, asked, answers } = coordinators(10);
  it.ask(ask('http://c/ask?a=b', 3, 604_800_000));
  const [question] = asked;
  assert.ok(question !== undefined);
  const name = 'devcluster/www/prod/web/3';
  assert.equal(question.url, `http://c/ask?a=b&task=${encodeURIComponent(name)}`);
  const body = JSON.parse(question.body);
  assert.equal(body.task, name);
  assert.equal(body.forceMaintenanceCountdownMs, '604800000');
  assert.equal(body.taskConfig.status, 2);
  assert.equal(body.taskConfig.assignedTask.task.isService, 1);
  assert.deepEqual(body.taskConfig.assignedTask.assignedPorts, { http: 31_000 });
  question.answer(200, '{"drain":true}');
  await settled();
  assert.deepEqual(answers, ['t3 true']);
});

test('whatever is no clear yes is a no', async () => {
  const rows: readonly (readonly [number, string])[] = [
    [200, '{"drain":"true"}'],
    [200, '{"other":true}'],
    [200, 'true'],
    [200, '{'],
    [500, '{"drain":true}'],
    [0, ''],
  ];
  for (const [status, text] of rows) {
    const { it, asked, answers } = coordinators(10);
    it.ask(ask('http://c', 0));
    asked[0]?.answer(status, text);
    await settled();
    assert.deepEqual(answers, ['t0 false'], `${status} ${text}`);
  }
});

test('one question at a time goes to an address, and only so many in all', async () => {
  const { it, asked, answers } = coordinators(2);
  for (const [url, instance] of [
    ['http://a', 0],
    ['http://a', 1],
    ['http://b', 2],
    ['http://c', 3],
  ] as const) {
    it.ask(ask(url, instance));
  }
  const urls = () => asked.map(({ url }) => new URL(url).host);
  assert.deepEqual(urls(), ['a', 'b']);
  asked[1]?.answer(200, '{"drain":true}');
  await settled();
  assert.deepEqual(urls(), ['a', 'b', 'c']);
  asked[0]?.answer(200, '{"drain":true}');
  await settled();
  assert.deepEqual(urls(), ['a', 'b', 'c', 'a']);
  assert.deepEqual(answers, ['t2 true', 't0 true']);
});
