import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkJob } from '../../../../schedulers/aurora/config/job-checks.ts';
import type { TaskConfig } from '../../../../schedulers/aurora/thrift/types.ts';
import { converted, jobText, TASK } from './support/load.ts';

function taskConfig(text: string): TaskConfig {
  const made = converted(text);
  assert.ok(made.ok, made.ok ? '' : made.error);
  const config = made.value.configuration.taskConfig;
  assert.ok(config !== undefined);
  return config;
}

test('a job becomes the structures of the API with the defaults of the schema', () => {
  const made = converted(
    jobText("contact='me@example.com', instances=3, priority=5, service=True, tier='preferred'"),
  );
  assert.ok(made.ok);
  const { executorConfig, ...config } = made.value.configuration.taskConfig ?? {};
  assert.deepEqual(
    { ...made.value.configuration, taskConfig: config },
    {
      key: { role: 'www', environment: 'devel', name: 'web' },
      owner: { user: 'someone' },
      cronSchedule: undefined,
      cronCollisionPolicy: 'KILL_EXISTING',
      instanceCount: 3,
      taskConfig: {
        job: { role: 'www', environment: 'devel', name: 'web' },
        owner: { user: 'someone' },
        isService: true,
        priority: 5,
        maxTaskFailures: 1,
        production: false,
        tier: 'preferred',
        contactEmail: 'me@example.com',
        resources: [{ numCpus: 0.5 }, { ramMb: 64 }, { diskMb: 1024 }],
        constraints: [],
        taskLinks: new Map(),
        metadata: [],
        container: { mesos: {} },
        partitionPolicy: undefined,
        slaPolicy: undefined,
      },
    },
  );
  assert.equal(executorConfig?.name, 'AuroraExecutor');
});

test('the data of the executor is the job without instances and update configuration', () => {
  const one = taskConfig(jobText('instances=1, update_config=UpdateConfig(batch_size=1)'));
  const other = taskConfig(jobText('instances=9, update_config=UpdateConfig(batch_size=3)'));
  assert.deepEqual(one, other);
  assert.equal(
    one.executorConfig?.data,
    '{"name": "web", "role": "www", "cluster": "c", "environment": "devel", "task": {"name": "run", "processes": [{"name": ' +
      '"run", "cmdline": "true", "max_failures": 1, "daemon": false, "ephemeral": false, "min_duration": 5, "final": false}], ' +
      '"constraints": [], "resources": {"cpu": 0.5, "ram": 67108864, "disk": 1073741824, "gpu": 0}, "max_failures": 1, ' +
      '"max_concurrency": 0, "finalization_wait": 30}, "cron_collision_policy": "KILL_EXISTING", "service": false, ' +
      '"max_task_failures": 1, "production": false, "priority": 0, "health_check_config": {"health_checker": {"http": ' +
      '{"endpoint": "/health", "expected_response": "ok", "expected_response_code": 0}}, "initial_interval_secs": 15.0, ' +
      '"interval_secs": 10.0, "max_consecutive_failures": 0, "min_consecutive_successes": 1, "timeout_secs": 1.0}, "lifecycle": ' +
      '{"http": {"port": "health", "graceful_shutdown_endpoint": "/quitquitquit", "shutdown_endpoint": "/abortabortabort", ' +
      '"graceful_shutdown_wait_secs": 5, "shutdown_wait_secs": 5}}, "enable_hooks": false, "metadata": [], "executor_config": ' +
      '{"name": "AuroraExecutor", "data": ""}}',
  );
});

test('the data of another executor is handed on as it is', () => {
  const config = taskConfig(
    jobText("executor_config=ExecutorConfig(name='mine', data='{\"a\": 1}')"),
  );
  assert.deepEqual(config.executorConfig, { name: 'mine', data: '{"a": 1}' });
});

