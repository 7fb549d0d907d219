import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printed, refusal } from './support/load.ts';

/** A struct with only what it requires, and all that it then has. */
const DEFAULTS: readonly (readonly [text: string, json: string])[] = [
  [
    "Process(name='a', cmdline='b')",
    '{"name": "a", "cmdline": "b", "max_failures": 1, "daemon": false, "ephemeral": false, "min_duration": 5, "final": false}',
  ],
  ['Logger()', '{"destination": "file", "mode": "standard"}'],
  ['RotatePolicy()', '{"log_size": 104857600, "backups": 5}'],
  [
    "Task(processes=[Process(name='p', cmdline='c')])",
    '{"name": "p", "processes": [{"name": "p", "cmdline": "c", "max_failures": 1, "daemon": false, "ephemeral": false, ' +
      '"min_duration": 5, "final": false}], "constraints": [], "max_failures": 1, "max_concurrency": 0, "finalization_wait": 30}',
  ],
  ["Constraint(order=['a', 'b'])", '{"order": ["a", "b"]}'],
  [
    'Resources(cpu=1, ram=2*MB, disk=1*GB)',
    '{"cpu": 1.0, "ram": 2097152, "disk": 1073741824, "gpu": 0}',
  ],
  [
    'UpdateConfig()',
    '{"batch_size": 1, "watch_secs": 45, "max_per_shard_failures": 0, "max_total_failures": 0, "rollback_on_failure": true, ' +
      '"wait_for_batch_completion": false, "sla_aware": false}',
  ],
  ['QueueUpdateStrategy()', '{"batch_size": 1}'],
  ['BatchUpdateStrategy()', '{"batch_size": 1, "autopause_after_batch": false}'],
  [
    'VariableBatchUpdateStrategy(batch_sizes=[1])',
    '{"batch_sizes": [1], "autopause_after_batch": false}',
  ],
  [
    'HealthCheckConfig()',
    '{"health_checker": {"http": {"endpoint": "/health", "expected_response": "ok", "expected_response_code": 0}}, ' +
      '"initial_interval_secs": 15.0, "interval_secs": 10.0, "max_consecutive_failures": 0, "min_consecutive_successes": 1, ' +
      '"timeout_secs": 1.0}',
  ],
  ["ShellHealthChecker(shell_command='x')", '{"shell_command": "x"}'],
  [
    'DefaultLifecycleConfig',
    '{"http": {"port": "health", "graceful_shutdown_endpoint": "/quitquitquit", "shutdown_endpoint": "/abortabortabort", ' +
      '"graceful_shutdown_wait_secs": 5, "shutdown_wait_secs": 5}}',
  ],
  ['DisableLifecycle', '{}'],
  ['Announcer()', '{"primary_port": "http", "portmap": {"aurora": "http"}}'],
  ["Docker(image='i')", '{"image": "i", "parameters": []}'],
  ["Container(docker=Docker(image='i'))", '{"docker": {"image": "i", "parameters": []}}'],
  ['Mesos()', '{"volumes": []}'],
  ["AppcImage(name='n', image_id='i')", '{"name": "n", "image_id": "i"}'],
  ["DockerImage(name='n', tag='t')", '{"name": "n", "tag": "t"}'],
  [
    "Volume(container_path='/c', host_path='/h', mode='RW')",
    '{"container_path": "/c", "host_path": "/h", "mode": "RW"}',
  ],
  [
    'PercentageSlaPolicy(percentage=95, duration_secs=60)',
    '{"percentage": 95.0, "duration_secs": 60}',
  ],
  ['CountSlaPolicy(count=2, duration_secs=60)', '{"count": 2, "duration_secs": 60}'],
  ["CoordinatorSlaPolicy(coordinator_url='u')", '{"coordinator_url": "u", "status_key": "drain"}'],
  ['PartitionPolicy()', '{"reschedule": true, "delay_secs": 0}'],
  ["Metadata(key='k', value='v')", '{"key": "k", "value": "v"}'],
  ['ExecutorConfig()', '{"name": "AuroraExecutor", "data": ""}'],
  [
    'Job(update_config=Empty, health_check_config=Empty, lifecycle=Empty, task=Task(name="t"))',
    '{"name": "t", "instances": 1, "task": {"name": "t", "constraints": [], "max_failures": 1, "max_concurrency": 0, ' +
      '"finalization_wait": 30}, "cron_collision_policy": "KILL_EXISTING", "service": false, "max_task_failures": 1, ' +
      '"production": false, "priority": 0, "enable_hooks": false, "metadata": [], "executor_config": ' +
      '{"name": "AuroraExecutor", "data": ""}}',
  ],
];

