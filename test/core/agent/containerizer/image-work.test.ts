/** Containers and tasks that wait for their images: what is asked meanwhile, and who ends first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_ISOLATION } from '../../../../core/agent/containerizer/isolation-options.ts';
import { MesosContainerizer } from '../../../../core/agent/containerizer/mesos.ts';
import type {
  ContainerConfig,
  ContainerizerEvent,
  TaskLaunch,
} from '../../../../core/agent/containerizer/port.ts';
import type {
  ProvisionedImage,
  Provisioner,
} from '../../../../core/agent/containerizer/provisioner/port.ts';
import type {
  ContainerSpec,
  Launcher,
  LauncherEvent,
} from '../../../../core/agent/launcher-port.ts';
import type { HostedTask } from '../../../../core/executor/hosted.ts';
import type { ContainerInfo, Image } from '../../../../core/wire/types/mesos.v1.ts';

class Launches implements Launcher {
  readonly asked: string[] = [];
  readonly specs: ContainerSpec[] = [];
  readonly tasks: HostedTask[] = [];
  tell: (event: LauncherEvent) => void = () => {};
  start(onEvent: (event: LauncherEvent) => void): Promise<void> {
    this.tell = onEvent;
    return Promise.resolve();
  }
  launch(spec: ContainerSpec): void {
    this.asked.push(`launch ${spec.id}`);
    this.specs.push(spec);
  }
  run(id: string, tasks: readonly HostedTask[]): void {
    this.asked.push(`run ${id}: ${tasks.map(({ taskId }) => taskId).join(' ')}`);
    this.tasks.push(...tasks);
  }
  update(): void {}
  kill(id: string, taskId: string): void {
    this.asked.push(`kill ${id} ${taskId}`);
  }
  acknowledge(): void {}
  shutdown(id: string): void {
    this.asked.push(`shutdown ${id}`);
  }
  destroy(id: string): void {
    this.asked.push(`destroy ${id}`);
  }
  forget(): void {}
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Images come when the test says so. */
class Images implements Provisioner {
  readonly roots = new Set<string>();
  recovered: ReadonlySet<string> | undefined;
  private readonly waiting = new Map<string, PromiseWithResolvers<ProvisionedImage>>();
  recover(known: ReadonlySet<string>): Promise<void> {
    this.recovered = known;
    return Promise.resolve();
  }
  provision(id: string, _image: Image): Promise<ProvisionedImage> {
    const coming = Promise.withResolvers<ProvisionedImage>();
    this.waiting.set(id, coming);
    this.roots.add(id);
    return coming.promise;
  }
  come(id: string): void {
    const runtime = {
      kind: 'docker',
      entrypoint: [],
      cmd: ['run'],
      env: ['A=image', 'B=image'],
    } as const;
    this.waiting.get(id)?.resolve({ rootfs: `/roots/${id}`, runtime });
  }
  fail(id: string, why: string): void {
    this.waiting.get(id)?.reject(new Error(why));
  }
  destroy(id: string): Promise<void> {
    for (const root of [...this.roots]) {
      if (root === id || root.startsWith(`${id}.`)) this.roots.delete(root);
    }
    return Promise.resolve();
  }
  has(id: string): boolean {
    return [...this.roots].some((root) => root === id || root.startsWith(`${id}.`));
  }
  prune(): Promise<void> {
    return Promise.resolve();
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  metrics(): ReadonlyMap<string, number> {
    return new Map();
  }
}

const ISOLATION = {
  ...NO_ISOLATION,
  launcher: 'linux',
  isolators: ['filesystem/linux', 'docker/runtime', 'volume/image', 'namespaces/pid'],
} as const;
const IMAGE: ContainerInfo = {
  type: 'MESOS',
  mesos: { image: { type: 'DOCKER', docker: { name: 'app' } } },
};

function config(
  id: string,
  kind: 'command' | 'group',
  more: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    spec: {
      ...{ id, kind, frameworkId: 'F', executorId: 'e', sandbox: '/sandbox', sendsKilling: false },
      ...{ shutdownGraceMs: 5_000, recoveryTimeoutMs: 0 },
    },
    executorInfo: { executor_id: { value: 'e' } },
    ...{ environment: {}, requests: [], limits: {} },
    ...more,
  };
}

function task(id: string, container?: ContainerInfo): TaskLaunch {
  const environment = { variables: [{ name: 'A', value: 'task' }] };
  const given = { A: 'task', B: 'agent', C: 'agent' };
  return {
    hosted: {
      ...{ taskId: id, nestedId: `n-${id}`, killGraceMs: 0, maxCompletionMs: 0 },
      command: { shell: false, value: '', arguments: [], environment: given },
    },
    info: {
      ...{ name: id, task_id: { value: id }, agent_id: { value: 'a' } },
      command: { shell: false, environment },
      ...(container === undefined ? {} : { container }),
    },
  };
}

