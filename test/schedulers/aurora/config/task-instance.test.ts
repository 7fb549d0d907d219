import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTaskInstance } from '../../../../schedulers/aurora/config/task-instance.ts';

const JOB = {
  role: 'www',
  environment: 'devel',
  cluster: 'c',
  name: 'web',
  instances_of_later_versions: 1,
  announce: { primary_port: 'http', portmap: { aurora: 'http', admin: '8080' } },
  task: {
    name: 'web',
    processes: [
      {
        name: 'run',
        cmdline:
          'serve {{thermos.ports[http]}} {{thermos.ports[aurora]}} {{mesos.instance}} {{mesos.hostname}} {{thermos.task_id}} {{x}}',
        new_attribute: true,
        logger: { destination: 'both', mode: 'rotate', rotate: { log_size: 10 } },
      },
      { name: 'end', cmdline: 'rm', final: true, max_failures: 0 },
    ],
    constraints: [{ order: ['run'] }],
    resources: { cpu: 1, ram: 1024, disk: 2048 },
  },
  health_check_config: { health_checker: { shell: { shell_command: 'true' } }, timeout_secs: 2 },
};
const RUN_TIME = { instance: 3, hostname: 'h1', taskId: 't-3', ports: new Map([['http', 31_000]]) };

test('what the data leaves out of the key of its job is that of the scheduler', () => {
  const { role, environment, name, cluster: _, ...rest } = JOB;
  const job = { role: 'ads', environment: 'prod', name: 'shop' };
  const read = readTaskInstance(JSON.stringify(rest), { ...RUN_TIME, job });
  assert.ok(read.ok, read.ok ? '' : read.error);
  assert.deepEqual([read.value.role, read.value.environment, read.value.name], Object.values(job));
  const given = readTaskInstance(JSON.stringify(JOB), { ...RUN_TIME, job });
  assert.ok(given.ok);
  assert.deepEqual(
    [given.value.role, given.value.environment, given.value.name],
    [role, environment, name],
  );
  const none = readTaskInstance(JSON.stringify(rest), RUN_TIME);
  assert.match(none.ok ? '' : none.error, /MesosJob\[role\] is required/);
});

test('Thermos gets a task with every default and every run-time reference filled in', () => {
  const read = readTaskInstance(JSON.stringify(JOB), RUN_TIME);
  assert.ok(read.ok, read.ok ? '' : read.error);
  const { data, ...instance } = read.value;
  assert.ok(data.has('processes'));
  assert.deepEqual(instance, {
    instance: 3,
    role: 'www',
    environment: 'devel',
    name: 'web',
    ports: new Map([
      ['http', 31_000],
      ['aurora', 31_000],
      ['admin', 8_080],
    ]),
    announce: {
      primaryPort: 'http',
      portmap: new Map([
        ['aurora', 'http'],
        ['admin', '8080'],
      ]),
      zkPath: undefined,
    },
    lifecycle: {
      port: 'health',
      gracefulShutdownEndpoint: '/quitquitquit',
      shutdownEndpoint: '/abortabortabort',
      gracefulShutdownWaitSecs: 5,
      shutdownWaitSecs: 5,
    },
    healthCheck: {
      http: undefined,
      shellCommand: 'true',
      initialIntervalSecs: 15,
      intervalSecs: 10,
      maxConsecutiveFailures: 0,
      minConsecutiveSuccesses: 1,
      timeoutSecs: 2,
    },
    task: {
      name: 'web',
      processes: [
        {
          name: 'run',
          cmdline: 'serve 31000 31000 3 h1 t-3 {{x}}',
          maxFailures: 1,
          isDaemon: false,
          isEphemeral: false,
          minDurationSecs: 5,
          isFinal: false,
          logger: { destination: 'both', mode: 'rotate', rotate: { logSizeBytes: 10, backups: 5 } },
        },
        {
          name: 'end',
          cmdline: 'rm',
          maxFailures: 0,
          isDaemon: false,
          isEphemeral: false,
          minDurationSecs: 5,
          isFinal: true,
          logger: undefined,
        },
      ],
      orders: [['run']],
      resources: { cpus: 1, ramBytes: 1_024, diskBytes: 2_048, gpus: 0 },
      maxFailures: 1,
      maxConcurrency: 0,
      finalizationWaitSecs: 30,
      user: undefined,
    },
  });
});

test('data that is no task is refused with what is wrong', () => {
  const refused = (json: string): string => {
    const read = readTaskInstance(json, RUN_TIME);
    return read.ok ? 'read' : read.error;
  };
  assert.match(refused('{'), /^No JSON object could be decoded/);
  assert.equal(refused('[]'), 'Expected dictionary argument, got []');
  assert.match(refused('{"name": "x"}'), /^MesosJob\[role\] is required\./);
  const without = { ...JOB, task: { ...JOB.task, processes: [{ name: 'run' }] } };
  assert.match(refused(JSON.stringify(without)), /Process\[cmdline\] is required\./);
  const port = {
    ...JOB,
    task: { ...JOB.task, processes: [{ name: 'run', cmdline: '{{thermos.ports[x]}}' }] },
  };
  assert.equal(refused(JSON.stringify(port)), 'Task contains unbound variables: thermos.ports[x]');
});
