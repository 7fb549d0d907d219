/** Calls that change jobs: rules, texts, order (spec aurora-scheduler, sections 2.4 and 2.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  Constraint,
  TaskConfig,
  TaskQuery,
} from '../../../../schedulers/aurora/thrift/types.ts';
import { config, job, SchedulerTester, SETTINGS, said, WEB } from './scheduler-tester.ts';

function dedicated(...values: string[]): readonly Constraint[] {
  return [{ name: 'dedicated', constraint: { value: { negated: false, values } } }];
}

/** Rows of the table of configuration checks: what is changed, and the text. */
const REFUSED: readonly (readonly [Partial<TaskConfig>, string])[] = [
  [
    { job: { ...WEB, name: 'a b' } },
    'Job key JobKey(role:www, environment:prod, name:a b) is invalid.',
  ],
  [
    { job: { ...WEB, environment: 'qa' } },
    "Job environment qa doesn't match: ^(prod|devel|test|staging\\d*)$",
  ],

  [{ tier: 'a b' }, 'Tier contains illegal characters: a b'],
  [{ tier: 'gold' }, "Invalid tier 'gold' in TaskConfig."],
  [{ executorConfig: undefined }, 'Configuration may not be null.'],
  [{ executorConfig: { data: '' } }, 'Executor name may not be left unset.'],
  [{ executorConfig: { name: 'x', data: '' } }, "Configuration for executor 'x' doesn't exist."],
  [
    { constraints: [{ name: 'dedicated', constraint: { limit: { limit: 1 } } }] },
    'A dedicated constraint must be of value type.',
  ],
  [
    { constraints: dedicated('www/a', 'www/b') },
    'A dedicated constraint must have exactly one value',
  ],
  [{ constraints: dedicated('ads/db') }, 'Only ads may use hosts dedicated for that role.'],
  [{ container: { docker: { image: '' } } }, 'A container must specify an image.'],
  [
    { container: { docker: { image: 'x', parameters: [{ name: 'a', value: 'b' }] } } },
    'This scheduler is configured to disallow Docker parameters.',
  ],
  [
    { container: { docker: { image: 'x' } }, executorConfig: undefined },
    'This scheduler is configured to require an executor for Docker-based tasks.',
  ],
  [
    { container: { docker: { image: 'x' } } },
    'This scheduler is not configured to allow the container type DOCKER',
  ],
  [
    { container: { mesos: { volumes: [{ containerPath: '/a', hostPath: '/b', mode: 'RO' }] } } },
    'This scheduler is configured to disallow container volumes.',
  ],
  [
    { resources: [{ numCpus: 1 }, { numCpus: 2 }, { ramMb: 1 }, { ramMb: 2 }, { diskMb: 1 }] },
    'Multiple resource values are not supported for CPU, RAM',
  ],
  [
    { resources: [...config().resources, { diskMb: 1 }, { numGpus: 1 }, { numGpus: 1 }] },
    'Multiple resource values are not supported for GPU, disk',
  ],
  [
    { resources: [...config().resources, { numGpus: 0 }] },
    'GPU resource support is disabled in this cluster.',
  ],
  [
    { job: { ...WEB, environment: 'qa' }, owner: { user: 'a b' } },
    "Job environment qa doesn't match: ^(prod|devel|test|staging\\d*)$",
  ],
  [
    {
      container: { mesos: { volumes: [{ containerPath: '/a', hostPath: '/b', mode: 'RO' }] } },
      mesosFetcherUris: [{ value: 'http://a' }],
    },
    'Mesos Fetcher for individual jobs is disabled in this cluster.',
  ],
  [{ resources: [{ numCpus: 0 }] }, 'num_cpus must be greater than 0.0'],
  [{ resources: [{ numCpus: 1 }, { diskMb: 1 }] }, 'ram_mb must be greater than 0.0'],
  [{ resources: [{ numCpus: 1 }, { ramMb: 1 }] }, 'disk_mb must be greater than 0.0'],
  [
    { resources: [...config().resources, { numGpus: 1 }] },
    'GPU resource support is disabled in this cluster.',
  ],
  [
    { mesosFetcherUris: [{ value: 'http://a' }] },
    'Mesos Fetcher for individual jobs is disabled in this cluster.',
  ],
  [
    { slaPolicy: { countSlaPolicy: { count: 1, durationSecs: 1 } } },
    "Tier 'preemptible' does not support SlaPolicy.",
  ],
  [
    { tier: 'preferred', slaPolicy: { countSlaPolicy: { count: 1, durationSecs: 1 } } },
    'Job with fewer than 20 instances cannot have Percentage/Count SlaPolicy.',
  ],
];

