/** The task as the cluster is told (spec aurora-scheduler, sections 4.4 and 10.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskInfo } from '../../../../core/wire/types/mesos.v1.ts';
import { parseExecutors } from '../../../../schedulers/aurora/executor-flags.ts';
import type { MachineSettings } from '../../../../schedulers/aurora/machine/settings.ts';
import type { TaskConfig } from '../../../../schedulers/aurora/thrift/types.ts';
import { job, SchedulerTester, SETTINGS, said } from './scheduler-tester.ts';

const ALL_ALLOWED: MachineSettings['configuration'] = {
  ...SETTINGS.configuration,
  containerTypes: new Set(['MESOS', 'DOCKER']),
  allowsContainerVolumes: true,
  allowsDockerParameters: true,
  allowsFetcher: true,
  requiresExecutorForDocker: false,
  executorNames: new Set(['AuroraExecutor', 'myExecutor']),
};

const THERMOS = SETTINGS.executors.get('AuroraExecutor');

const FILE = [
  {
    executor: {
      name: 'myExecutor',
      command: {
        value: 'myExecutor.a',
        shell: 'false',
        arguments: ['localhost:2181', '-verbose'],
        uris: [{ value: '/dist/myExecutor.a', executable: true, extract: false, cache: true }],
      },
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 512 } },
      ],
    },
    volume_mounts: [
      { mode: 'RO', container_path: '/path/on/container', host_path: '/path/to/host' },
    ],
    task_prefix: 'my-executor-',
  },
];

function executors(file: unknown): MachineSettings['executors'] {
  const parsed = parseExecutors(file);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

function launched(changes: Partial<TaskConfig>, settings: Partial<MachineSettings> = {}): TaskInfo {
  assert.ok(THERMOS !== undefined);
  const volumes = [{ hostPath: '/etc/hosts', containerPath: '/hosts', mode: 'RO' as const }];
  const it = new SchedulerTester({
    configuration: ALL_ALLOWED,
    executors: new Map([['AuroraExecutor', { ...THERMOS, volumes }], ...executors(FILE)]),
    ...settings,
  });
  it.create(job(1, changes));
  it.offer('h1');
  it.advance(10);
  for (const effect of it.takeEffects()) {
    if (effect.kind !== 'launch') continue;
    const [launch] = effect.launches;
    assert.ok(launch !== undefined);
    return launch.info;
  }
  return assert.fail('nothing was launched');
}

const MOUNT = { container_path: '/hosts', host_path: '/etc/hosts', mode: 'RO' };

test('a task of Thermos has its executor, its source, and its tier and metadata as labels', () => {
  const info = launched({ tier: 'preemptible', metadata: [{ key: 'team', value: 'a' }] });
  const id = info.task_id.value;
  assert.match(id, /^www-prod-web-0-[\w-]{36}$/);
  assert.equal(info.name, 'www/prod/web');
  assert.deepEqual(info.labels?.labels, [
    { key: 'org.apache.aurora.tier', value: 'preemptible' },
    { key: 'org.apache.aurora.metadata.team', value: 'a' },
  ]);
  assert.equal(info.executor?.name, 'AuroraExecutor');
  assert.equal(info.executor?.executor_id.value, `thermos-${id}`);
  assert.equal(info.executor?.source, 'www.prod.web.0');
  assert.deepEqual(info.executor?.labels?.labels, [{ key: 'source', value: 'www.prod.web.0' }]);
  assert.equal(info.executor?.container, undefined);
  assert.equal(info.discovery, undefined);
  assert.deepEqual(
    info.executor?.resources?.map(({ name, scalar }) => [name, scalar?.value]),
    [
      ['cpus', 0.25],
      ['mem', 128],
    ],
  );
});

test('what a job has fetched comes behind the files of the executor', () => {
  const info = launched({
    mesosFetcherUris: [{ value: 'http://a/b.tgz', extract: true, cache: false, outputFile: 'c' }],
    executorConfig: { name: 'myExecutor', data: '' },
  });
  assert.deepEqual(info.executor?.command?.uris, [
    { value: '/dist/myExecutor.a', executable: true, extract: false, cache: true },
    { value: 'http://a/b.tgz', executable: false, extract: true, cache: false, output_file: 'c' },
  ]);
});

test('another executor has its own command, overhead, mounts and prefix', () => {
  const info = launched({
    executorConfig: { name: 'myExecutor', data: 'whatever' },
    container: { docker: { image: 'busybox' } },
  });
  const { executor } = info;
  assert.equal(executor?.name, 'myExecutor');
  assert.equal(executor?.executor_id.value, `my-executor-${info.task_id.value}`);
  assert.equal(executor?.command?.value, 'myExecutor.a');
  assert.equal(executor?.command?.shell, false);
  assert.deepEqual(executor?.command?.arguments, ['localhost:2181', '-verbose']);
  assert.deepEqual(
    executor?.resources?.map(({ name, scalar }) => [name, scalar?.value]),
    [
      ['cpus', 1],
      ['mem', 512],
    ],
  );
  assert.deepEqual(executor?.container?.volumes, [
    { container_path: '/path/on/container', host_path: '/path/to/host', mode: 'RO' },
  ]);
});

test('containers: images as volumes, parameters of the job or the default ones, mounts of the executor', () => {
  const volumes = [{ containerPath: '/c', hostPath: '/h', mode: 'RW' as const }];
  const image = { docker: { name: 'library/python', tag: '2.7' } };
  assert.deepEqual(launched({ container: { mesos: { image, volumes } } }).executor?.container, {
    type: 'MESOS',
    mesos: {},
    volumes: [
      MOUNT,
      { container_path: '/c', host_path: '/h', mode: 'RW' },
      {
        container_path: 'taskfs',
        mode: 'RO',
        image: { type: 'DOCKER', docker: { name: 'library/python:2.7' } },
      },
    ],
  });
  const defaultDockerParameters = [{ name: 'net', value: 'host' }];
  const docker = (parameters?: { name: string; value: string }[]) =>
    launched(
      { container: { docker: { image: 'a', parameters } } },
      { configuration: { ...ALL_ALLOWED, defaultDockerParameters } },
    ).executor?.container;
  assert.deepEqual(docker(), {
    type: 'DOCKER',
    docker: { image: 'a', parameters: [{ key: 'net', value: 'host' }] },
    volumes: [MOUNT],
  });
  assert.deepEqual(docker([{ name: 'x', value: 'y' }])?.docker?.parameters, [
    { key: 'x', value: 'y' },
  ]);
});

test('a task of Docker without an executor runs the command of its image, without mounts', () => {
  const info = launched({ container: { docker: { image: 'a' } }, executorConfig: undefined });
  assert.equal(info.executor, undefined);
  assert.deepEqual(info.command, { shell: false });
  assert.deepEqual(info.container, {
    type: 'DOCKER',
    docker: { image: 'a', parameters: [] },
    volumes: [],
  });
});

test('what discovery says is the key turned round, with the ports', () => {
  const resources = [{ numCpus: 1 }, { ramMb: 128 }, { diskMb: 64 }, { namedPort: 'http' }];
  const { discovery } = launched({ resources }, { populatesDiscovery: true });
  assert.equal(discovery?.name, 'web.prod.www');
  assert.equal(discovery?.environment, 'prod');
  assert.equal(discovery?.location, 'devcluster');
  assert.equal(discovery?.visibility, 'CLUSTER');
  const [port] = discovery?.ports?.ports ?? [];
  assert.deepEqual([port?.name, port?.protocol], ['http', 'TCP']);
});

test('only executors that are configured may be asked for', () => {
  const it = new SchedulerTester({ configuration: ALL_ALLOWED });
  const description = job(1, { executorConfig: { name: 'other', data: '' } });
  assert.equal(
    said(it.call({ method: 'createJob', args: { description } })),
    "INVALID_REQUEST Configuration for executor 'other' doesn't exist.",
  );
});

test('what is wrong with the file of executors is named', () => {
  const [entry] = FILE;
  assert.ok(entry !== undefined);
  const { executor } = entry;
  const rows: readonly (readonly [file: unknown, text: string])[] = [
    [{}, 'the file is no list'],
    [[1], '[0] is no object'],
    [[{ ...entry, executor: undefined }], '[0].executor is no object'],
    [[{ ...entry, task_prefix: 1 }], '[0].task_prefix is not a text'],
    [[{ ...entry, volumes: [] }], "[0] has an unknown 'volumes'"],
    [[entry, entry], "there is more than one executor 'myExecutor'"],
    [
      [{ ...entry, executor: { ...executor, name: 'AuroraExecutor' } }],
      "there is more than one executor 'AuroraExecutor'",
    ],
    [
      [{ ...entry, executor: { ...executor, command: { value: 'a', uris: [{}] } } }],
      '[0].executor.command.uris[0].value is not a text',
    ],
    [
      [{ ...entry, executor: { ...executor, command: { value: 'a', shell: 1 } } }],
      '[0].executor.command.shell is not true or false',
    ],
    [
      [
        {
          ...entry,
          executor: {
            ...executor,
            resources: [{ name: 'disk', type: 'SCALAR', scalar: { value: 1 } }],
          },
        },
      ],
      '[0].executor.resources[0] is neither cpus nor mem',
    ],
    [
      [{ ...entry, volume_mounts: [{ host_path: '/a', container_path: '/b', mode: 'X' }] }],
      '[0].volume_mounts[0].mode is neither RO nor RW',
    ],
  ];
  for (const [file, text] of rows) {
    const error = `Flag 'custom_executor_config': ${text}`;
    assert.deepEqual(parseExecutors(file), { ok: false, error });
  }
});