/** Attributes of the job to the fields that they become. */
const FIELDS: readonly (readonly [attributes: string, fields: Partial<TaskConfig>])[] = [
  [
    "constraints={'host': 'limit:2'}",
    { constraints: [{ name: 'host', constraint: { limit: { limit: 2 } } }] },
  ],
  [
    "constraints={'rack': 'r1'}",
    { constraints: [{ name: 'rack', constraint: { value: { negated: false, values: ['r1'] } } }] },
  ],
  [
    "constraints={'rack': 'a,b,c'}",
    {
      constraints: [
        { name: 'rack', constraint: { value: { negated: false, values: ['a', 'b', 'c'] } } },
      ],
    },
  ],
  [
    "constraints={'rack': '!a,b'}",
    {
      constraints: [{ name: 'rack', constraint: { value: { negated: true, values: ['a', 'b'] } } }],
    },
  ],
  ["metadata=[Metadata(key='k', value='v')]", { metadata: [{ key: 'k', value: 'v' }] }],
  [
    'partition_policy=PartitionPolicy(reschedule=False, delay_secs=5)',
    { partitionPolicy: { reschedule: false, delaySecs: 5 } },
  ],
  [
    'sla_policy=PercentageSlaPolicy(percentage=95, duration_secs=60)',
    { slaPolicy: { percentageSlaPolicy: { percentage: 95, durationSecs: 60 } } },
  ],
  [
    'sla_policy=CountSlaPolicy(count=3, duration_secs=60)',
    { slaPolicy: { countSlaPolicy: { count: 3, durationSecs: 60 } } },
  ],
  [
    "sla_policy=CoordinatorSlaPolicy(coordinator_url='http://x')",
    { slaPolicy: { coordinatorSlaPolicy: { coordinatorUrl: 'http://x', statusKey: 'drain' } } },
  ],
  [
    "container=Docker(image='i', parameters=[Parameter(name='n', value='v')])",
    { container: { docker: { image: 'i', parameters: [{ name: 'n', value: 'v' }] } } },
  ],
  [
    "container=Container(docker=Docker(image='i'))",
    { container: { docker: { image: 'i', parameters: [] } } },
  ],
  ['container=Mesos()', { container: { mesos: { volumes: [] } } }],
  [
    "container=Mesos(image=DockerImage(name='n', tag='t'))",
    { container: { mesos: { image: { docker: { name: 'n', tag: 't' } }, volumes: [] } } },
  ],
  [
    "container=Mesos(image=AppcImage(name='n', image_id='i'))",
    { container: { mesos: { image: { appc: { name: 'n', imageId: 'i' } }, volumes: [] } } },
  ],
  [
    "container=Mesos(volumes=[Volume(container_path='/c', host_path='/h', mode='RO')])",
    { container: { mesos: { volumes: [{ containerPath: '/c', hostPath: '/h', mode: 'RO' }] } } },
  ],
  ['max_task_failures=-1', { maxTaskFailures: -1 }],
  ['production=True', { production: true, tier: undefined }],
];

for (const [attributes, fields] of FIELDS) {
  test(`${attributes} becomes what the API calls it`, () => {
    const config = taskConfig(jobText(attributes));
    const found = Object.fromEntries(
      Object.keys(fields).map((name) => [name, Object(config)[name]]),
    );
    assert.deepEqual(found, fields);
  });
}

/** Processes' text and announcer to the ports that are asked for. */
const PORTS: readonly (readonly [cmdline: string, announce: string, ports: readonly string[]])[] = [
  ['{{thermos.ports[http]}} {{thermos.ports[admin]}}', '', ['admin', 'http']],
  ['{{thermos.ports[http]}}', 'announce=Announcer()', ['http']],
  ['', 'announce=Announcer()', ['http']],
  ['{{thermos.ports[aurora]}}', 'announce=Announcer()', ['http']],
  ['{{thermos.ports[a]}}', "announce=Announcer(portmap={'a': 'b', 'b': 'c'})", ['c']],
  [
    '{{thermos.ports[a]}}',
    "announce=Announcer(portmap={'a': '80'}), constraints={'dedicated': 'www/x'}",
    [],
  ],
  ['true', '', []],
];

