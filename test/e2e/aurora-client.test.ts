/** The real client against the real scheduler, with a real master, agent and processes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AuroraClient, done } from './support/aurora-client.ts';
import { AuroraProcess } from './support/aurora-process.ts';
import { eventually, PROJECT, startOrrery } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

const KEY = 'devcluster/www-data/devel/web';
/** Runs the processes of a task one after another: faster than Thermos, where many tasks are started. */
const SHELL = `${process.execPath} ${join(PROJECT, 'test/e2e/support/aurora-shell-executor.ts')}`;
const THERMOS = `${process.execPath} ${join(PROJECT, 'orrery.ts')} thermos-executor --execute-as-user=${userInfo().username}`;
const EXAMPLES = join(PROJECT, 'examples/aurora');

interface Stage {
  readonly client: AuroraClient;
  readonly cluster: SmallCluster;
  readonly aurora: AuroraProcess;
  readonly url: string;
}

async function start(t: TestContext, name: string, executor = SHELL): Promise<Stage> {
  const cluster = await SmallCluster.start(t, name);
  const aurora = await AuroraProcess.start(t, cluster, {
    executor,
    flags: [
      '-allow_docker_parameters=true',
      '-allowed_container_types=MESOS,DOCKER',
      '-allow_container_volumes=true',
    ],
  });
  await aurora.serves();
  const { url } = aurora;
  const client = await AuroraClient.for(cluster.directory, { scheduler_uri: url });
  return { aurora, url, client, cluster };
}

/** Times and hosts are not the same in two runs. */
function masked(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/31\d{3}|32000/g, 'PORT')
    .replaceAll(/ on [\w.-]+$/gm, ' on HOST');
}

function webText(command: string): string {
  return `
run = Process(name='run', cmdline='echo {{thermos.ports[http]}}; ${command}')
jobs = [Service(cluster='devcluster', role='www-data', environment='devel', name='web', instances=2,
  update_config=UpdateConfig(watch_secs=0, batch_size=2),
  task=Task(processes=[run], resources=Resources(cpu=0.1, ram=16*MB, disk=16*MB)))]
`;
}

test('a service is created, looked at, updated, grown, restarted and killed', async (t) => {
  const { client, url } = await start(t, 'aurora-client');
  const [web, next] = [join(client.root, 'web.aurora'), join(client.root, 'next.aurora')];
  await writeFile(web, webText('exec sleep 1000'));
  await writeFile(next, webText('exec sleep 1001'));
  const page = `${url}/scheduler/www-data/devel/web`;

  // The program itself, once; the rest in this process.
  const program = startOrrery(['aurora', 'job', 'create', '--wait-until=RUNNING', KEY, web], {
    AURORA_CONFIG_ROOT: client.root,
  });
  const code = await new Promise((resolve) => program.child.on('exit', resolve));
  assert.equal(program.output(), `Job create succeeded: job url=${page}\n`);
  assert.equal(code, 0);
  const again = await client.aurora('job', 'create', KEY, web);
  assert.deepEqual(again, {
    code: 4,
    out: '',
    err: 'Job creation failed due to error:\n\tJob www-data/devel/web already exists',
  });

  const task = (instance: number): string =>
    `\tTask role: www-data, env: devel, name: web, instance: ${instance}, status: RUNNING on HOST
\t  CPU: 0.1 core(s), RAM: 16 MB, Disk: 16 MB, Port: http
\t  assigned ports: {u'http': PORT}
\t  failure count: 0 (max 1)
\t  events:
\t   TIME PENDING: None
\t   TIME ASSIGNED: None
\t   TIME STARTING: None
\t   TIME RUNNING: None
`;
  const status = done(await client.aurora('job', 'status', KEY));
  assert.equal(masked(status), `Active tasks (2):\n${task(0)}${task(1)}Inactive tasks (0):\n`);
  assert.equal(done(await client.aurora('job', 'list', 'devcluster/www-*')), KEY);

  const diff = done(await client.aurora('job', 'diff', KEY, next));
  assert.match(diff, /^This job update will:\nupdate instances: \[0-1\]\nwith diff:\n\n/);
  const changed = diff.split('\n').filter((line) => /^[<>]/.test(line));
  assert.deepEqual(
    changed.map((line) => line.replace(/\s+/g, ' ')),
    [
      '< "cmdline": "echo {{thermos.ports[http]}}; exec sleep 1000",',
      '> "cmdline": "echo {{thermos.ports[http]}}; exec sleep 1001",',
    ],
  );

  const started = done(await client.aurora('update', 'start', '-m', 'onwards', KEY, next));
  const [, id = ''] = /View your update progress at \S+\/update\/(\S+)$/.exec(started) ?? [];
  const waited = done(await client.aurora('update', 'wait', KEY, id));
  assert.match(waited, /(?:^|\n)Current state ROLLED_FORWARD$/);
  const info = JSON.parse(done(await client.aurora('update', 'info', '--write-json', KEY, id)));
  assert.deepEqual([info.status, info.update_events[0].message], ['ROLLED_FORWARD', 'onwards']);
  assert.match(
    done(await client.aurora('update', 'list', 'devcluster')),
    new RegExp(`${KEY} +${id}`),
  );
  const same = done(await client.aurora('update', 'start', KEY, next));
  assert.match(same, /\nnot change instances: \[0-1\]\nJob is unchanged by proposed update\.$/);

  const added = done(await client.aurora('job', 'add', '--wait-until=RUNNING', `${KEY}/0`, '1'));
  assert.equal(added, '');
  const soon = ['--watch-secs=0', '--healthcheck-interval-seconds=1'];
  const restarted = await client.aurora('job', 'restart', ...soon, `${KEY}/2`);
  assert.equal(done(restarted), `Job ${KEY} restarted successfully`);
  const killed = await client.aurora('job', 'kill', '--no-batching', `${KEY}/2`);
  assert.equal(done(killed), 'Job kill succeeded');
  const all = await client.aurora('job', 'killall', '--batch-size=2', KEY);
  assert.equal(done(all), 'Successfully killed instances [0, 1]\nJob killall succeeded');
  assert.equal((await client.aurora('job', 'killall', KEY)).code, 6);
});