for (const [index, [changes, text]] of REFUSED.entries()) {
  test(`a job is refused with: ${text} (row ${index})`, () => {
    const it = new SchedulerTester();
    const description = job(2, changes);
    const answer = it.call({ method: 'createJob', args: { description } });
    assert.equal(said(answer), `INVALID_REQUEST ${text}`);
    assert.equal(it.machine.state.tasks.size, 0);
  });
}

test('the owner of a job must be a good name; that of its task is not looked at', () => {
  const it = new SchedulerTester();
  const answer = (user: string, taskUser: string): string => {
    const description = { ...job(2, { owner: { user: taskUser } }), owner: { user } };
    return said(it.call({ method: 'populateJobConfig', args: { description } }));
  };
  assert.equal(
    answer('a b', 'www'),
    'INVALID_REQUEST Invalid configuration: Job user contains illegal characters: a b',
  );
  assert.equal(answer('www', ''), 'OK');
});

test('the whole name of an environment must match, however the flag is written', () => {
  const configuration = { ...SETTINGS.configuration, environments: /b.r|prod/ };
  const it = new SchedulerTester({ configuration });
  const answer = (environment: string): string => {
    const description = job(1, { job: { ...WEB, environment } });
    return said(it.call({ method: 'populateJobConfig', args: { description } }));
  };
  assert.equal(answer('bar'), 'OK');
  assert.equal(
    answer('preprod'),
    "INVALID_REQUEST Invalid configuration: Job environment preprod doesn't match: b.r|prod",
  );
});

test('preemptible jobs may have an SLA policy where it is asked before they are killed', () => {
  const slaPolicy = { countSlaPolicy: { count: 19, durationSecs: 1 } };
  const description = job(20, { slaPolicy });
  const answer = (slaHoldsForAllTiers: boolean): string => {
    const configuration = { ...SETTINGS.configuration, slaHoldsForAllTiers };
    const it = new SchedulerTester({ configuration });
    return said(it.call({ method: 'populateJobConfig', args: { description } }));
  };
  assert.match(answer(false), /Tier 'preemptible' does not support SlaPolicy\./);
  assert.equal(answer(true), 'OK');
});

test('an SLA policy that lets no instance go, or takes too long, is refused', () => {
  const it = new SchedulerTester();
  const refusal = (slaPolicy: TaskConfig['slaPolicy']): string =>
    said(
      it.call({
        method: 'populateJobConfig',
        args: { description: job(20, { tier: 'preferred', slaPolicy }) },
      }),
    );
  const start = 'INVALID_REQUEST Invalid configuration:';
  assert.equal(
    refusal({ countSlaPolicy: { count: 20, durationSecs: 1 } }),
    `${start} Current CountSlaPolicy: count=20 will not allow any instances to be killed. Must be less than instanceCount=20.`,
  );
  assert.equal(
    refusal({ percentageSlaPolicy: { percentage: 96, durationSecs: 1 } }),
    `${start} Current PercentageSlaPolicy: percentage=96.000000 will not allow any instances to be killed. Must be less than 95.000000.`,
  );
  assert.equal(
    refusal({ percentageSlaPolicy: { percentage: 95, durationSecs: 7_201 } }),
    `${start} PercentageSlaPolicy: durationSecs=7201 must be less than cluster-wide maximum of 7200 secs.`,
  );
  assert.equal(
    refusal({ countSlaPolicy: { count: 19, durationSecs: 7_201 } }),
    `${start} CountSlaPolicy: durationSecs=7201 must be less than cluster-wide maximum of 7200 secs.`,
  );
  assert.equal(refusal({ percentageSlaPolicy: { percentage: 95, durationSecs: 1 } }), 'OK');
});