for (const [cmdline, announce, ports] of PORTS) {
  test(`'${cmdline}' with '${announce}' asks for the ports ${ports.join(', ') || 'none'}`, () => {
    const task = TASK.replace("'true'", `'echo ${cmdline}'`);
    const named = taskConfig(jobText(announce, task)).resources.flatMap((each) =>
      'namedPort' in each ? [each.namedPort] : [],
    );
    assert.deepEqual(named, ports);
  });
}

test('gpus are asked for when there are any', () => {
  const config = taskConfig(jobText('', TASK.replace('cpu=', 'gpu=2, cpu=')));
  assert.deepEqual(config.resources.at(-1), { numGpus: 2 });
});

test("the job's own names stand for run-time names that mean the same", () => {
  const task = TASK.replace(
    "'true'",
    "'{{mesos.role}}/{{thermos.user}}/{{mesos.cluster}}/{{environment}}/{{instances}}/{{name}}'",
  );
  const data = taskConfig(jobText('', task)).executorConfig?.data ?? '';
  assert.match(data, /"cmdline": "www\/www\/c\/devel\/1\/run"/);
});

/** A task of `run`, with these attributes, and `b`. */
function ordered(names: string, attributes = ''): string {
  const processes = `Process(name='run', cmdline='true', ${attributes}), Process(name='b', cmdline='b')`;
  return TASK.replace("Process(name='run', cmdline='true')", processes).replace(
    'resources',
    `constraints=[Constraint(order=[${names}])], resources`,
  );
}

