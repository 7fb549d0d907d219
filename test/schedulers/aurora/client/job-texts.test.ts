/** What `job status`, `inspect` and `diff` print, to the letter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localTime } from '../../../../schedulers/aurora/client/time-text.ts';
import { okay, START, World } from './fake-world.ts';
import { CRON_HELLO, HELLO, KEY, scheduled, tasksOf, usual } from './jobs.ts';

const FILES = { '/hello.aurora': HELLO, '/cron.aurora': CRON_HELLO };

test('status shows active tasks, then inactive ones, by instance', async () => {
  const first = scheduled(0, 'RUNNING');
  const ended = scheduled(1, 'FAILED', { failureCount: 2 });
  const { assignedTask } = scheduled(2, 'PENDING');
  const pending = scheduled(2, 'PENDING', {
    assignedTask: {
      ...assignedTask,
      slaveHost: undefined,
      assignedPorts: new Map(),
      task: { ...assignedTask.task, metadata: [] },
    },
  });
  const it = new World({ answer: () => tasksOf(pending, ended, first) });
  assert.equal(await it.aurora('job', 'status', KEY), 0);
  const [before, after] = [localTime(START - 60_000), localTime(START - 30_000)];
  assert.deepEqual(it.out, [
    'Active tasks (2):',
    '\tTask role: bozo, env: test, name: hello, instance: 0, status: RUNNING on host0',
    '\t  CPU: 0.5 core(s), RAM: 128 MB, Disk: 128 MB, Port: http',
    "\t  assigned ports: {u'http': 31000}",
    '\t  failure count: 0 (max 1)',
    '\t  events:',
    `\t   ${before} PENDING: None`,
    `\t   ${after} RUNNING: why`,
    '\t  metadata:',
    "\t\t  (key: 'team', value: 'infra')",
    '\tTask role: bozo, env: test, name: hello, instance: 2, status: PENDING on None',
    '\t  CPU: 0.5 core(s), RAM: 128 MB, Disk: 128 MB, Port: http',
    '\t  events:',
    `\t   ${before} PENDING: None`,
    `\t   ${after} PENDING: why`,
    'Inactive tasks (1):',
    '\tTask role: bozo, env: test, name: hello, instance: 1, status: FAILED on host1',
    '\t  CPU: 0.5 core(s), RAM: 128 MB, Disk: 128 MB, Port: http',
    "\t  assigned ports: {u'http': 31001}",
    '\t  failure count: 2 (max 1)',
    '\t  events:',
    `\t   ${before} PENDING: None`,
    `\t   ${after} FAILED: why`,
    '\t  metadata:',
    "\t\t  (key: 'team', value: 'infra')",
    '',
  ]);
});

test('status in JSON is the Thrift structure with names of enumerations', async () => {
  const it = new World({ answer: () => tasksOf(scheduled(0, 'RUNNING')) });
  assert.equal(await it.aurora('job', 'status', '--write-json', KEY), 0);
  const [job] = JSON.parse(it.out.join('\n'));
  assert.equal(job.job, KEY);
  assert.deepEqual(job.inactive, []);
  const [{ assignedTask, status, ancestorId, taskEvents }] = job.active;
  assert.deepEqual(
    [
      status,
      ancestorId,
      assignedTask.taskId,
      assignedTask.assignedPorts,
      assignedTask.task.isService,
    ],
    ['RUNNING', null, 'bozo-test-hello-0-3f', { http: 31_000 }, true],
  );
  assert.deepEqual(taskEvents, [
    { timestamp: START - 60_000, status: 'PENDING', message: null },
    { timestamp: START - 30_000, status: 'RUNNING', message: 'why' },
  ]);
});

test('status of nothing is an error for people and an answer for programs', async () => {
  const it = new World({ answer: () => tasksOf() });
  assert.equal(await it.aurora('job', 'status', KEY), 6);
  assert.deepEqual([it.out, it.err], [[], [`Found no jobs matching ${KEY}`]]);
  assert.equal(await it.aurora('job', 'status', '--write-json', KEY), 0);
  assert.deepEqual(JSON.parse(it.out.join('')), {
    jobspec: KEY,
    error: 'No matching jobs found',
  });
});

test('inspect shows the job without a scheduler', async () => {
  const it = new World({ files: FILES });
  assert.equal(await it.aurora('job', 'inspect', KEY, '/hello.aurora'), 0);
  assert.deepEqual(it.out, [
    'Job level information',
    "  name:       'hello'",
    "  role:       'bozo'",
    "  contact:    'me@example.com'",
    "  cluster:    'west'",
    "  instances:  '3'",
    '  constraints:',
    "    'rack': 'limit:1'",
    '  partition_policy:',
    '    reschedule: True',
    "    delay_secs: '0'",
    '  service:    True',
    '  production: False',
    '',
    'Task level information',
    "  name: 'hello'",
    '',
    "Process 'hello':",
    '  cmdline:',
    '    echo {{mesos.instance}}',
    '    sleep 5',
    '',
  ]);
  assert.deepEqual(it.requests, []);
});

test('inspect shows cron, order of processes and their marks where they are set', async () => {
  const text = `
a = Process(name='a', cmdline='x', daemon=True, ephemeral=True)
b = Process(name='b', cmdline='y', final=True)
c = Process(name='c', cmdline='z')
jobs = [Job(cluster='west', role='bozo', environment='test', name='hello', cron_schedule='* * * * *',
  task=Task(name='t', processes=[a, b, c], constraints=order(c, a), resources=Resources(cpu=1, ram=1*MB, disk=1*MB)))]
`;
  const it = new World({ files: { '/x.aurora': text } });
  assert.equal(await it.aurora('job', 'inspect', KEY, '/x.aurora'), 0);
  assert.deepEqual(it.out.slice(5, 17), [
    '  cron:',
    "    schedule: '* * * * *'",
    "    policy:   'KILL_EXISTING'",
    '  service:    False',
    '  production: False',
    '',
    'Task level information',
    "  name: 't'",
    '  constraints:',
    '  c < a',
    '',
    "Process 'a':",
  ]);
  assert.deepEqual(it.out.slice(17, 20), ['  daemon', '  ephemeral', '  cmdline:']);
  assert.ok(it.out.includes('  final'));
});

test('inspect gives the whole job in JSON, and the Thrift structure raw', async () => {
  const it = new World({ files: FILES });
  assert.equal(await it.aurora('job', 'inspect', '--write-json', KEY, '/hello.aurora'), 0);
  const job = JSON.parse(it.out.join('\n'));
  assert.deepEqual([job.name, job.instances, job.update_config.batch_size], ['hello', 3, 1]);
  assert.ok(!('announce' in job));
  const raw = new World({ files: FILES });
  assert.equal(await raw.aurora('job', 'inspect', '--raw', KEY, '/hello.aurora'), 0);
  assert.match(raw.out.join('\n'), /^JobConfiguration\(cronSchedule=None, .*instanceCount=3/);
  assert.match(raw.out.join('\n'), /key=JobKey\(role='bozo', environment='test', name='hello'\)/);
});

test('diff tells what an update would do, group by group', async () => {
  const { task } = scheduled(0, 'RUNNING').assignedTask;
  const config = { ...task, executorConfig: { name: 'AuroraExecutor', data: '{"b": 1, "a": 2}' } };
  const group = (...instances: readonly (readonly [number, number])[]) => ({
    config,
    instances: instances.map(([first, last]) => ({ first, last })),
  });
  const it = new World({
    files: FILES,
    answer: (call) =>
      call.method === 'getJobUpdateDiff'
        ? okay({
            getJobUpdateDiffResult: {
              add: [group([10, 10], [12, 14])],
              remove: [],
              update: [group([11, 11])],
              unchanged: [group([0, 9])],
            },
          })
        : usual(call),
    ran: (_, [remote = '']) => ({ code: 1, stdout: remote.slice(0, remote.indexOf(',\n')) }),
  });
  assert.equal(await it.aurora('job', 'diff', KEY, '/hello.aurora'), 0);
  assert.deepEqual(it.out, [
    'This job update will:',
    'add instances: [10], [12-14]',
    'update instances: [11]',
    'with diff:',
    '',
    "{ 'constraints': []",
    '',
    'not change instances: [0-9]',
  ]);
  assert.deepEqual(it.programs, [['diff', '/tmp/0', '/tmp/1']]);
});

test('a diff program that fails ends the command with 4', async () => {
  const { task } = scheduled(0, 'RUNNING').assignedTask;
  const update = [{ config: task, instances: [{ first: 0, last: 0 }] }];
  const it = new World({
    files: FILES,
    environment: { DIFF_VIEWER: 'look' },
    answer: (call) =>
      call.method === 'getJobUpdateDiff'
        ? okay({ getJobUpdateDiffResult: { add: [], remove: [], update, unchanged: [] } })
        : usual(call),
    ran: () => ({ code: 2, stderr: 'broken' }),
  });
  assert.equal(await it.aurora('job', 'diff', KEY, '/hello.aurora'), 4);
  assert.equal(it.err.at(-1), 'Error running diff: broken');
});

test('diff from another job compares with the tasks of that one', async () => {
  const it = new World({ files: FILES, answer: usual, ran: () => ({ code: 1, stdout: '1c1\n' }) });
  assert.equal(
    await it.aurora('job', 'diff', '--from', 'west/bozo/prod/old', KEY, '/hello.aurora'),
    0,
  );
  assert.deepEqual(it.out, ['1c1', '']);
  const query = it.calls.find(({ method }) => method === 'getTasksStatus');
  assert.ok(query?.method === 'getTasksStatus');
  assert.deepEqual(query.args.query?.jobKeys, [{ role: 'bozo', environment: 'prod', name: 'old' }]);
});