for (const [text, json] of DEFAULTS) {
  test(`${text} has the defaults of the schema`, () => {
    assert.deepEqual(printed(`import json\nprint json.dumps(${text}.interpolate()[0].get())`), [
      json,
    ]);
  });
}

test('a service is a job with service=True', () => {
  assert.deepEqual(
    printed('print Service.service(), Job().service(), Service(service=False).service()'),
    ['True False False'],
  );
});

/** What a check says about what is missing or of a wrong type. */
const CHECKS: readonly (readonly [text: string, message: string])[] = [
  ["Process(name='a', cmdline='b', max_failures=Empty)", 'Process[max_failures] is required.'],
  ['Process()', 'Process[name] is required., Process[cmdline] is required.'],
  ['Resources(cpu=1)', 'Resources[ram] is required., Resources[disk] is required.'],
  ["Resources(cpu='{{c}}', ram=1, disk=1)", "Resources[cpu] failed: u'{{c}}' not a float"],
  ["Resources(cpu='{{c}}', ram=1, disk=1).bind(c='1.5')", ''],
  [
    "Resources(cpu=1, ram='{{r}}', disk=1).bind(r='x')",
    "Resources[ram] failed: Unable to interpolate: Cannot coerce 'x' to Integer",
  ],
  [
    "Process(name='a', cmdline='b', daemon='{{d}}').bind(d='yes')",
    "Process[daemon] failed: Unable to interpolate: Cannot coerce 'yes' to Boolean",
  ],
  [
    "Process(name='a', cmdline='b', max_failures='x')",
    "Process[max_failures] failed: Unable to interpolate: Cannot coerce 'x' to Integer",
  ],
  [
    "Resources(cpu='a lot', ram=1, disk=1)",
    "Resources[cpu] failed: Unable to interpolate: Cannot coerce 'a lot' to Float",
  ],
  [
    "Volume(container_path='/c', host_path='/h', mode='{{m}}').bind(m='RX')",
    "Volume[mode] failed: Unable to interpolate: Cannot coerce 'RX' to Mode: RX is not one of RO, RW",
  ],
  [
    "Task(processes=[Process(name='a')])",
    'Task[processes] failed: Element in ProcessList failed check: Process[cmdline] is required.',
  ],
  ['VariableBatchUpdateStrategy()', 'VariableBatchUpdateStrategy[batch_sizes] is required.'],
  [
    'Volume()',
    'Volume[container_path] is required., Volume[host_path] is required., Volume[mode] is required.',
  ],
  ['Docker()', 'Docker[image] is required.'],
  ['ShellHealthChecker()', 'ShellHealthChecker[shell_command] is required.'],
  ['Metadata()', 'Metadata[key] is required., Metadata[value] is required.'],
  ['Parameter()', 'Parameter[name] is required., Parameter[value] is required.'],
  ['AppcImage()', 'AppcImage[name] is required., AppcImage[image_id] is required.'],
  ['DockerImage()', 'DockerImage[name] is required., DockerImage[tag] is required.'],
  [
    'PercentageSlaPolicy()',
    'PercentageSlaPolicy[percentage] is required., PercentageSlaPolicy[duration_secs] is required.',
  ],
  [
    'CountSlaPolicy()',
    'CountSlaPolicy[count] is required., CountSlaPolicy[duration_secs] is required.',
  ],
  ['CoordinatorSlaPolicy()', 'CoordinatorSlaPolicy[coordinator_url] is required.'],
  [
    'Job()',
    'MesosJob[role] is required., MesosJob[cluster] is required., MesosJob[environment] is required., MesosJob[task] is required.',
  ],
];

