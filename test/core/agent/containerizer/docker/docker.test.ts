/** The Docker containerizer in the agent: orphans, removals, what it takes; over a launcher of straw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DockerContainerizer,
  type DockerPorts,
} from '../../../../../core/agent/containerizer/docker/docker.ts';
import { DOCKER_DEFAULTS } from '../../../../../core/agent/containerizer/docker/options.ts';
import {
  type DockerSpec,
  isDockerSpec,
} from '../../../../../core/agent/containerizer/docker/spec.ts';
import type { ContainerConfig } from '../../../../../core/agent/containerizer/port.ts';
import type { LauncherContainer, LauncherEvent } from '../../../../../core/agent/launcher-port.ts';
import { MemoryFiles } from '../../../../../core/agent/memory-files.ts';
import { silentLog } from '../../../../../core/base/log.ts';
import { err, ok, type Result } from '../../../../../core/base/result.ts';
import { SimulatedClock } from '../../../../../core/testing/index.ts';

const ID = 'aaaaaaaa-0000-4000-8000-000000000001';
const OTHER = 'aaaaaaaa-0000-4000-8000-000000000002';
const REMOVE_DELAY_MS = 1_000;

class Straw {
  readonly clock = new SimulatedClock();
  readonly asked: string[] = [];
  readonly launched: DockerSpec[] = [];
  readonly files = new MemoryFiles();
  names: readonly string[] = [];
  version: Result<readonly number[]> = ok([20, 10, 0]);
  isDead = false;
  found: readonly LauncherContainer[] = [];
  tell: (event: LauncherEvent) => void = () => {};
  readonly containerizer: DockerContainerizer;

  constructor(options: Partial<typeof DOCKER_DEFAULTS> = {}) {
    this.containerizer = new DockerContainerizer(
      { ...DOCKER_DEFAULTS, removeDelayMs: REMOVE_DELAY_MS, ...options },
      this.ports(),
    );
  }

  async recovered(): Promise<this> {
    await this.containerizer.recover(() => {});
    await this.clock.settle();
    return this;
  }

  private ports(): DockerPorts {
    const note = (what: string): Result<string> => {
      this.asked.push(what);
      return this.isDead ? err('Cannot connect to the Docker daemon') : ok('');
    };
    const forward =
      (kind: string) =>
      (id: string): void => {
        this.asked.push(`${kind} ${id}`);
      };
    return {
      clock: this.clock,
      log: silentLog,
      workDir: '/agent',
      files: this.files,
      engine: {
        version: async () => this.version,
        names: async () => ok(this.names),
        stop: async (name, graceMs) => note(`stop ${name} ${graceMs}`),
        remove: async (name, force) => note(`rm ${name} ${force}`),
      },
      launcher: {
        start: async (onEvent) => {
          this.tell = onEvent;
          onEvent({ kind: 'report', containers: this.found });
        },
        launch: (spec) => {
          if (isDockerSpec(spec)) this.launched.push(spec);
        },
        run: forward('run'),
        update: forward('update'),
        kill: forward('kill'),
        acknowledge: forward('acknowledge'),
        shutdown: forward('shutdown'),
        destroy: forward('destroy'),
        forget: forward('forget'),
        stop: async () => {},
      },
    };
  }
}

function config(more: Partial<ContainerConfig['spec']> = {}): ContainerConfig {
  const containerInfo = { type: 'DOCKER', docker: { image: 'busybox' } } as const;
  const resources = [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
  ] as const;
  return {
    spec: {
      id: ID,
      kind: 'command',
      frameworkId: 'F',
      executorId: 't1',
      sandbox: '/agent/slaves/S0/frameworks/F/executors/t1/runs/r',
      sendsKilling: false,
      shutdownGraceMs: 5_000,
      recoveryTimeoutMs: 0,
      ...more,
    },
    executorInfo: { executor_id: { value: 't1' } },
    taskInfo: {
      name: 't1',
      task_id: { value: 't1' },
      agent_id: { value: 'S0' },
      command: { value: 'true' },
      container: containerInfo,
      resources: [...resources],
    },
    containerInfo,
    environment: {},
    requests: [...resources],
    limits: {},
  };
}

function found(id: string, more: Partial<LauncherContainer> = {}): LauncherContainer {
  const names = { kind: 'command', frameworkId: 'F', executorId: 't1', sandbox: '/s' } as const;
  return { id, ...names, taskIds: [], updates: [], ...more };
}

const EXITED = { kind: 'exited', containerId: ID, status: 0 } as const;

test('an ended container is removed after the delay', async () => {
  const it = await new Straw().recovered();
  assert.equal(it.containerizer.launch(config()), 'launched');
  it.tell(EXITED);
  it.containerizer.forget(ID);
  await it.clock.advance(REMOVE_DELAY_MS - 1);
  assert.deepEqual(it.asked, [`forget ${ID}`]);
  await it.clock.advance(1);
  assert.deepEqual(it.asked, [`forget ${ID}`, `rm mesos-${ID} true`]);
});

test('a container that nobody has told the end of is removed when it is forgotten', async () => {
  const it = await new Straw().recovered();
  it.containerizer.launch(config());
  // Its launcher died, and the next one knows nothing of it.
  it.tell({ kind: 'report', containers: [] });
  it.containerizer.forget(ID);
  await it.clock.advance(REMOVE_DELAY_MS);
  assert.deepEqual(it.asked, [`forget ${ID}`, `rm mesos-${ID} true`]);
});

test('an end that every report tells again leads to one removal', async () => {
  const straw = new Straw();
  straw.found = [found(ID, { exitStatus: 0 })];
  const it = await straw.recovered();
  await it.clock.advance(REMOVE_DELAY_MS / 2);
  it.tell({ kind: 'report', containers: straw.found });
  await it.clock.advance(REMOVE_DELAY_MS / 2);
  it.containerizer.forget(ID);
  await it.clock.advance(10 * REMOVE_DELAY_MS);
  assert.deepEqual(it.asked, [`rm mesos-${ID} true`, `forget ${ID}`]);
});

test('a removal that the engine does not hear is repeated, but not after a stop', async () => {
  const it = await new Straw().recovered();
  it.containerizer.launch(config());
  it.isDead = true;
  it.tell(EXITED);
  await it.clock.advance(REMOVE_DELAY_MS + 60_000);
  assert.equal(it.asked.length, 2);
  it.isDead = false;
  await it.clock.advance(600_000);
  assert.equal(it.asked.length, 3);
  it.containerizer.forget(ID);
  it.containerizer.launch(config());
  it.tell(EXITED);
  await it.containerizer.stop({ killTasks: false });
  assert.equal(it.clock.nextTimerAt, undefined);
});

test('containers of ours that nobody owns are stopped and removed at the start', async () => {
  const straw = new Straw({ stopTimeoutMs: 2_000 });
  straw.names = [`mesos-${ID}`, `mesos-${OTHER}`, 'mesos-mine', 'web'];
  straw.found = [found(ID)];
  const it = await straw.recovered();
  assert.deepEqual(it.asked, [`stop mesos-${OTHER} 2000`, `rm mesos-${OTHER} true`]);
});

test('orphans stay with --no-docker_kill_orphans', async () => {
  const straw = new Straw({ killOrphans: false });
  straw.names = [`mesos-${OTHER}`];
  assert.deepEqual((await straw.recovered()).asked, []);
});

test('an old client ends the start of the agent', async () => {
  const straw = new Straw();
  straw.version = ok([1, 7, 1]);
  await assert.rejects(straw.recovered(), /Insufficient version '1\.7\.1' of Docker/);
});

test('it takes Docker containers of tasks and executors, once, and no groups', async () => {
  const it = await new Straw().recovered();
  const { containerInfo: _, ...plain } = config();
  assert.equal(it.containerizer.launch(plain), 'not-supported');
  assert.equal(it.containerizer.launch(config({ kind: 'group' })), 'not-supported');
  assert.equal(it.containerizer.launch(config()), 'launched');
  assert.equal(it.containerizer.launch(config()), 'already-launched');
});

test('a sandbox with a colon in its path is mounted through a link', async () => {
  const it = await new Straw().recovered();
  const sandbox = '/agent/slaves/S0/frameworks/F/executors/a:b/runs/r';
  it.containerizer.launch(config({ sandbox }));
  const link = `slaves/S0/docker/links/${ID}`;
  assert.equal(it.files.readLink(link), sandbox);
  const words = it.launched[0]?.docker.runArguments ?? [];
  assert.ok(words.includes(`/agent/${link}:/mnt/mesos/sandbox`), words.join(' '));
});

test('a persistent volume is mounted over its link in the sandbox', async () => {
  const it = await new Straw().recovered();
  const wanted = config();
  const disk = {
    persistence: { id: 'p1' },
    volume: { mode: 'RO' as const, container_path: 'data' },
  };
  const volume = {
    name: 'disk',
    type: 'SCALAR' as const,
    scalar: { value: 64 },
    reservations: [{ type: 'DYNAMIC' as const, role: 'web' }],
    disk,
  };
  const { taskInfo } = wanted;
  assert.ok(taskInfo !== undefined);
  const resources = [...(taskInfo.resources ?? []), volume];
  it.containerizer.launch({ ...wanted, taskInfo: { ...taskInfo, resources } });
  const words = it.launched[0]?.docker.runArguments ?? [];
  assert.ok(
    words.includes('/agent/volumes/roles/web/p1:/mnt/mesos/sandbox/data:ro'),
    words.join(' '),
  );
});

test('how long an image took is a metric', async () => {
  const it = await new Straw().recovered();
  assert.deepEqual([...it.containerizer.metrics()], []);
  it.tell({ kind: 'image-pulled', containerId: ID, ms: 1_200 });
  assert.deepEqual(
    [...it.containerizer.metrics()],
    [['containerizer/docker/image_pull_ms', 1_200]],
  );
});