/** Everything that follows from what has been resolved. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
}

async function started() {
  const launcher = new Launches();
  const images = new Images();
  const it = new MesosContainerizer(launcher, {
    isolation: ISOLATION,
    volumeDirectory: () => undefined,
    provisioner: images,
  });
  const heard: ContainerizerEvent[] = [];
  await it.recover((event) => heard.push(event));
  return { launcher, images, it, heard };
}

test('a container is launched when its image is there, in it', async () => {
  const { launcher, images, it } = await started();
  it.launch(config('c1', 'command', { containerInfo: IMAGE, taskInfo: task('t1').info }));
  await settled();
  assert.deepEqual(launcher.asked, []);
  images.come('c1');
  await settled();
  assert.deepEqual(launcher.asked, ['launch c1']);
  const { rootfs, workingDirectory } = launcher.specs[0]?.isolation?.namespaces ?? {};
  assert.deepEqual([rootfs, workingDirectory], ['/roots/c1', '/mnt/mesos/sandbox']);
  it.run('c1', [task('t1')]);
  const [hosted] = launcher.tasks;
  assert.equal(hosted?.command.value, 'run');
  assert.deepEqual(hosted?.command.environment, {
    ...{ A: 'task', B: 'image', C: 'agent' },
    MESOS_SANDBOX: '/mnt/mesos/sandbox',
  });
});

test('a container whose image cannot be had fails, and is forgotten', async () => {
  const { launcher, images, it, heard } = await started();
  it.launch(config('c1', 'command', { containerInfo: IMAGE }));
  images.fail('c1', 'no such image');
  await settled();
  assert.deepEqual(heard, [{ kind: 'launch-failed', containerId: 'c1', message: 'no such image' }]);
  assert.deepEqual([launcher.asked, it.containers(), images.roots.size], [[], [], 0]);
});

test('a container that waits for its image is part of what a new launcher reports', async () => {
  const { launcher, images, it, heard } = await started();
  it.launch(config('c1', 'command', { containerInfo: IMAGE }));
  launcher.tell({ kind: 'report', containers: [] });
  assert.deepEqual(
    heard.map((event) =>
      event.kind === 'report' ? event.containers.map(({ id }) => id) : event.kind,
    ),
    [['c1']],
  );
  images.come('c1');
  await settled();
  launcher.tell({ kind: 'report', containers: [] });
  assert.deepEqual(heard.at(-1), { kind: 'report', containers: [] });
});

test('a container that is destroyed while it waits ends at once; its image goes when it comes', async () => {
  const { launcher, images, it, heard } = await started();
  it.launch(config('c1', 'command', { containerInfo: IMAGE }));
  it.destroy('c1');
  assert.deepEqual(heard, [{ kind: 'exited', containerId: 'c1', status: 9 }]);
  it.forget('c1');
  images.come('c1');
  await settled();
  assert.deepEqual([launcher.asked, images.roots.size], [[], 0]);
});

test('what is asked of a group while its images come is done after, in order', async () => {
  const { launcher, images, it } = await started();
  it.launch(config('c1', 'group', { containerInfo: IMAGE }));
  assert.deepEqual(launcher.asked, ['launch c1']);
  it.run('c1', [task('a', IMAGE), task('b')]);
  it.kill('c1', 'a', undefined);
  it.run('c1', [task('c', IMAGE)]);
  it.kill('c1', 'c', undefined);
  it.shutdown('c1');
  await settled();
  assert.deepEqual(launcher.asked.slice(1), []);
  images.come('c1.n-a');
  await settled();
  assert.deepEqual(launcher.asked.slice(1), ['run c1: a b', 'kill c1 a']);
  images.come('c1.n-c');
  await settled();
  assert.deepEqual(launcher.asked.slice(3), ['run c1: c', 'kill c1 c', 'shutdown c1']);
});

test('a task without its image is handed over with the reason, for the group to fail', async () => {
  const { launcher, images, it } = await started();
  it.launch(config('c1', 'group'));
  it.run('c1', [task('a', IMAGE), task('b', IMAGE)]);
  images.come('c1.n-a');
  images.fail('c1.n-b', 'no such image');
  await settled();
  assert.deepEqual(
    launcher.tasks.map(({ refusal }) => refusal),
    [undefined, 'no such image'],
  );
});

test('root file systems go with the last update of a task, and before the end of a container is told', async () => {
  const { launcher, images, it, heard } = await started();
  it.launch(config('c1', 'group'));
  it.run('c1', [task('a', IMAGE), task('b', IMAGE)]);
  for (const id of ['c1.n-a', 'c1.n-b']) images.come(id);
  await settled();
  const update = { taskId: 'a', nestedId: 'n-a', timestamp: 0, uuid: 'u' };
  launcher.tell({
    kind: 'update',
    containerId: 'c1',
    update: { ...update, state: 'TASK_RUNNING' },
  });
  assert.deepEqual([...images.roots], ['c1.n-a', 'c1.n-b']);
  launcher.tell({ kind: 'update', containerId: 'c1', update: { ...update, state: 'TASK_FAILED' } });
  await settled();
  assert.deepEqual([...images.roots], ['c1.n-b']);
  launcher.tell({ kind: 'exited', containerId: 'c1', status: 0 });
  assert.notEqual(heard.at(-1)?.kind, 'exited');
  await settled();
  assert.deepEqual([heard.at(-1)?.kind, images.roots.size], ['exited', 0]);
});

test('a group that ends while an image comes leaves nothing of it', async () => {
  const { launcher, images, it } = await started();
  it.launch(config('c1', 'group'));
  it.run('c1', [task('a', IMAGE)]);
  launcher.tell({ kind: 'exited', containerId: 'c1', status: 9 });
  await settled();
  images.come('c1.n-a');
  await settled();
  assert.deepEqual([launcher.asked, images.roots.size], [['launch c1'], 0]);
});

test('without a provisioner images are refused', async () => {
  const launcher = new Launches();
  const it = new MesosContainerizer(launcher);
  const heard: ContainerizerEvent[] = [];
  await it.recover((event) => heard.push(event));
  it.launch(config('c1', 'command', { containerInfo: IMAGE }));
  const message = 'container images are not supported by this agent';
  assert.deepEqual(heard, [{ kind: 'launch-failed', containerId: 'c1', message }]);
});