for (const [text, message] of CHECKS) {
  test(`the check of ${text} says: ${message || 'nothing'}`, () => {
    const program = `c = ${text}.check()\nprint c.ok()\nprint c.message()`;
    assert.deepEqual(printed(program), [message === '' ? 'True' : 'False', message]);
  });
}

/** What cannot be made at all. */
const REFUSED: readonly (readonly [text: string, error: string])[] = [
  ['Process(nome="a")', 'AttributeError: Unknown schema attribute nome'],
  ['Process(name="a").nome()', "AttributeError: 'Process' object has no attribute 'nome'"],
  ['Process("a")', "ValueError: Expected dictionary argument, got 'a'"],
  ['Process(name=None)', "ValueError: Process[name]: Cannot coerce 'None' to String"],
  ['Process(name=[1])', "ValueError: Process[name]: Cannot coerce '[1]' to String"],
  ['str(Integer("x"))', "ValueError: Cannot coerce 'x' to Integer"],
  [
    'Task(processes=Parameter(name="a"))',
    'ValueError: Task[processes]: ListContainer expects an iterable, got Parameter(name=a)',
  ],
  ['Process(name="a")({"name": "b"})', 'TypeError: __call__() takes exactly 1 argument (2 given)'],
  ["Volume(mode='RX')", 'ValueError: Volume[mode]: Mode only accepts the following values: RO, RW'],
  [
    "Logger(destination='nowhere')",
    'ValueError: Logger[destination]: LoggerDestination only accepts the following values: file, console, both, none',
  ],
  [
    "Job(container='docker')",
    "ValueError: MesosJob[container]: Cannot coerce 'docker' to ContainerChoice",
  ],
  [
    "Job(update_config=UpdateConfig(update_strategy={'sizes': 1}))",
    "ValueError: UpdateConfig[update_strategy]: Cannot coerce '{'sizes': 1}' to UpdateStrategy",
  ],
  ['order(1)', 'ValueError: Unknown value for process order: 1'],
  [
    "SequentialTask(processes=[], constraints=order('a'))",
    'ValueError: Cannot turn a Task with existing constraints into a SequentialTask!',
  ],
  ['Ref.from_address("a b")', 'ValueError: Badly formed address a b'],
];

for (const [text, error] of REFUSED) {
  test(`${text} is refused`, () => {
    assert.equal(refusal(text), error);
  });
}

const COERCED: readonly (readonly [type: string, given: string, shown: string])[] = [
  ['String', '1', '1'],
  ['String', '1.5', '1.5'],
  ['Integer', '"7"', '7'],
  ['Integer', '1.9', '1'],
  ['Float', '2', '2.0'],
  ['Float', '"1e2"', '100.0'],
  ['Boolean', '"TRUE"', 'True'],
  ['Boolean', '"0"', 'False'],
  ['Boolean', '1', 'True'],
  ["Enum('A', 'B')", '"A"', 'A'],
  ["Enum('Name', ('A', 'B'))", '"B"', 'B'],
  ['List(Integer)', '["1", 2]', '[1, 2]'],
  ['Map(String, Integer)', '{"a": "1"}', "{'a': 1}"],
  ['Choice([Integer, String])', '"1"', '1'],
  ['Choice([Integer, String])', '"x"', 'x'],
  ["Choice('Name', [List(String), String])", '["x"]', "['x']"],
];

for (const [type, given, shown] of COERCED) {
  test(`${type}(${given}) is ${shown}`, () => {
    assert.deepEqual(printed(`T = ${type}\nprint T(${given}).get()`), [shown]);
  });
}
