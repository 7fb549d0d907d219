import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseFlags } from '../../../../core/base/flags.ts';
import { silentLog } from '../../../../core/base/log.ts';
import type { HttpClient, HttpResponse } from '../../../../core/net/ports.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import {
  compileObserverOptions,
  OBSERVER_FLAGS,
} from '../../../../schedulers/aurora/observer/options.ts';
import { Observer } from '../../../../schedulers/aurora/observer/server.ts';
import { CheckpointPaths } from '../../../../schedulers/aurora/thermos/checkpoint-paths.ts';
import { encodeRecord } from '../../../../schedulers/aurora/thermos/checkpoint-records.ts';
import type { RunnerCkpt } from '../../../../schedulers/aurora/thrift/types.ts';

function recordsOf(taskId: string, sandbox: string, launchedMs: number): readonly RunnerCkpt[] {
  return [
    {
      runner_header: {
        ...{ task_id: taskId, launch_time_ms: launchedMs, sandbox, hostname: 'h1', user: 'www' },
        ...{ ports: new Map([['http', 31_001]]), log_dir: join(sandbox, '.logs') },
      },
    },
    { task_status: { state: 'ACTIVE', timestamp_ms: launchedMs + 1_000 } },
    ...(['WAITING', 'FORKED', 'RUNNING', 'SUCCESS'] as const).map((state, seq) => ({
      process_status: {
        ...{ seq, process: 'run', state },
        ...(state === 'RUNNING' ? { pid: 1, start_time: 5 } : {}),
        ...(state === 'SUCCESS' ? { stop_time: 7.5, return_code: 0 } : {}),
      },
    })),
    { process_status: { seq: 0, process: 'next', state: 'WAITING' } },
  ];
}

/** An agent's work directory with tasks in it, and the observer of it. */
class World {
  readonly root = mkdtempSync(join(tmpdir(), 'orrery-observer-'));
  readonly observer: Observer;
  /** What the agent answers at the address that it is asked at. */
  readonly containers = new Map<string, unknown>();

  constructor(t: TestContext, more: readonly string[] = []) {
    t.after(() => rmSync(this.root, { recursive: true }));
    const flags = parseFlags(OBSERVER_FLAGS, {
      argv: [`--mesos-root=${this.root}`, '--disable_task_resource_collection', ...more],
      ...{ env: {}, envPrefix: undefined, style: 'spaced' },
    });
    assert.ok(flags.ok);
    const http: HttpClient = {
      request: async ({ url }) => answerOf(this.containers.get(url)),
      close: async () => {},
    };
    const ports = { clock: new SimulatedClock(), log: silentLog, http };
    this.observer = new Observer(compileObserverOptions(flags.value), ports);
  }

  private runOf(taskId: string): string {
    const executor = `thermos-${taskId}`;
    return join(this.root, 'slaves/s1/frameworks/f1/executors', executor, 'runs/r1');
  }

  private pathsOf(taskId: string): CheckpointPaths {
    return new CheckpointPaths(join(this.runOf(taskId), 'checkpoints'));
  }

  /** Gives its sandbox. */
  task(taskId: string, launchedMs: number): string {
    const sandbox = join(this.runOf(taskId), 'sandbox');
    const paths = this.pathsOf(taskId);
    const { active, finished, checkpoints } = {
      ...{ active: paths.tasks('active'), finished: paths.tasks('finished') },
      checkpoints: paths.checkpoints(taskId),
    };
    for (const path of [join(sandbox, '.logs/run/0'), active, finished, checkpoints]) {
      mkdirSync(path, { recursive: true });
    }
    writeFileSync(paths.task('active', taskId), '{"name": "web"}');
    const records = recordsOf(taskId, sandbox, launchedMs).map(encodeRecord);
    writeFileSync(paths.runner(taskId), Buffer.concat(records));
    return sandbox;
  }

  finish(taskId: string): void {
    const paths = this.pathsOf(taskId);
    renameSync(paths.task('active', taskId), paths.task('finished', taskId));
  }

  async get(url: string): Promise<{ readonly status: number; readonly text: string }> {
    this.observer.tasks.refresh();
    const { statusCode, payload } = await this.observer.app.inject({ method: 'GET', url });
    return { status: statusCode, text: payload };
  }

