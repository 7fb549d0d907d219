/** `aurora cron`, `quota`, `sla`, `config` and `task`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { okay, refusal, START, World } from './fake-world.ts';
import { CRON_HELLO, HELLO, KEY, scheduled, tasksOf, usual } from './jobs.ts';

const FILES = { '/hello.aurora': HELLO, '/cron.aurora': CRON_HELLO };
const PAGE = 'http://scheduler:8081/scheduler/bozo/test/hello';
const JOB = { role: 'bozo', environment: 'test', name: 'hello' };

test('a cron job is scheduled, started and descheduled', async () => {
  const it = new World({ files: FILES, answer: usual });
  assert.equal(await it.aurora('cron', 'schedule', KEY, '/cron.aurora'), 0);
  assert.equal(await it.aurora('cron', 'start', KEY), 0);
  assert.equal(await it.aurora('cron', 'deschedule', KEY), 0);
  assert.deepEqual(it.out, [
    `Cron job scheduled, status can be viewed at ${PAGE}`,
    `Cron job started. View it at ${PAGE}`,
    'Cron descheduling succeeded.',
  ]);
  assert.deepEqual(it.methods(), [
    'getTierConfigs',
    'scheduleCronJob',
    'startCronJob',
    'descheduleCronJob',
  ]);
});

test('what the scheduler refuses of a cron job is told', async () => {
  const it = new World({ files: FILES, answer: () => refusal('INVALID_REQUEST', 'Whoops') });
  assert.equal(await it.aurora('cron', 'start', KEY), 10);
  assert.deepEqual(it.err, [`Error starting cron job ${KEY}:`, '\tWhoops']);
});

test('the schedule of a cron job is shown', async () => {
  const common = { cronCollisionPolicy: 'KILL_EXISTING', instanceCount: 1 } as const;
  const configs = [
    { ...common, key: { ...JOB, name: 'other' }, cronSchedule: '1 * * * *' },
    { ...common, key: JOB, cronSchedule: '* * * * *' },
    { ...common, key: { ...JOB, name: 'service' } },
  ];
  const it = new World({ answer: () => okay({ getJobsResult: { configs } }) });
  assert.equal(await it.aurora('cron', 'show', KEY), 0);
  assert.deepEqual(it.out, [`${KEY}\t * * * * *`]);
  assert.equal(await it.aurora('cron', 'show', 'west/bozo/test/service'), 6);
  assert.deepEqual(it.err, ['No cron entry found for job west/bozo/test/service']);
});

const QUOTA = {
  quota: { resources: [{ ramMb: 20_480 }, { numCpus: 10 }, { diskMb: 40_960 }] },
  prodSharedConsumption: { resources: [{ numCpus: 0.5 }, { ramMb: 1 }, { diskMb: 2 }] },
};

test('the quota is told with what of it is used', async () => {
  const it = new World({ answer: () => okay({ getQuotaResult: QUOTA }) });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 0);
  assert.deepEqual(it.out, [
    'Allocated:',
    '  CPU: 10 core(s)',
    '  RAM: 20480 MB',
    '  Disk: 40960 MB',
    'Production shared pool resources consumed:',
    '  CPU: 0.5 core(s)',
    '  RAM: 1 MB',
    '  Disk: 2 MB',
  ]);
  const json = new World({ answer: () => okay({ getQuotaResult: QUOTA }) });
  assert.equal(await json.aurora('quota', 'get', '--write-json', 'west/bozo'), 0);
  assert.deepEqual(JSON.parse(json.out.join('')), QUOTA);
  assert.equal(await it.aurora('quota', 'get', 'bozo'), 6);
});

function upFor(instance: number, seconds: number) {
  const timestamp = START - seconds * 1_000;
  return scheduled(instance, 'RUNNING', { taskEvents: [{ timestamp, status: 'RUNNING' }] });
}

test('the shares of tasks that have been up are told', async () => {
  const it = new World({ answer: () => tasksOf(upFor(0, 90), upFor(1, 30), upFor(2, 4_000)) });
  assert.equal(await it.aurora('sla', 'get-task-up-count', KEY), 0);
  assert.deepEqual(it.out, [
    '1 mins\t- 66.67 %',
    '10 mins\t- 33.33 %',
    '1 hrs\t- 33.33 %',
    '12 hrs\t- 0.00 %',
    '7 days\t- 0.00 %',
  ]);
  const one = new World({ answer: () => tasksOf(upFor(0, 90)) });
  assert.equal(await one.aurora('sla', 'get-task-up-count', '--durations=1m30s,1m31s', KEY), 0);
  assert.deepEqual(one.out, ['90 secs\t- 100.00 %', '91 secs\t- 0.00 %']);
  assert.equal(await one.aurora('sla', 'get-task-up-count', '--durations=soon', KEY), 2);
  assert.equal(await one.aurora('sla', 'get_task_up_count', '--durations=1m30s', KEY), 0);
});

test('the uptime of a job is told by percentile', async () => {
  const it = new World({ answer: () => tasksOf(upFor(0, 10), upFor(1, 20), upFor(2, 30)) });
  assert.equal(await it.aurora('sla', 'get-job-uptime', '--percentiles', '20,50,90.5', KEY), 0);
  assert.deepEqual(it.out, [
    '90.5 percentile\t- 10 seconds',
    '50.0 percentile\t- 20 seconds',
    '20.0 percentile\t- 30 seconds',
  ]);
  assert.equal(await it.aurora('sla', 'get-job-uptime', '--percentiles=100', KEY), 2);
});

test('what is wrong with a file is said as Python does, and then where', async () => {
  const rows: readonly (readonly [text: string, told: string])[] = [
    ['blather=...\n', 'invalid syntax (bad.aurora, line 1)'],
    ['jobs = [job]\n', "name 'job' is not defined"],
    ['Job(nam = "a")\n', 'Unknown schema attribute nam'],
  ];
  for (const [text, told] of rows) {
    const it = new World({ files: { '/etc/bad.aurora': text } });
    assert.equal(await it.aurora('config', 'list', '/etc/bad.aurora'), 4);
    const [first, ...rest] = it.err.join('\n').split('\n');
    assert.equal(first, `Error loading configuration file: ${told}`);
    assert.match(rest.join('\n'), /File "\/etc\/bad\.aurora", line 1, column \d+/);
  }
});

test('jobs of a file are listed and checked', async () => {
  const it = new World({ files: FILES });
  assert.equal(await it.aurora('config', 'list', '/hello.aurora'), 0);
  assert.equal(await it.aurora('config', 'validate', '/hello.aurora'), 0);
  assert.deepEqual(it.out, [`jobs=[${KEY}]`, `${KEY} is valid`]);
  assert.equal(await it.aurora('config', 'list', '/none.aurora'), 4);
  assert.match(
    it.err.join('\n'),
    /^Error loading configuration file: [\s\S]*No such file or directory: '\/none\.aurora'/,
  );
  const empty = new World({ files: { '/x.aurora': 'a = 1' } });
  assert.equal(await empty.aurora('config', 'list', '/x.aurora'), 0);
  assert.deepEqual(empty.out, ['jobs=[]']);
  assert.equal(await empty.aurora('config', 'validate', '/x.aurora'), 3);
});

test('a rule of the client that is broken ends with 1, a bad binding with 2', async () => {
  const greedy = HELLO.replace('instances=3', 'update_config=UpdateConfig(max_total_failures=1)');
  const it = new World({ files: { ...FILES, '/greedy.aurora': greedy } });
  assert.equal(await it.aurora('config', 'validate', '/greedy.aurora'), 1);
  assert.deepEqual(it.err, [
    'max_total_failures in update_config must be lesser than the job size.\n' +
      'Based on your job size (1) you should use max_total_failures <= 0.',
  ]);
  assert.equal(await it.aurora('config', 'validate', '--bind=x', '/hello.aurora'), 2);
  assert.equal(
    it.err.at(-1),
    'error: argument --bind: Binding parameter must be formatted name=value',
  );
});

test('a value of a wrong type ends with what the check says and 3', async () => {
  const text = HELLO.replace('instances=3', "instances='three'");
  const it = new World({ files: { '/x.aurora': text } });
  assert.equal(await it.aurora('job', 'inspect', KEY, '/x.aurora'), 3);
  assert.deepEqual(it.err, [
    "TypeCheck(FAILED): MesosJob[instances] failed: Unable to interpolate: Cannot coerce 'three' to Integer",
    'Error loading configuration: Error in configuration',
  ]);
});

test('references are bound from the command line', async () => {
  const text = HELLO.replace('{{mesos.instance}}', '{{profile.word}} {{count}}');
  const open = HELLO.replace('instances=3', "instances='{{n}}'");
  const it = new World({ files: { '/x.aurora': text, '/n.aurora': open } });
  const bindings = ['--bind', 'profile.word=hi', '--bind=count=3'];
  assert.equal(await it.aurora('job', 'inspect', ...bindings, KEY, '/x.aurora'), 0);
  assert.ok(it.out.includes('    echo hi 3'));
  assert.equal(await it.aurora('job', 'inspect', KEY, '/x.aurora'), 3);
  assert.equal(
    it.err.at(-1),
    'Error loading configuration: Config contains unbound variables: profile.word count',
  );
  assert.equal(await it.aurora('job', 'inspect', KEY, '/n.aurora'), 3);
  assert.deepEqual(it.err.slice(-2), [
    "TypeCheck(FAILED): MesosJob[instances] failed: u'{{n}}' not an integer",
    'Error loading configuration: Error in configuration',
  ]);
});

const SANDBOX = '/slaves/slaves/*/frameworks/*/executors/thermos-bozo-test-hello-0-3f/runs/latest';

test('a command runs where the instances are, its lines carry the hosts', async () => {
  const it = new World({
    answer: () => tasksOf(scheduled(0, 'RUNNING')),
    ran: () => ({ stdout: 'a\nb\n' }),
  });
  const command = 'echo {{mesos.instance}} {{thermos.ports[http]}}';
  assert.equal(await it.aurora('task', 'run', '-l', 'root', KEY, command), 0);
  assert.deepEqual(it.out, ['host0:  a', 'host0:  b']);
  assert.deepEqual(it.programs, [
    ['ssh', '-n', '-q', 'root@host0', `cd ${SANDBOX}/sandbox;echo 0 31000`],
  ]);
});

test('a shell is opened where an instance is, with tunnels to its ports', async () => {
  const it = new World({ answer: () => tasksOf(scheduled(0, 'RUNNING')) });
  const tunnel = ['-L', '1000:http'];
  assert.equal(await it.aurora('task', 'ssh', ...tunnel, '--executor-sandbox', `${KEY}/0`), 0);
  assert.deepEqual(it.programs, [
    ['ssh', '-t', '-L', '1000:host0:31000', 'bozo@host0', `cd ${SANDBOX};bash`],
  ]);
  assert.equal(await it.aurora('task', 'ssh', '-L', '1000:nope', `${KEY}/0`), 6);
  assert.equal(await it.aurora('task', 'ssh', '-L', 'http', `${KEY}/0`), 6);
  assert.equal(await it.aurora('task', 'ssh', '--ssh-options=-v', KEY), 0);
  assert.deepEqual(it.programs.at(-1), [
    ...['ssh', '-t', '-v', 'bozo@host0'],
    `cd ${SANDBOX}/sandbox;bash`,
  ]);
  assert.equal(await it.aurora('task', 'ssh', KEY, '--command=ls'), 6);
  assert.equal(it.err.at(-1), 'INSTANCE must be specified when --command option is given');
  assert.equal(await it.aurora('task', 'ssh', KEY, '--pid-file=/run/ssh.pid'), 0);
  assert.equal(it.written.get('/run/ssh.pid'), '4242');
  assert.equal(await it.aurora('task', 'ssh', KEY, '-p', '/nowhere/ssh.pid'), 4);
  assert.equal(it.err.at(-1), 'Error: could not write /nowhere/ssh.pid: ENOENT');
  const nobody = new World({ answer: () => tasksOf() });
  assert.equal(await nobody.aurora('task', 'ssh', `${KEY}/1`, '--command=ls'), 6);
  assert.deepEqual(nobody.err, [`Job ${KEY} not found`]);
  assert.deepEqual(nobody.programs, []);
});

test('files are copied from and to sandboxes', async () => {
  const it = new World({ answer: () => tasksOf(scheduled(0, 'RUNNING')) });
  assert.equal(await it.aurora('task', 'scp', '--scp-options=-v -r', `${KEY}/0:logs/x`, '.'), 0);
  assert.deepEqual(it.programs, [['scp', '-v', '-r', `bozo@host0:${SANDBOX}/sandbox/logs/x`, '.']]);
  const some = ['a.txt', `${KEY}/0:./x/../b`, `${KEY}/0:/tmp`];
  assert.equal(await it.aurora('task', 'scp', ...some, '--executor-sandbox'), 0);
  assert.deepEqual(it.programs.at(-1), [
    ...['scp', 'a.txt', `bozo@host0:${SANDBOX}/b`, 'bozo@host0:/tmp'],
  ]);
  assert.equal(await it.aurora('task', 'scp', 'x', `${KEY}/0:~/x`), 6);
  assert.equal(it.err.at(-1), 'Command does not support tilde expansion for path: ~/x');
  assert.equal(await it.aurora('task', 'scp', 'x', `${KEY}:x`), 6);
  assert.match(it.err.at(-1) ?? '', /not in the form CLUSTER\/ROLE\/ENV\/NAME\/INSTANCE$/);
  assert.equal(await it.aurora('task', 'scp', 'x'), 2);
  const nobody = new World({ answer: () => tasksOf() });
  assert.equal(await nobody.aurora('task', 'scp', 'x', `${KEY}/7:x`), 6);
  assert.deepEqual(nobody.err, [`Job or instance ${KEY}/7 not found`]);
});