/** What is wrong to the whole refusal. */
const REFUSED: readonly (readonly [text: string, error: string])[] = [
  ["jobs = [Job(name='n')]", 'The configuration was invalid: Cluster required for job "n"'],
  [
    "jobs = [Job(name='n', cluster='c')]",
    'The configuration was invalid: Task required for job "n"',
  ],
  [
    "jobs = [Job(name='n', cluster='c', task=Task())]",
    'The configuration was invalid: Role required for job "n"',
  ],
  [
    jobText('environment=Empty').replace("environment='devel', ", ''),
    'Job not fully specified: MesosJob[environment] is required.',
  ],
  [jobText("contact='{{who}} {{where}} {{who}}'"), 'Config contains unbound variables: who where'],
  [
    jobText('', TASK.replace("'true'", "'{{profile.x}} {{mesos.instance}}'")),
    'Config contains unbound variables: profile.x',
  ],
  [
    jobText('', "Task(name='t', resources=Resources(cpu=1, ram=1*GB, disk=1*GB))"),
    'The configuration was invalid: Processes required for task on job "web"',
  ],
  [jobText('', "Task(processes=[Process(name='a', cmdline='b')])"), 'Task must specify resources!'],
  [
    jobText('', TASK.replace('64*MB', '0').replace('1*GB', '0')),
    'Must specify ram and disk resources, got ram:0 disk:0',
  ],
  [
    jobText('', TASK.replace('cpu=0.5', 'cpu=0.1').replace('64*MB', '1').replace('1*GB', '64*MB')),
    'Task has invalid resources.  cpu/ramMb/diskMb must all be positive: cpu:0.1 ramMb:0 diskMb:64',
  ],
  [jobText('').replace("role='www'", "role='w w'"), "Invalid role 'w w'"],
  [jobText('').replace("environment='devel'", "environment='a/b'"), "Invalid environment 'a/b'"],
  [jobText('').replace("name='web'", "name=''"), "Invalid job name ''"],
  [jobText("cron_collision_policy='sometimes'"), 'Invalid CronCollisionPolicy type: SOMETIMES'],
  [
    jobText("constraints={'host': 'limit:some'}"),
    'limit:some is not a valid limit value, must be integer',
  ],
  [jobText("announce=Announcer(portmap={'a': 'b', 'b': 'a'})"), 'Port map has a cycle: a -> b'],
  [
    jobText('', TASK.replace("name='run'", "name='.run'")),
    'Task is invalid: Task has invalid process: Invalid process name: .run',
  ],
  [
    jobText('', TASK.replace("name='run'", "name='a/b'")),
    'Task is invalid: Task has invalid process: Invalid process name: a/b',
  ],
  [
    jobText('', TASK.replace("'true')", "'true'), Process(name='run', cmdline='x')")),
    'Task is invalid: Task has invalid process: process name run is not unique',
  ],
  [
    jobText('', TASK.replace('resources', "constraints=order('run', 'x'), resources")),
    'Task is invalid: Task has invalid plan: Invalid process dependencies!',
  ],
  [
    jobText('', TASK.replace('resources', "constraints=order('run', 'run'), resources")),
    'Task is invalid: Task has invalid plan: Cycles detected in the task schedule!',
  ],
  [
    jobText('', ordered('')),
    'Task is invalid: Task has invalid plan: Invalid process dependencies!',
  ],
  [
    jobText('', ordered("'run', 'b'", 'daemon=True')),
    'Task is invalid: Task has invalid plan: Process b may not depend upon daemon process run',
  ],
  [
    jobText('', ordered("'run', 'b'", 'ephemeral=True')),
    'Task is invalid: Task has invalid plan: Non-ephemeral process b may not depend upon ephemeral process run',
  ],
  [
    jobText('', ordered("'run', 'b'", 'final=True')),
    'Task is invalid: Task has invalid plan: Invalid process dependencies!',
  ],
  [
    jobText('priority=2**40'),
    'TaskConfig.priority is 1099511627776, which is no integer of 32 bits',
  ],
  [
    jobText('instances=2**31'),
    'JobConfiguration.instanceCount is 2147483648, which is no integer of 32 bits',
  ],
  [
    jobText('', TASK.replace('64*MB', '10**90')),
    'Resource.ramMb is 9.5367431640625e+83, which is no integer up to 9007199254740991',
  ],
  [
    jobText('', TASK.replace('cpu=0.5', "cpu='1e999'")),
    'Resource.numCpus is Infinity, which is no number',
  ],
  [
    jobText('update_config=UpdateConfig(watch_secs=10**9)'),
    'JobUpdateSettings.minWaitInInstanceRunningMs is 1000000000000, which is no integer of 32 bits',
  ],
  [jobText('update_config=UpdateConfig(batch_size=0)'), 'Batch size should be greater than 0'],
  [
    jobText('update_config=UpdateConfig(pulse_interval_secs=59)'),
    'Pulse interval seconds must be at least 60 seconds.',
  ],
  [
    jobText('update_config=UpdateConfig(batch_size=2, update_strategy=QueueUpdateStrategy())'),
    'Ambiguous update configuration. Cannot combine update strategy with wait for batch completion or batch size.',
  ],
];

for (const [text, error] of REFUSED) {
  test(`refused: ${error}`, () => {
    const made = converted(text);
    assert.equal(made.ok ? 'converted' : made.error, error);
  });
}

const STRATEGIES: readonly (readonly [config: string, strategy: unknown])[] = [
  ['batch_size=3', { queueStrategy: { groupSize: 3 } }],
  [
    'batch_size=3, wait_for_batch_completion=True',
    { batchStrategy: { groupSize: 3, autopauseAfterBatch: false } },
  ],
  ['update_strategy=QueueUpdateStrategy(batch_size=4)', { queueStrategy: { groupSize: 4 } }],
  [
    'update_strategy=BatchUpdateStrategy(batch_size=4, autopause_after_batch=True)',
    { batchStrategy: { groupSize: 4, autopauseAfterBatch: true } },
  ],
  [
    'update_strategy=VariableBatchUpdateStrategy(batch_sizes=[1, 2])',
    { varBatchStrategy: { groupSizes: [1, 2], autopauseAfterBatch: false } },
  ],
];

