import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { CHRONOS_DEFAULTS } from '../../../schedulers/chronos/options.ts';
import { ChronosTester } from './chronos-tester.ts';

const REQUIRED = 'java.lang.IllegalArgumentException: requirement failed: ';

async function started(
  t: TestContext,
  options: ConstructorParameters<typeof ChronosTester>[0] = {},
): Promise<ChronosTester> {
  const it = await new ChronosTester(options).start();
  it.cluster.plan = () => undefined;
  t.after(() => it.chronos.stop());
  return it;
}

function messageOf(json: unknown): string {
  return typeof json === 'object' && json !== null && 'message' in json ? String(json.message) : '';
}

test('a container is passed through and printed in order', async (t) => {
  const it = await started(t);
  await it.post({
    name: 'c',
    schedule: 'R1//P1Y',
    container: {
      type: 'docker',
      image: 'alpine:3',
      network: 'BRIDGE',
      volumes: [{ containerPath: '/data', hostPath: '/srv', mode: 'ro' }],
      parameters: [{ key: 'cap-add', value: 'X' }],
      forcePullImage: 'true',
    },
  });
  assert.match(
    (await it.http('GET', '/v1/scheduler/job/c')).text,
    /"container":\{"type":"DOCKER","image":"alpine:3","network":"BRIDGE","networkInfos":\[\],"volumes":\[\{"containerPath":"\/data","hostPath":"\/srv","mode":"RO"\}\],"forcePullImage":true,"parameters":\[\{"key":"cap-add","value":"X"\}\]\}/,
  );
  await it.clock.advance(1_000);
  const task = it.tasks('c')[0]?.info;
  assert.deepEqual(task?.container?.docker?.image, 'alpine:3');
  assert.deepEqual(task?.container?.docker?.force_pull_image, true);
});

test('a job without schedule and parents runs once, now', async (t) => {
  const it = await started(t);
  await it.post({ name: 'now' });
  await it.clock.advance(1_000);
  assert.equal(it.launches('now').length, 1);
});

test('a replacement with an earlier start is noticed at once', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R/2030-01-01T00:00:00Z/P1D' });
  await it.clock.advance(10_000);
  await it.post({ name: 'a', schedule: 'R1//P1D' });
  await it.clock.advance(100);
  assert.equal(it.launches('a').length, 1);
});

test('deleting a job kills its tasks and forgets its runs, also after a restart', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R1//P1D' });
  await it.clock.advance(1_000);
  assert.equal(it.cluster.alive().length, 1);
  assert.equal((await it.http('DELETE', '/scheduler/job/a')).status, 204);
  await it.clock.advance(100);
  assert.equal(it.cluster.alive().length, 0);
  await it.crash();
  assert.equal((await it.http('GET', '/scheduler/jobs')).text, '[]');
});

test('starting now takes arguments, counts as a launch and is refused for nobody', async (t) => {
  const it = await started(t);
  await it.post({
    name: 'a',
    schedule: 'R3/2030-01-01T00:00:00Z/P1D',
    command: 'echo',
    arguments: ['own'],
  });
  const url = `/scheduler/job/a?arguments=${encodeURIComponent('-c 1 ; ./evil.sh')}`;
  assert.equal((await it.http('PUT', url)).status, 204);
  await it.clock.advance(1_000);
  const task = it.tasks('a')[0]?.info;
  assert.match(task?.task_id.value ?? '', /^ct:\d+:0:a:-c 1 {2}\.\/evil\.sh$/);
  assert.equal(task?.command?.value, 'echo -c 1  ./evil.sh');
  assert.equal((await it.job('a'))['schedule'], 'R2/2030-01-01T00:00:00.000Z/P1D');
});

test('a second start of a queued job does nothing', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R/2030-01-01T00:00:00Z/P1D', cpus: 100 });
  assert.equal((await it.http('PUT', '/scheduler/job/a')).status, 204);
  assert.equal((await it.http('PUT', '/scheduler/job/a')).status, 204);
  assert.match((await it.http('GET', '/scheduler/jobs/summary')).text, /"state":"queued"/);
  const metrics = await it.http('GET', '/metrics');
  assert.match(metrics.text, /TaskManager\.queueSize":\{"value":1\}/);
});

test('the environment of a task holds what the job says and what Chronos knows', async (t) => {
  const it = await started(t);
  await it.post({
    name: 'a',
    schedule: 'R1//P1D',
    owner: 'me@example.com',
    environmentVariables: [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
      { name: 'CHRONOS_JOB_NAME', value: 'other' },
    ],
  });
  await it.clock.advance(1_000);
  const info = it.tasks('a')[0]?.info;
  const variables = Object.fromEntries(
    (info?.command?.environment?.variables ?? []).map((each) => [each.name, each.value]),
  );
  const id = info?.task_id.value ?? '';
  assert.deepEqual(variables, {
    mesos_task_id: id,
    MESOS_TASK_ID: id,
    CHRONOS_JOB_OWNER: 'me@example.com',
    CHRONOS_JOB_NAME: 'a',
    HOST: 'a1.example',
    CHRONOS_RESOURCE_MEM: '16.0',
    CHRONOS_RESOURCE_CPU: '0.1',
    CHRONOS_RESOURCE_DISK: '1.0',
    CHRONOS_JOB_RUN_TIME: id.split(':')[1],
    CHRONOS_JOB_RUN_ATTEMPT: '0',
    A: '1',
  });
  assert.equal(info?.name, 'ChronosTask:a');
  assert.equal(info?.command?.user, 'root');
});