test('what a configuration leaves out is filled in', () => {
  const it = new SchedulerTester();
  const resources = [...config().resources, { namedPort: 'http' }];
  const answer = it.call({
    method: 'populateJobConfig',
    args: { description: job(1, { resources, production: true }) },
  });
  const { taskConfig } =
    answer.result !== undefined && 'populateJobResult' in answer.result
      ? answer.result.populateJobResult
      : assert.fail('there is no result');
  assert.equal(taskConfig.tier, 'preemptible');
  assert.equal(taskConfig.production, false);
  assert.deepEqual(taskConfig.container, { mesos: {} });
  assert.deepEqual([...(taskConfig.taskLinks ?? [])], [['http', 'http://%host%:%port:http%']]);
});

test('a job of Docker keeps the default parameters that the cluster had when it was made', () => {
  const defaultDockerParameters = [{ name: 'net', value: 'host' }];
  const configuration = {
    ...SETTINGS.configuration,
    containerTypes: new Set(['DOCKER'] as const),
    defaultDockerParameters,
  };
  const it = new SchedulerTester({ configuration });
  const description = job(1, { container: { docker: { image: 'x', parameters: [] } } });
  const { result } = it.call({ method: 'populateJobConfig', args: { description } });
  const { taskConfig } =
    result !== undefined && 'populateJobResult' in result
      ? result.populateJobResult
      : assert.fail('there is no result');
  assert.deepEqual(taskConfig.container, {
    docker: { image: 'x', parameters: defaultDockerParameters },
  });
});

test('a text or a list that must have something in it is not left blank', () => {
  const it = new SchedulerTester();
  const quota = { resources: [{ numCpus: 1 }, { ramMb: 1 }, { diskMb: 1 }] };
  const calls: readonly Parameters<SchedulerTester['call']>[0][] = [
    { method: 'restartShards', args: { job: WEB, shardIds: [] } },
    { method: 'setQuota', args: { ownerRole: ' ', quota } },
    { method: 'getQuota', args: { ownerRole: '' } },
    { method: 'forceTaskState', args: { taskId: '', status: 'LOST' } },
  ];
  for (const call of calls) {
    assert.equal(said(it.call(call)), 'ERROR Argument cannot be blank', call.method);
  }
});

test('a job is created with its tasks pending, once', () => {
  const it = new SchedulerTester();
  it.create(job(2));
  assert.deepEqual(it.statuses(), ['0 PENDING', '1 PENDING']);
  const again = it.call({ method: 'createJob', args: { description: job(2) } });
  assert.equal(said(again), 'INVALID_REQUEST Job www/prod/web already exists');
});

test('a job must have a key, a configuration, and a number of instances that is allowed', () => {
  const it = new SchedulerTester();
  const create = (changes: Parameters<typeof job>[2]): string =>
    said(it.call({ method: 'createJob', args: { description: job(1, {}, changes) } }));
  assert.equal(
    create({ taskConfig: undefined }),
    'INVALID_REQUEST Job configuration must have taskConfig set.',
  );
  assert.equal(create({ instanceCount: 0 }), 'INVALID_REQUEST Instance count must be positive.');
  assert.equal(
    create({ instanceCount: 4_001 }),
    'INVALID_REQUEST Instance count must be between 1 and 4000 inclusive.',
  );
  assert.equal(
    create({ cronSchedule: '', taskConfig: config({ isService: false }) }),
    'INVALID_REQUEST Cron jobs may only be created/updated by calling scheduleCronJob.',
  );
});

