/** `aurora job`: what is asked of the scheduler, what is printed, how it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesPattern } from '../../../../schedulers/aurora/client/job-keys.ts';
import type { ThriftCall } from '../../../../schedulers/aurora/thrift/messages.ts';
import { type Answer, okay, refusal, World, type WorldOptions } from './fake-world.ts';
import { CRON_HELLO, HELLO, KEY, scheduled, tasksOf, usual } from './jobs.ts';

const FILES = { '/hello.aurora': HELLO, '/cron.aurora': CRON_HELLO };

function world(answer: (call: ThriftCall) => Answer | undefined, more: WorldOptions = {}): World {
  return new World({ ...more, files: FILES, answer: (call) => answer(call) ?? usual(call) });
}

test('a job is created with the tier that the scheduler has for it, and its page is told', async () => {
  const it = world(() => undefined);
  assert.equal(await it.aurora('job', 'create', KEY, '/hello.aurora'), 0);
  assert.deepEqual(it.out, [
    'Job create succeeded: job url=http://scheduler:8081/scheduler/bozo/test/hello',
  ]);
  assert.deepEqual(it.methods(), ['getTierConfigs', 'createJob', 'getTasksWithoutConfigs']);
  const [, create] = it.calls;
  assert.ok(create?.method === 'createJob');
  assert.equal(create.args.description?.taskConfig?.tier, 'preemptible');
  assert.equal(create.args.description?.instanceCount, 3);
});

test('create waits until the instances run when it is asked to', async () => {
  let asked = 0;
  const it = world((call) => {
    if (call.method !== 'getTasksWithoutConfigs') return undefined;
    asked += 1;
    return tasksOf(scheduled(0, asked < 3 ? 'PENDING' : 'RUNNING'));
  });
  assert.equal(await it.aurora('job', 'create', '--wait-until=RUNNING', KEY, '/hello.aurora'), 0);
  assert.equal(asked, 4);
});

test('a job that the scheduler refuses ends the command with 4 and the reason', async () => {
  const it = world((call) => {
    return call.method === 'createJob' ? refusal('INVALID_REQUEST', 'Whoops') : undefined;
  });
  assert.equal(await it.aurora('job', 'create', KEY, '/hello.aurora'), 4);
  assert.deepEqual(it.err, ['Job creation failed due to error:', '\tWhoops']);
  assert.deepEqual(it.out, []);
});

test('a job that is being updated is named as locked', async () => {
  const it = world((call) => {
    const message = 'Job is currently updating';
    return call.method === 'killTasks' ? refusal('JOB_UPDATING_ERROR', message) : undefined;
  });
  assert.equal(await it.aurora('job', 'killall', '--no-batching', KEY), 10);
  assert.deepEqual(it.err, [
    'Command failure:',
    '\tJob is currently updating',
    "\tError: job is locked by an active update. Run 'aurora update abort' or wait for the active update to finish.",
  ]);
});

test('cron jobs cannot be created as jobs', async () => {
  const it = world(() => undefined);
  assert.equal(await it.aurora('job', 'create', KEY, '/cron.aurora'), 4);
  assert.deepEqual(it.err, ['Cron jobs may only be scheduled with "aurora cron schedule" command']);
  assert.deepEqual(it.calls, []);
});

test('a configuration that is wrong ends the command with 3 and asks nobody', async () => {
  const it = new World({ files: { '/bad.aurora': 'jobs = [Job(' } });
  assert.equal(await it.aurora('job', 'create', KEY, '/bad.aurora'), 3);
  assert.match(it.err.join('\n'), /^Error loading configuration: [\s\S]*SyntaxError/);
  const other = world(() => undefined);
  assert.equal(await other.aurora('job', 'create', 'west/bozo/test/other', '/hello.aurora'), 3);
  assert.deepEqual(other.err, [
    `Error loading configuration: Could not find job west/bozo/test/other\nCandidates are:\n  ${KEY}`,
  ]);
});

test('bad keys and unknown clusters end the command with 6, bad options with 2, unknown words with 5', async () => {
  const it = world(() => undefined);
  assert.equal(await it.aurora('job', 'status', 'a/b/c/d/e'), 6);
  assert.equal(await it.aurora('job', 'killall', 'west/bozo'), 6);
  assert.equal(await it.aurora('job', 'killall', 'east/bozo/test/hello'), 6);
  assert.equal(it.err.at(-1), 'Unknown cluster: east');
  assert.equal(await it.aurora('job', 'killall', '--nonsense', KEY), 2);
  assert.equal(it.err.at(-1), 'aurora job killall: error: unrecognized arguments: --nonsense');
  assert.equal(await it.aurora('job', 'killall'), 2);
  assert.equal(it.err.at(-1), 'aurora job killall: error: too few arguments');
  assert.equal(await it.aurora('job', 'nonsense'), 5);
  assert.equal(await it.aurora('nonsense'), 5);
  assert.deepEqual(it.calls, []);
});

/** Instances 0 to 3 run until they are killed. */
function killable(): (call: ThriftCall) => Answer | undefined {
  const killed = new Set<number>();
  return (call) => {
    if (call.method === 'killTasks') {
      const instances = call.args.instances ?? [];
      for (const each of instances.length === 0 ? [0, 1, 2, 3] : instances) killed.add(each);
      return okay();
    }
    if (call.method !== 'getTasksWithoutConfigs') return undefined;
    const { instanceIds, statuses } = call.args.query ?? {};
    const tasks = [0, 1, 2, 3].map((each) =>
      scheduled(each, killed.has(each) ? 'KILLED' : 'RUNNING'),
    );
    return tasksOf(
      ...tasks.filter(
        ({ assignedTask, status }) =>
          instanceIds?.includes(assignedTask.instanceId) !== false &&
          statuses?.includes(status) !== false,
      ),
    );
  };
}

