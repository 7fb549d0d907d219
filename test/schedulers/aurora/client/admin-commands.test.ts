/** `aurora_admin`: what is asked, what is printed; whatever goes wrong ends with 1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ThriftCall } from '../../../../schedulers/aurora/thrift/messages.ts';
import type {
  HostStatus,
  MaintenanceMode,
  Response,
  ScheduledTask,
} from '../../../../schedulers/aurora/thrift/types.ts';
import { okay, refusal, START, World } from './fake-world.ts';
import { scheduled, tasksOf, usual } from './jobs.ts';

test('tasks are queried and printed in a form of their own', async () => {
  const it = new World({ answer: () => tasksOf(scheduled(0, 'RUNNING'), scheduled(2, 'RUNNING')) });
  assert.equal(await it.admin('query', '--shards=0,2', 'west', 'bozo', 'hello'), 0);
  assert.deepEqual(it.out, ['bozo/hello/0 RUNNING', 'bozo/hello/2 RUNNING']);
  const [call] = it.calls;
  assert.ok(call?.method === 'getTasksStatus');
  assert.deepEqual(call.args.query, {
    ...{ role: 'bozo', jobName: 'hello', statuses: ['RUNNING'], instanceIds: [0, 2] },
  });
  assert.equal(await it.admin('query', '--force', '-l', '%slaveHost% %taskId%', 'west'), 0);
  assert.equal(it.out.at(-1), 'host2 bozo-test-hello-2-3f');
});

test('broad queries need force, and words that are none are named', async () => {
  const it = new World({ answer: () => tasksOf(scheduled(0, 'RUNNING')) });
  const refused: readonly (readonly [argv: readonly string[], text: RegExp])[] = [
    [['west'], /^--force is required for expensive queries \(no role specified\)$/],
    [['west', 'bozo'], /no job specified/],
    [['--states=FAILED', 'west', 'bozo', 'hello'], /states outside ACTIVE states/],
    [['--states=NONSENSE', 'west', 'bozo', 'hello'], /^Unknown state 'NONSENSE' specified\./],
    [['-l', '%nonsense%', 'west', 'bozo', 'hello'], /^Unknown key in format string\./],
    [['east', 'bozo', 'hello'], /^Unknown cluster: east$/],
  ];
  for (const [argv, text] of refused) {
    assert.equal(await it.admin('query', ...argv), 1);
    assert.match(it.err.at(-1) ?? '', text);
  }
});

test('quotas are set and increased', async () => {
  const quota = { resources: [{ numCpus: 1.5 }, { ramMb: 10 }, { diskMb: 20 }] };
  const it = new World({
    answer: (call) => (call.method === 'getQuota' ? okay({ getQuotaResult: { quota } }) : okay()),
  });
  assert.equal(await it.admin('set_quota', 'west', 'bozo', '10', '20g', '100GB'), 0);
  assert.equal(await it.admin('increase_quota', 'west', 'bozo', '0.5', '6M', '1T'), 0);
  const set = it.calls.flatMap((call) => (call.method === 'setQuota' ? [call.args.quota] : []));
  assert.deepEqual(set, [
    { resources: [{ numCpus: 10 }, { ramMb: 20_480 }, { diskMb: 102_400 }] },
    { resources: [{ numCpus: 2 }, { ramMb: 16 }, { diskMb: 20 + 2 ** 20 }] },
  ]);
  assert.equal(await it.admin('set_quota', 'west', 'bozo', '10', '20', '100g'), 1);
  assert.equal(await it.admin('set_quota', 'west', 'bozo', 'many', '20g', '100g'), 1);
});

test('backups are made, listed and recovered from', async () => {
  const it = new World({
    answer: (call) => {
      if (call.method === 'listBackups') {
        return okay({
          listBackupsResult: { backups: ['scheduler-backup-1', 'scheduler-backup-2'] },
        });
      }
      if (call.method === 'queryRecovery') {
        return okay({ queryRecoveryResult: { tasks: [scheduled(1, 'RUNNING')] } });
      }
      return okay();
    },
  });
  const commands: readonly (readonly [argv: readonly string[], method: string])[] = [
    [['scheduler_backup_now'], 'performBackup'],
    [['scheduler_list_backups'], 'listBackups'],
    [['scheduler_stage_recovery', 'scheduler-backup-1'], 'stageRecovery'],
    [['scheduler_print_recovery_tasks'], 'queryRecovery'],
    [['scheduler_delete_recovery_tasks', 'a,b'], 'deleteRecoveryTasks'],
    [['scheduler_commit_recovery'], 'commitRecovery'],
    [['scheduler_unload_recovery'], 'unloadRecovery'],
    [['scheduler_snapshot'], 'snapshot'],
  ];
  for (const [[name = '', ...rest], method] of commands) {
    assert.equal(await it.admin(name, 'west', ...rest), 0);
    assert.equal(it.calls.at(-1)?.method, method);
  }
  assert.deepEqual(it.out, [
    '2 available backups:',
    'scheduler-backup-1',
    'scheduler-backup-2',
    'Role\tJob\tShard\tStatus\tTask ID',
    'bozo\thello\t1\tRUNNING\tbozo-test-hello-1-3f',
  ]);
});

test('a refusal ends with 1', async () => {
  const it = new World({ answer: () => refusal('INVALID_REQUEST', 'No backup loaded.') });
  assert.equal(await it.admin('scheduler_commit_recovery', 'west'), 1);
  assert.deepEqual(it.err, ['Command failure:', '\tNo backup loaded.']);
});

test('tasks are pruned, forced and reconciled', async () => {
  const it = new World();
  assert.equal(
    await it.admin('prune_tasks', '--role=r', '--states=LOST,FAILED', '--limit=5', 'west'),
    0,
  );
  assert.equal(await it.admin('force_task_state', 'west', 't1', 'LOST'), 0);
  assert.equal(await it.admin('reconcile_tasks', '-b', '7', 'west'), 0);
  assert.equal(await it.admin('reconcile_tasks', '--type=implicit', 'west'), 0);
  assert.equal(await it.admin('reconcile_tasks', '-t', 'implicit', '-b', '7', 'west'), 1);
  assert.deepEqual(
    it.calls.map(({ method, args }) => [method, args]),
    [
      ['pruneTasks', { query: { role: 'r', statuses: ['LOST', 'FAILED'], limit: 5 } }],
      ['forceTaskState', { taskId: 't1', status: 'LOST' }],
      ['triggerExplicitTaskReconciliation', { settings: { batchSize: 7 } }],
      ['triggerImplicitTaskReconciliation', {}],
    ],
  );
});

test('the cluster is told as JSON and for a shell, its leader as an address', async () => {
  const it = new World();
  assert.equal(await it.admin('get_cluster_config', 'west'), 0);
  assert.equal(JSON.parse(it.out.join('')).scheduler_uri, 'http://scheduler:8081');
  assert.equal(await it.admin('get_cluster_config', '--export', 'west'), 0);
  assert.ok(it.out.includes('export AURORA_CLUSTER_scheduler_uri=http://scheduler:8081'));
  assert.equal(await it.admin('get_scheduler', 'west'), 0);
  assert.equal(it.out.at(-1), 'Found leading scheduler at: http://scheduler:8081');
});

test('a scheduler that does not lead can be asked', async () => {
  const it = new World();
  assert.equal(await it.admin('scheduler_snapshot', '--bypass-leader-redirect', 'west'), 0);
  assert.equal(it.requests[0]?.headers?.['bypass-leader-redirect'], 'true');
});

function statuses(mode: MaintenanceMode, hosts: readonly string[]): readonly HostStatus[] {
  return hosts.map((host) => ({ host, mode }));
}

/** Draining hosts are drained when they are asked about the second time. */
function maintenance(tasks: readonly ScheduledTask[]): (call: ThriftCall) => Response {
  let asked = 0;
  return (call) => {
    switch (call.method) {
      case 'startMaintenance': {
        const known = (call.args.hosts?.hostNames ?? []).filter((host) => host !== 'unknown');
        return okay({ startMaintenanceResult: { statuses: statuses('SCHEDULED', known) } });
      }
      case 'maintenanceStatus': {
        asked += 1;
        const mode = asked % 2 === 0 ? 'DRAINED' : 'DRAINING';
        const found = statuses(mode, call.args.hosts?.hostNames ?? []);
        return okay({ maintenanceStatusResult: { statuses: found } });
      }
      case 'getTasksWithoutConfigs':
        return tasksOf(...tasks);
      default:
        return usual(call);
    }
  };
}