test('cron, ad-hoc and service jobs of the examples run under Thermos; quotas are kept', async (t) => {
  const { client, url, cluster } = await start(t, 'aurora-cron', THERMOS);
  const key = 'devcluster/www-data/prod/report';
  const file = join(EXAMPLES, 'cron.aurora');
  const page = `${url}/scheduler/www-data/prod/report`;
  assert.equal(
    done(await client.aurora('cron', 'schedule', key, file)),
    `Cron job scheduled, status can be viewed at ${page}`,
  );
  assert.equal(done(await client.aurora('cron', 'show', key)), `${key}\t 30 2 * * MON-FRI`);
  done(await client.aurora('cron', 'start', key));
  const [hello, steps] = ['hello_world', 'sequential'].map(
    (name) => `devcluster/www-data/devel/${name}`,
  );
  for (const each of [hello, steps]) {
    const name = each?.split('/').at(-1);
    done(await client.aurora('job', 'create', each ?? '', join(EXAMPLES, `${name}.aurora`)));
  }
  await becomes(client, key, /instance: 0, status: FINISHED on/);
  await becomes(
    client,
    steps ?? '',
    /instance: 0, status: FINISHED on[\s\S]* FINISHED: Task finished\.\n/,
  );
  const json = done(await client.aurora('job', 'status', '--write-json', steps ?? ''));
  const { assignedTask } = JSON.parse(json)[0].inactive[0];
  const logs = sandboxOf(cluster.agentDirectory, assignedTask);
  assert.equal(readFileSync(join(logs, '.logs/show/0/stdout'), 'utf8'), '1\n2\n3\n');
  await becomes(
    client,
    hello ?? '',
    /status: RUNNING on[\s\S]* No health-check defined, task is assumed healthy\.\n/,
  );
  done(await client.aurora('job', 'killall', '--no-batching', hello ?? ''));
  const killed = done(await client.aurora('job', 'status', hello ?? ''));
  assert.match(killed, / KILLED: Instructed to kill task\.\n/);

  assert.equal(
    done(await client.aurora('cron', 'deschedule', key)),
    'Cron descheduling succeeded.',
  );
  const gone = await client.aurora('cron', 'show', key);
  assert.deepEqual(gone, { code: 6, out: '', err: `No cron entry found for job ${key}` });

  done(await client.admin('set_quota', 'devcluster', 'www-data', '2', '1g', '2g'));
  const quota = done(await client.aurora('quota', 'get', 'devcluster/www-data'));
  assert.match(
    quota,
    /^Allocated:\n {2}CPU: 2 core\(s\)\n {2}RAM: 1024 MB\n {2}Disk: 2048 MB\nProd/,
  );
  assert.equal(
    done(await client.admin('get_scheduler', 'devcluster')),
    `Found leading scheduler at: ${url}`,
  );
});

async function becomes(client: AuroraClient, key: string, expected: RegExp): Promise<void> {
  let text = '';
  await eventually(
    `${key} becomes ${expected}`,
    async () => {
      text = (await client.aurora('job', 'status', key)).out;
      return expected.test(text) ? true : undefined;
    },
    () => text,
  );
}

interface Assigned {
  readonly taskId: string;
  readonly slaveId: string;
}

/** Of a task of the only framework. */
function sandboxOf(agentDirectory: string, { taskId, slaveId }: Assigned): string {
  const frameworks = join(agentDirectory, 'slaves', slaveId, 'frameworks');
  const [framework = ''] = readdirSync(frameworks);
  return join(frameworks, framework, 'executors', `thermos-${taskId}`, 'runs/latest/sandbox');
}

test('every example is taken by the scheduler, and its jobs can be killed', async (t) => {
  const { client } = await start(t, 'aurora-examples');
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.aurora'));
  assert.ok(files.length >= 15);
  done(await client.admin('set_quota', 'devcluster', 'www-data', '1000', '1000g', '1000g'));
  const ends = await Promise.allSettled(files.map((name) => createAndKill(client, name)));
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
  assert.deepEqual(failures, []);
});

async function createAndKill(client: AuroraClient, name: string): Promise<void> {
  const file = join(EXAMPLES, name);
  const listed = done(await client.aurora('config', 'list', file));
  const keys = /^jobs=\[(.*)\]$/.exec(listed)?.[1]?.split(', ') ?? [];
  assert.ok(keys.length > 0, name);
  const isCron = name === 'cron.aurora';
  for (const key of keys) {
    done(await client.aurora(...(isCron ? ['cron', 'schedule'] : ['job', 'create']), key, file));
    const end = isCron ? ['cron', 'deschedule'] : ['job', 'killall', '--no-batching'];
    done(await client.aurora(...end, key));
  }
}