test('instances are killed in batches, each until it is gone', async () => {
  const it = world(killable());
  assert.equal(await it.aurora('job', 'kill', '--batch-size=2', '-m', 'bye', `${KEY}/0,2-3,9`), 0);
  assert.deepEqual(it.out, [
    'Successfully killed instances [0, 2]',
    'Successfully killed instances [3]',
    'Job kill succeeded',
  ]);
  const kills = it.calls.flatMap((call) => (call.method === 'killTasks' ? [call.args] : []));
  assert.deepEqual(
    kills.map(({ instances, message }) => [instances, message]),
    [
      [[0, 2], 'bye'],
      [[3], 'bye'],
    ],
  );
});

test('killall kills everything, one by one or at once', async () => {
  const slowly = world(killable());
  assert.equal(await slowly.aurora('job', 'killall', KEY), 0);
  assert.equal(slowly.out.length, 5);
  assert.equal(slowly.out.at(-1), 'Job killall succeeded');
  const at = world(killable());
  assert.equal(await at.aurora('job', 'killall', '--no-batching', KEY), 0);
  assert.deepEqual(at.out, ['Job killall succeeded']);
  assert.deepEqual(at.methods(), ['killTasks', 'getTasksWithoutConfigs']);
});

test('a kill without instances, of nothing, or of what does not exist, ends with 6', async () => {
  const it = world(killable());
  assert.equal(await it.aurora('job', 'kill', KEY), 6);
  assert.deepEqual(it.err, [
    'The instances list cannot be omitted in a kill command!; use killall to kill all instances',
  ]);
  assert.equal(await it.aurora('job', 'kill', '--strict', `${KEY}/3-5`), 6);
  assert.equal(it.err.at(-1), 'Invalid instance parameter: [4, 5]');
  const empty = world((call) => (call.method === 'getTasksWithoutConfigs' ? tasksOf() : undefined));
  assert.equal(await empty.aurora('job', 'killall', KEY), 6);
  assert.deepEqual(empty.err, [`No tasks to kill found for job ${KEY}`]);
});