  async json(url: string): Promise<unknown> {
    const { status, text } = await this.get(url);
    assert.equal(status, 200, text);
    return JSON.parse(text);
  }
}

function answerOf(body: unknown): HttpResponse {
  const bytes = Buffer.from(JSON.stringify(body ?? null));
  return {
    ...{ status: body === undefined ? 404 : 200, headers: {} },
    body: (async function* () {
      yield bytes;
    })(),
    text: async () => bytes.toString(),
    bytes: async () => bytes,
    cancel: () => {},
  };
}

const NO_USE = {
  ...{ cpu: 0, ram: 0, user: 0, system: 0, rss: 0, vms: 0, nice: 0, status: '', threads: 0 },
  disk: 0,
};

test('a task is shown as its checkpoint stream tells it', async (t) => {
  const world = new World(t);
  world.task('t-1', 1_480_000_000_000);
  const shown = {
    't-1': {
      ...{ task_id: 't-1', name: 'web', user: 'www', launch_timestamp: 1_480_000_000 },
      ...{ state: 'ACTIVE', state_timestamp: 1_480_000_001, ports: { http: 31_001 } },
      resource_consumption: NO_USE,
      processes: { waiting: ['next'], running: [], success: ['run'], failed: [], killed: [] },
      task: { name: 'web' },
    },
  };
  assert.deepEqual(await world.json('/j/task/t-1'), shown);
  assert.deepEqual(await world.json('/j/task?task_id=t-1,t-2'), { ...shown, 't-2': {} });
  const run = {
    ...{ process_name: 'run', process_run: 0, state: 'SUCCESS', start_time: 5_000 },
    stop_time: 7_500,
  };
  assert.deepEqual(await world.json('/j/process/t-1/run'), run);
  assert.deepEqual(await world.json('/j/process/t-1/run/1'), {});
  assert.deepEqual(await world.json('/j/processes?task_id=t-1'), {
    't-1': {
      waiting: [{ process_name: 'next', process_run: 0, state: 'WAITING' }],
      ...{ running: [], success: [run], failed: [], killed: [] },
    },
  });
});

test('tasks are counted and listed newest first, a page at a time', async (t) => {
  const world = new World(t);
  for (const number of [1, 2, 3]) world.task(`t-${number}`, number * 1_000);
  world.finish('t-2');
  assert.deepEqual(await world.json('/j/task_id_count'), { active: 2, finished: 1, all: 3 });
  const ids = async (path: string): Promise<unknown> => {
    const { tasks, ...page } = Object(await world.json(`/j/task_ids${path}`));
    return [page, tasks.map((each: { task_id: string }) => each.task_id).join(' ')];
  };
  const all = { type: 'all', offset: 0, num: 20, task_count: 3 };
  assert.deepEqual(await ids(''), [all, 't-3 t-2 t-1']);
  const active = { type: 'active', offset: 1, num: 5, task_count: 2 };
  assert.deepEqual(await ids('/active/1/5'), [active, 't-1']);
  assert.deepEqual(await world.get('/main/no'), { status: 404, text: 'Invalid task type: no' });
  assert.deepEqual(await world.get('/main/all/x'), { status: 404, text: 'Invalid offset: x' });
  assert.deepEqual(await world.get('/main/all/0/x'), { status: 404, text: 'Invalid count: x' });
});

test('logs and files are read in pieces, and markup in them is text', async (t) => {
  const world = new World(t);
  const sandbox = world.task('t-1', 1_000);
  writeFileSync(join(sandbox, '.logs/run/0/stdout'), 'one <b> two');
  const log = '/t-1/run/0/stdout';
  const begin = { offset: 0, length: 5, data: 'one &lt;' };
  assert.deepEqual(await world.json(`/logdata${log}?offset=0&bytes=5`), begin);
  assert.deepEqual(await world.json(`/logdata${log}`), { offset: 11, length: 0 });
  const end = { offset: 8, length: 3, data: 'two' };
  assert.deepEqual(await world.json('/filedata/t-1/.logs/run/0/stdout?offset=8'), end);
  assert.match((await world.get(`/logs${log}`)).text, /<pre>one &lt;b&gt; two<\/pre>/);
  assert.equal((await world.get('/download/t-1/.logs/run/0/stdout')).text, 'one <b> two');
  assert.match(
    (await world.get('/browse/t-1')).text,
    /<a href="\/browse\/t-1\/.logs">.logs\/<\/a>/,
  );
});