test('only production tasks on shared hosts need quota', () => {
  const it = new SchedulerTester();
  it.create(job(1, { job: { ...WEB, name: 'free' } }));
  const description = job(2, { tier: 'preferred' });
  assert.equal(
    said(it.call({ method: 'createJob', args: { description } })),
    'INVALID_REQUEST Insufficient resource quota: CPU quota exceeded by 2.00 core(s); RAM quota exceeded by 256.00 MB; DISK quota exceeded by 128.00 MB',
  );
  const quota = { resources: [{ numCpus: 2 }, { ramMb: 256 }, { diskMb: 128 }] };
  assert.equal(said(it.call({ method: 'setQuota', args: { ownerRole: 'www', quota } })), 'OK');
  it.create(description);
  const less = { resources: [{ numCpus: 1 }, { ramMb: 256 }, { diskMb: 128 }] };
  assert.match(
    said(it.call({ method: 'setQuota', args: { ownerRole: 'www', quota: less } })),
    /^INVALID_REQUEST Quota: .* is less then current prod reservation: /,
  );
});

test('what still runs of a cron job is charged as its template says', () => {
  const it = new SchedulerTester();
  const quota = { resources: [{ numCpus: 9 }, { ramMb: 9_000 }, { diskMb: 9_000 }] };
  it.call({ method: 'setQuota', args: { ownerRole: 'www', quota } });
  const cron = (tier: string) =>
    job(3, { isService: false, tier }, { cronSchedule: '0 0 * * *', key: WEB });
  it.call({ method: 'scheduleCronJob', args: { description: cron('preferred') } });
  it.call({ method: 'startCronJob', args: { job: WEB } });
  const used = () => {
    const { result } = it.call({ method: 'getQuota', args: { ownerRole: 'www' } });
    assert.ok(result !== undefined && 'getQuotaResult' in result);
    const { prodSharedConsumption, nonProdSharedConsumption } = result.getQuotaResult;
    return [prodSharedConsumption, nonProdSharedConsumption].map((each) => each?.resources[0]);
  };
  assert.deepEqual(used(), [{ numCpus: 3 }, { numCpus: 0 }]);
  it.call({ method: 'replaceCronTemplate', args: { config: cron('preemptible') } });
  assert.deepEqual(used(), [{ numCpus: 0 }, { numCpus: 3 }]);
});

test('a quota has exactly three values, none below zero', () => {
  const it = new SchedulerTester();
  const set = (...resources: TaskConfig['resources']): string =>
    said(it.call({ method: 'setQuota', args: { ownerRole: 'www', quota: { resources } } }));
  assert.equal(
    set({ numCpus: 1 }, { ramMb: 1 }),
    'ERROR Quota resources must be exactly: [CPUS, RAM_MB, DISK_MB]',
  );
  assert.equal(
    set({ numCpus: 1 }, { ramMb: 1 }, { diskMb: 1 }, { numGpus: 1 }),
    'ERROR Too many resource values in quota.',
  );
  assert.match(
    set({ numCpus: -1 }, { ramMb: 1 }, { diskMb: 1 }),
    /^INVALID_REQUEST Negative values in: /,
  );
});

test('killing a pending task deletes it, killing a running one asks the cluster', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  const kill = (message?: string, instances: number[] = []): string =>
    said(it.call({ method: 'killTasks', args: { job: WEB, instances, message } }, 'bob'));
  assert.equal(kill(), 'OK');
  assert.equal(it.machine.state.tasks.size, 0);
  assert.equal(kill(), 'OK No tasks to kill.');
  it.create(job(2));
  it.run();
  it.take();
  assert.equal(kill('too loud', [1]), 'OK');
  assert.deepEqual(it.take(), [`kill ${it.id(1)}`]);
  assert.deepEqual(it.statuses(), ['0 RUNNING', '1 KILLING']);
  assert.equal(it.task(1).taskEvents.at(-1)?.message, 'Killed by bob.\ntoo loud');
  it.status(it.id(1), 'TASK_KILLED');
  assert.deepEqual(it.statuses(), ['0 RUNNING', '1 KILLED']);
});