test('tasks that do not die in time end the command: with 9 at once, with 4 beyond the failures allowed', async () => {
  const it = world(() => undefined);
  assert.equal(await it.aurora('job', 'kill', '--no-batching', `${KEY}/0`), 9);
  assert.deepEqual(it.err, ['Instances [0] were not killed in time']);
  const batches = world(() => undefined);
  assert.equal(await batches.aurora('job', 'kill', `${KEY}/0`), 4);
  assert.deepEqual(batches.err, [
    'Instances [0] were not killed in time',
    'Exceeded maximum number of errors while killing instances',
  ]);
});

test('a restart goes through the instances in batches and watches each', async () => {
  const it = world(() => tasksOf(...[0, 1, 2].map((each) => scheduled(each, 'RUNNING'))));
  assert.equal(await it.aurora('job', 'restart', '--batch-size', '2', KEY), 0);
  assert.deepEqual(it.out, [`Job ${KEY} restarted successfully`]);
  const shards = it.calls.flatMap((call) =>
    call.method === 'restartShards' ? [call.args.shardIds] : [],
  );
  assert.deepEqual(shards, [[0, 1], [2]]);
});

test('an instance that does not stay up fails the restart', async () => {
  let asked = 0;
  const it = world((call) => {
    if (call.method !== 'getTasksWithoutConfigs') return undefined;
    asked += 1;
    return tasksOf(scheduled(0, asked % 2 === 0 ? 'RUNNING' : 'STARTING'));
  });
  assert.equal(await it.aurora('job', 'restart', `${KEY}/0`), 10);
  assert.match(it.err.join('\n'), /Restart failures threshold reached\. Aborting/);
});

test('instances are added with the configuration of one that is active', async () => {
  const it = world((call) =>
    call.method === 'getTasksWithoutConfigs'
      ? tasksOf(scheduled(0, 'RUNNING'), scheduled(4, 'PENDING'))
      : undefined,
  );
  assert.equal(await it.aurora('job', 'add', `${KEY}/0`, '2'), 0);
  const add = it.calls.at(-1);
  assert.ok(add?.method === 'addInstances');
  assert.deepEqual(add.args, {
    key: { jobKey: { role: 'bozo', environment: 'test', name: 'hello' }, instanceId: 0 },
    count: 2,
  });
  assert.equal(await it.aurora('job', 'add', `${KEY}/1`, '2'), 6);
  assert.equal(await it.aurora('job', 'add', KEY, '2'), 6);
  assert.equal(await it.aurora('job', 'add', `${KEY}/0`, '0'), 6);
});

test('jobs are listed by patterns', async () => {
  const jobs = ['hello', 'help', 'other'].map((name) => ({
    key: { role: 'bozo', environment: 'test', name },
    cronCollisionPolicy: 'KILL_EXISTING' as const,
    instanceCount: 1,
  }));
  const it = world(() => okay({ getJobsResult: { configs: jobs } }));
  assert.equal(await it.aurora('job', 'list', 'west/bozo/*/he*'), 0);
  assert.deepEqual(it.out, ['west/bozo/test/hello', 'west/bozo/test/help']);
  assert.equal(await it.aurora('job', 'list', 'w*/b?zo'), 0);
  assert.equal(it.out.length, 5);
});

test('patterns are those of a shell, whatever else stands in them', () => {
  const rows: readonly (readonly [text: string, pattern: string, isMatch: boolean])[] = [
    ['www-data', 'www-*', true],
    ['a.b', 'a.b', true],
    ['axb', 'a.b', false],
    ['a1', 'a[0-9]', true],
    ['ax', 'a[!0-9]', true],
    ['a1', 'a[!0-9]', false],
    ['abc', 'a?c', true],
    ['abc', 'b*', false],
    ['a', '[z-a]', false],
  ];
  for (const [text, pattern, isMatch] of rows) {
    assert.equal(matchesPattern(text, pattern), isMatch, `${text} ${pattern}`);
  }
});

test('open shows the page of what is named', async () => {
  const it = world(() => undefined, { environment: { BROWSER: 'firefox' } });
  assert.equal(await it.aurora('job', 'open', 'west/bozo'), 0);
  assert.deepEqual(it.programs, [['firefox', 'http://scheduler:8081/scheduler/bozo']]);
});