test('without a shell the arguments stay apart from the command', async (t) => {
  const it = await started(t);
  await it.post({
    name: 'a',
    schedule: 'R1//P1D',
    shell: false,
    command: '/bin/echo',
    arguments: ['echo', 'a b'],
  });
  await it.clock.advance(1_000);
  const command = it.tasks('a')[0]?.info.command;
  assert.equal(command?.shell, false);
  assert.equal(command?.value, '/bin/echo');
  assert.deepEqual(command?.arguments, ['echo', 'a b']);
});

test('a custom executor gets its data and no command', async (t) => {
  const it = await started(t);
  await it.post({
    name: 'a',
    schedule: 'R1//P1D',
    executor: '/x',
    executorFlags: '-v',
    command: 'c',
  });
  await it.clock.advance(1_000);
  const info = it.tasks('a')[0]?.info;
  assert.equal(info?.command, undefined);
  assert.equal(info?.executor?.command?.value, '/x');
  assert.equal(new TextDecoder().decode(info?.data), '-v|c');
});

test('statistics show the last runs and their times', async (t) => {
  const it = await started(t);
  it.cluster.plan = () => ({ afterMs: 61_000, state: 'TASK_FINISHED' });
  await it.post({ name: 'a', schedule: 'R1//P1D' });
  await it.clock.advance(120_000);
  const reply = await it.http('GET', '/v1/scheduler/job/stat/a');
  assert.match(reply.text, /"histogram":\{"75thPercentile":6100\d\.0,/);
  assert.match(reply.text, /"count":1\}/);
  assert.match(
    reply.text,
    /"jobName":"a","slaveId":"a1","startTime":"01\/01\/26 00:00:00","endTime":"01\/01\/26 00:01:01","duration":"1m1s","status":"Success"\}/,
  );
  assert.match(
    (await it.http('GET', '/scheduler/stats/median')).text,
    /^\[\{"jobNameLabel":"a","time":61\.00\d*\}\]$/,
  );
  assert.equal((await it.http('GET', '/scheduler/stats/nothing')).text, '[]');
  await it.crash();
  assert.equal((await it.http('GET', '/v1/scheduler/job/stat/a')).text, reply.text);
});

test('progress of data jobs is added up', async (t) => {
  const it = await started(t);
  await it.post({ name: 'd', schedule: 'R1//P1D', dataProcessingJobType: true });
  await it.clock.advance(1_000);
  const id = it.tasks('d')[0]?.info.task_id.value ?? '';
  const url = `/scheduler/job/d/task/${encodeURIComponent(id)}/progress`;
  for (const count of [5, 7]) {
    const reply = await it.http('POST', url, { numAdditionalElementsProcessed: count });
    assert.equal(reply.status, 204, reply.text);
  }
  assert.match((await it.http('GET', '/scheduler/job/stat/d')).text, /"numElementsProcessed":12/);
  const negative = await it.http('POST', url, { numAdditionalElementsProcessed: -1 });
  assert.equal(
    messageOf(negative.json),
    `${REQUIRED}numAdditionalElementsProcessed (-1) is not positive`,
  );
});

test('marking a job successful starts its children', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R/2030-01-01T00:00:00Z/P1D' });
  await it.post({ name: 'b', parents: ['a'] });
  const marked = await it.http('PUT', '/v1/scheduler/job/success/a');
  assert.equal(marked.text, 'marked job a as successful: true');
  await it.clock.advance(100);
  assert.equal(it.launches('b').length, 1);
  assert.equal((await it.job('a'))['successCount'], 1);
});

test('owners are told through the configured channels', async (t) => {
  const it = await started(t, {
    notifications: {
      ...CHRONOS_DEFAULTS.notifications,
      clusterName: 'east',
      slackUrl: 'http://slack/hook',
    },
  });
  const sent: string[] = [];
  const request = it.cluster.request.bind(it.cluster);
  it.cluster.request = (given) => {
    if (!given.url.startsWith('http://slack')) return request(given);
    sent.push(String(given.body));
    return Promise.reject(new Error('nobody there'));
  };
  it.cluster.plan = () => ({ afterMs: 1, state: 'TASK_FINISHED' });
  await it.post({ name: 'a', schedule: 'R1//P1D', owner: 'me' });
  await it.clock.advance(1_000);
  assert.deepEqual(sent, [
    '{"text":"[east] [Chronos] job \'a\' disabled: JobSchedule \'a\' has exhausted all of its recurrences and has been disabled.\\nPlease consider either removing your job, or updating its schedule and re-enabling it."}',
  ]);
});