test('nothing outside of a sandbox is read, whatever path or link leads there', async (t) => {
  const world = new World(t);
  const sandbox = world.task('t-1', 1_000);
  writeFileSync(join(world.root, 'secret'), 'secret');
  symlinkSync(join(world.root, 'secret'), join(sandbox, 'link'));
  symlinkSync(world.root, join(sandbox, 'above'));
  rmSync(join(sandbox, '.logs/run/0'), { recursive: true });
  mkdirSync(join(world.root, 'elsewhere'));
  writeFileSync(join(world.root, 'elsewhere/stdout'), 'secret');
  symlinkSync(join(world.root, 'elsewhere'), join(sandbox, '.logs/run/0'));
  const up = '..%2f'.repeat(9);
  const paths = [
    ...['link', 'above/secret', `${up}secret`, `${up.slice(5)}secret`, 'no'].flatMap((path) =>
      ['file', 'filedata', 'download'].map((route) => `/${route}/t-1/${path}`),
    ),
    ...['above', `${up}etc`, '..%2f..'].map((path) => `/browse/t-1/${path}`),
    ...['logs', 'logdata'].flatMap((route) => [
      `/${route}/t-1/run/0/stdout`,
      `/${route}/t-1/run/0/..%2f..%2fsecret`,
      `/${route}/t-1/..%2f..%2f/0/stdout`,
      `/${route}/t-1/run/7/stdout`,
    ]),
    '/file/..%2f/secret',
  ];
  for (const path of paths) {
    const { status, text } = await world.get(path);
    assert.equal(status, 404, `${path}: ${text}`);
  }
});

test('pages show names as text, and what is not there is said', async (t) => {
  const world = new World(t);
  world.task('t-<1>', 1_000);
  const { text } = await world.get('/');
  assert.match(text, /<a href="\/task\/t-%3C1%3E">t-&lt;1&gt;<\/a>/);
  assert.match((await world.get('/task/t-%3C1%3E')).text, /<td>SUCCESS<\/td>/);
  assert.match((await world.get('/process/t-%3C1%3E/run')).text, /stdout/);
  assert.match((await world.get('/rawtask/t-%3C1%3E')).text, /&quot;name&quot;: &quot;web&quot;/);
  assert.deepEqual(await world.get('/task/no'), {
    ...{ status: 404, text: 'Failed to find task no.  Try again shortly.' },
  });
  assert.deepEqual(await world.get('/health'), { status: 200, text: 'ok' });
  assert.deepEqual(await world.json('/vars.json'), {
    ...{ 'observer.active_tasks': 1, 'observer.finished_tasks': 0, 'observer.uptime_secs': 0 },
  });
});

test('the agent says what disks are used where it is to be asked', async (t) => {
  const url = 'http://agent:5051/containers';
  const flags = ['--enable_mesos_disk_collector', `--agent_api_url=${url}`];
  const world = new World(t, [...flags, '--disk_usage_json_path=statistics.disk.used']);
  for (const id of ['t-1', 't-2']) world.task(id, 1_480_000_000_000);
  const used = async (): Promise<readonly unknown[]> => {
    const { tasks } = Object(await world.json('/j/task_ids'));
    return tasks.map((each: unknown) => Object(each).disk).sort();
  };
  assert.deepEqual(await used(), [0, 0]);
  await assert.rejects(world.observer.tasks.measure(), /answers 404$/);
  const statistics = { disk: { used: 4_096 } };
  world.containers.set(url, [{ executor_id: 'thermos-t-1', statistics }, { executor_id: 'x' }, 7]);
  await world.observer.tasks.measure();
  assert.deepEqual(await used(), [0, 4_096]);
  const odd = parseFlags(OBSERVER_FLAGS, {
    argv: ['--executor_id_json_path=[].executor_id'],
    ...{ env: {}, envPrefix: undefined, style: 'spaced' },
  });
  assert.ok(!odd.ok);
  assert.match(odd.error, /executor_id_json_path.* takes names with dots between them/);
});