test('hosts go out of service and back, and tell their state', async () => {
  const it = new World({ answer: maintenance([]), files: { '/hosts': 'h1\nh2\n\n' } });
  assert.equal(await it.admin('host_deactivate', '--hosts=h1,h2', 'west'), 0);
  assert.equal(await it.admin('host_status', '--filename=/hosts', 'west'), 0);
  assert.deepEqual(it.out, ['h1 is in state: DRAINING', 'h2 is in state: DRAINING']);
  assert.equal(await it.admin('host_activate', '--hosts=h1', 'west'), 0);
  assert.equal(await it.admin('host_deactivate', '--hosts=h1,unknown', 'west'), 1);
  assert.equal(await it.admin('host_status', 'west'), 1);
  assert.equal(it.err.at(-1), 'Please specify either --filename or --hosts');
  assert.equal(await it.admin('host_status', '--hosts=,', 'west'), 1);
});

/** A production service with this many instances, one a host, up for an hour. */
function service(count: number): readonly ScheduledTask[] {
  return Array.from({ length: count }, (_, at) => {
    const task = scheduled(at, 'RUNNING');
    const { assignedTask } = task;
    return {
      ...task,
      taskEvents: [{ timestamp: START - 3_600_000, status: 'RUNNING' as const }],
      assignedTask: { ...assignedTask, task: { ...assignedTask.task, tier: 'preferred' } },
    };
  });
}