for (const [config, strategy] of STRATEGIES) {
  test(`an update with ${config} has its strategy`, () => {
    const made = converted(jobText(`update_config=UpdateConfig(${config})`));
    assert.deepEqual(made.ok && made.value.updateSettings.updateStrategy, strategy);
  });
}

test('the settings of an update are in milliseconds', () => {
  const config =
    'watch_secs=20, max_per_shard_failures=2, max_total_failures=3, rollback_on_failure=False, pulse_interval_secs=60, sla_aware=True';
  const made = converted(jobText(`instances=9, update_config=UpdateConfig(${config})`));
  assert.deepEqual(made.ok && made.value.updateSettings, {
    updateGroupSize: 1,
    maxPerInstanceFailures: 2,
    maxFailedInstances: 3,
    minWaitInInstanceRunningMs: 20_000,
    rollbackOnFailure: false,
    updateOnlyTheseInstances: [],
    waitForBatchCompletion: false,
    blockIfNoPulsesAfterMs: 60_000,
    slaAware: true,
    updateStrategy: { queueStrategy: { groupSize: 1 } },
  });
});

/** The client's own rules. */
const FOUND: readonly (readonly [
  attributes: string,
  errors: readonly string[],
  warnings: readonly string[],
])[] = [
  ['', [], []],
  [
    'instances=2, update_config=UpdateConfig(max_total_failures=2)',
    [
      'max_total_failures in update_config must be lesser than the job size.\n' +
        'Based on your job size (2) you should use max_total_failures <= 1.',
    ],
    [],
  ],
  [
    "instances=100, constraints={'dedicated': 'www/x'}, update_config=UpdateConfig(max_total_failures=1)",
    [
      'Since this is a dedicated job, you must set your max_total_failures in\n' +
        'your update configuration to no less than 2% of your job size.\n' +
        'Based on your job size (100) you should use max_total_failures >= 2.',
    ],
    [],
  ],
  ...[
    'watch_secs',
    'max_consecutive_failures',
    'min_consecutive_successes',
    'initial_interval_secs',
    'interval_secs',
  ].map((name): readonly [string, readonly string[], readonly string[]] => [
    name === 'watch_secs'
      ? 'update_config=UpdateConfig(watch_secs=-1)'
      : `health_check_config=HealthCheckConfig(${name}=-1)`,
    [`Invalid value (-1) specified for ${name}. Value cannot be less than 0.`],
    [],
  ]),
  [
    "announce=Announcer(primary_port='aurora', portmap={'aurora': '80'})",
    ['Job must be dedicated in order to specify static ports!'],
    [],
  ],
  [
    'announce=Announcer()',
    [],
    [
      "\nAnnouncer specified primary port as 'http' but no processes have bound that port.\n" +
        'If you would like to utilize this port, you should listen on {{thermos.ports[http]}}\n' +
        'from some Process bound to your task.\n',
    ],
  ],
  [
    'production=True',
    [],
    [
      [
        '*'.repeat(80),
        '* The command you ran is deprecated and will soon break!',
        "* Job configuration attribute 'production' is deprecated.",
        "* Use 'tier' attribute instead. For more information please refer to ",
        '* http://aurora.apache.org/documentation/latest/reference/configuration/#job-objects',
        '*'.repeat(80),
      ].join('\n'),
    ],
  ],
  ["production=True, tier='preferred'", [], []],
];

for (const [attributes, errors, warnings] of FOUND) {
  test(`the client says of '${attributes}': ${[...errors, ...warnings].join(' ').replaceAll('\n', ' ') || 'nothing'}`, () => {
    const made = converted(jobText(attributes));
    assert.ok(made.ok, made.ok ? '' : made.error);
    assert.deepEqual(checkJob(made.value.data), { errors, warnings });
  });
}