test('a call with a key that is none is an error', () => {
  const it = new SchedulerTester();
  const args = { job: { role: '', environment: 'prod', name: 'web' } };
  assert.equal(it.call({ method: 'killTasks', args }).responseCode, 'ERROR');
  assert.equal(it.call({ method: 'startCronJob', args }).responseCode, 'ERROR');
  const restart = { ...args, shardIds: [0] };
  assert.equal(it.call({ method: 'restartShards', args: restart }).responseCode, 'ERROR');
});

test('a restarted instance is replaced when its end is known', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.run();
  const restart = (shardIds: number[]): string =>
    said(it.call({ method: 'restartShards', args: { job: WEB, shardIds } }));
  assert.equal(restart([0, 1]), 'INVALID_REQUEST Not all requested shards are active.');
  const first = it.id(0);
  assert.equal(restart([0]), 'OK');
  assert.deepEqual(it.statuses(), ['0 RESTARTING']);
  it.status(first, 'TASK_KILLED');
  assert.deepEqual(it.statuses(), ['0 KILLED', '0 PENDING']);
  assert.equal(it.task(0).ancestorId, first);
  assert.equal(it.tasks()[0]?.taskEvents.at(-2)?.message, 'Restarted by alice');
});

test('instances are added behind the highest one, as a copy of one that is active', () => {
  const it = new SchedulerTester();
  it.create(job(2));
  const add = (instanceId: number, count: number): string =>
    said(it.call({ method: 'addInstances', args: { key: { jobKey: WEB, instanceId }, count } }));
  assert.equal(add(0, 0), 'INVALID_REQUEST Instance count must be positive.');
  assert.equal(add(7, 1), 'INVALID_REQUEST No active task found for a given instance ID.');
  assert.equal(
    add(0, 3_999),
    'INVALID_REQUEST Instance count must be between 1 and 4000 inclusive.',
  );
  assert.equal(add(0, 2), 'OK');
  assert.deepEqual(it.statuses(), ['0 PENDING', '1 PENDING', '2 PENDING', '3 PENDING']);
});

test('a state that an administrator forces is taken as far as the table allows', () => {
  const it = new SchedulerTester();
  it.create(job(1, { isService: false }));
  it.run();
  const taskId = it.id(0);
  const force = (status: 'FAILED' | 'STARTING'): string =>
    said(it.call({ method: 'forceTaskState', args: { taskId, status } }, 'root'));
  assert.equal(force('STARTING'), 'OK');
  assert.equal(force('FAILED'), 'OK');
  assert.equal(it.task(0).status, 'FAILED');
  assert.equal(it.task(0).taskEvents.at(-1)?.message, 'Transition forced by root');
});

test('only ended tasks can be pruned by hand, as many as asked for', () => {
  const it = new SchedulerTester();
  it.create(job(3, { isService: false }));
  it.run();
  for (const instance of [0, 1]) it.status(it.id(instance), 'TASK_FINISHED');
  const prune = (query: TaskQuery): string =>
    said(it.call({ method: 'pruneTasks', args: { query } }));
  assert.equal(
    prune({ statuses: ['RUNNING'] }),
    'ERROR Tasks in non-terminal state cannot be pruned.',
  );
  assert.equal(prune({ limit: 1 }), 'OK');
  assert.deepEqual(it.statuses(), ['1 FINISHED', '2 RUNNING']);
  assert.equal(prune({}), 'OK');
  assert.deepEqual(it.statuses(), ['2 RUNNING']);
});

test('what is not there yet says so', () => {
  const it = new SchedulerTester();
  assert.equal(
    said(it.call({ method: 'listBackups', args: {} })),
    'ERROR listBackups is not supported by this scheduler yet',
  );
});