test('hosts are drained group by group as long as the jobs on them keep their SLA', async () => {
  const it = new World({ answer: maintenance(service(20)) });
  assert.equal(await it.admin('host_drain', '--hosts=host1,host0', 'west'), 0);
  const drained = it.calls.flatMap((call) =>
    call.method === 'drainHosts' ? [call.args.hosts?.hostNames] : [],
  );
  assert.deepEqual(drained, [['host0'], ['host1']]);
});

test('hosts that would break an SLA are left alone and told', async () => {
  const it = new World({ answer: maintenance(service(20)) });
  const argv = ['--grouping=none', '--hosts=host0,host1', '--unsafe_hosts_file=/unsafe', 'west'];
  assert.equal(await it.admin('host_drain', ...argv), 0);
  assert.ok(!it.methods().includes('drainHosts'));
  assert.deepEqual(it.out, [
    'host0\twest/bozo/test/hello\t90.00\tFalse\tn/a',
    'host1\twest/bozo/test/hello\t90.00\tFalse\tn/a',
    'host0',
    'host1',
  ]);
  assert.equal(it.written.get('/unsafe'), 'host0\nhost1\n');
  const reason = ['--override_percentage=90', '--override_reason=because'];
  assert.equal(await it.admin('host_drain', ...reason, ...argv), 0);
  assert.ok(it.methods().includes('drainHosts'));
  assert.equal(await it.admin('host_drain', '--override_percentage=90', ...argv), 1);
});

test('a program is run for each drained host', async () => {
  const it = new World({ answer: maintenance([]) });
  const argv = ['--hosts=h1', '--post_drain_script=/after', 'west'];
  assert.equal(await it.admin('host_drain', ...argv), 0);
  assert.deepEqual(it.programs, [['/after', 'h1']]);
});

test('the scheduler is asked to drain by itself', async () => {
  const it = new World({ answer: maintenance([]) });
  assert.equal(await it.admin('sla_host_drain', '--hosts=h1', 'west'), 0);
  const [call] = it.calls;
  assert.ok(call?.method === 'slaDrainHosts');
  assert.deepEqual(call.args, {
    hosts: { hostNames: ['h1'] },
    defaultSlaPolicy: { percentageSlaPolicy: { percentage: 95, durationSecs: 1_800 } },
    timeoutSecs: 604_800,
  });
});

test('hosts are probed, and those that may go are listed', async () => {
  const it = new World({
    answer: maintenance(service(10)),
    files: { '/jobs': 'west/bozo/test/hello 95 1m\n', '/bad': 'west/bozo\n' },
  });
  assert.equal(await it.admin('sla_probe_hosts', '--hosts=host3', 'west', '95', '2h'), 0);
  assert.deepEqual(it.out, ['host3\twest/bozo/test/hello\t0.00\tFalse\tn/a']);
  it.out.length = 0;
  const some = ['--include_hosts=host1,host2', '--exclude_hosts=host2'];
  assert.equal(await it.admin('sla_list_safe_domain', ...some, 'west', '90', '30m'), 0);
  assert.equal(await it.admin('sla_list_safe_domain', ...some, '-l', 'west', '90', '30m'), 0);
  assert.deepEqual(it.out, ['host1', 'host1\twest/bozo/test/hello\t90.00\t1800']);
  it.out.length = 0;
  assert.equal(await it.admin('sla_list_safe_domain', '-o', '/jobs', 'west', '90', '30m'), 0);
  assert.deepEqual(it.out, []);
  assert.equal(await it.admin('sla_list_safe_domain', '-o', '/bad', 'west', '90', '30m'), 1);
  assert.equal(await it.admin('sla_list_safe_domain', 'west', '101', '30m'), 1);
});
