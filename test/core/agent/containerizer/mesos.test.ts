/** The Mesos containerizer over a launcher of straw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_ISOLATION } from '../../../../core/agent/containerizer/isolation-options.ts';
import {
  MesosContainerizer,
  type MesosContainerizerOptions,
} from '../../../../core/agent/containerizer/mesos.ts';
import type {
  ContainerConfig,
  ContainerizerEvent,
} from '../../../../core/agent/containerizer/port.ts';
import type { Launcher, LauncherEvent } from '../../../../core/agent/launcher-port.ts';

class StrawLauncher implements Launcher {
  readonly asked: string[] = [];
  tell: (event: LauncherEvent) => void = () => {};

  start(onEvent: (event: LauncherEvent) => void): Promise<void> {
    this.tell = onEvent;
    return Promise.resolve();
  }
  launch(spec: ContainerConfig['spec']): void {
    this.asked.push(`launch ${spec.id}`);
  }
  run(containerId: string): void {
    this.asked.push(`run ${containerId}`);
  }
  update(containerId: string): void {
    this.asked.push(`update ${containerId}`);
  }
  kill(containerId: string): void {
    this.asked.push(`kill ${containerId}`);
  }
  acknowledge(containerId: string): void {
    this.asked.push(`acknowledge ${containerId}`);
  }
  shutdown(containerId: string): void {
    this.asked.push(`shutdown ${containerId}`);
  }
  destroy(containerId: string): void {
    this.asked.push(`destroy ${containerId}`);
  }
  forget(containerId: string): void {
    this.asked.push(`forget ${containerId}`);
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

function config(id: string, more: Partial<ContainerConfig> = {}): ContainerConfig {
  const command = { shell: false, value: './e' };
  return {
    spec: {
      id,
      kind: 'process',
      frameworkId: 'F',
      executorId: 'e1',
      sandbox: '/sandbox',
      sendsKilling: false,
      shutdownGraceMs: 5_000,
      recoveryTimeoutMs: 0,
    },
    executorInfo: { executor_id: { value: 'e1' }, command },
    environment: {},
    requests: [],
    limits: {},
    ...more,
  };
}

async function started(options?: MesosContainerizerOptions): Promise<{
  readonly launcher: StrawLauncher;
  readonly it: MesosContainerizer;
  readonly heard: ContainerizerEvent[];
}> {
  const launcher = new StrawLauncher();
  const it = new MesosContainerizer(launcher, options);
  const heard: ContainerizerEvent[] = [];
  await it.recover((event) => heard.push(event));
  return { launcher, it, heard };
}

test('containers of type DOCKER are left to another containerizer', async () => {
  const { it, launcher } = await started();
  const containerInfo = { type: 'DOCKER', docker: { image: 'x' } } as const;
  assert.equal(it.launch(config('c1', { containerInfo })), 'not-supported');
  assert.deepEqual(launcher.asked, []);
  assert.deepEqual(it.containers(), []);
});

test('a container is known from its launch until it is forgotten', async () => {
  const { it, launcher } = await started();
  assert.equal(it.launch(config('c1')), 'launched');
  assert.equal(it.launch(config('c1')), 'already-launched');
  assert.deepEqual(it.containers(), ['c1']);
  launcher.tell({ kind: 'exited', containerId: 'c1', status: 0 });
  assert.deepEqual(it.containers(), ['c1']);
  it.forget('c1');
  assert.deepEqual(it.containers(), []);
  assert.deepEqual(launcher.asked, ['launch c1', 'forget c1']);
});

test('containers that outlived the last agent are known again', async () => {
  const { it, launcher, heard } = await started();
  const { id, kind, frameworkId, executorId, sandbox } = config('c7').spec;
  const containers = [{ id, kind, frameworkId, executorId, sandbox, taskIds: [], updates: [] }];
  launcher.tell({ kind: 'report', containers });
  assert.deepEqual(it.containers(), ['c7']);
  assert.deepEqual(heard, [{ kind: 'report', containers }]);
});

test('what a container asks for and this agent lacks fails its launch by name', async () => {
  const { it, launcher, heard } = await started();
  const containerInfo = { type: 'MESOS', mesos: { image: { type: 'DOCKER' } } } as const;
  assert.equal(it.launch(config('c1', { containerInfo })), 'launched');
  const message = 'container images are not supported by this agent';
  assert.deepEqual(heard, [{ kind: 'launch-failed', containerId: 'c1', message }]);
  it.run('c1', []);
  assert.deepEqual([it.containers(), launcher.asked], [[], []]);
});

test('an executor without a container gets the default one', async () => {
  const defaultContainer = { type: 'MESOS', mesos: { image: { type: 'DOCKER' } } } as const;
  const it = new MesosContainerizer(new StrawLauncher(), {
    isolation: { ...NO_ISOLATION, defaultContainer },
    volumeDirectory: () => undefined,
  });
  const heard: ContainerizerEvent[] = [];
  await it.recover((event) => heard.push(event));
  it.launch(config('c1'));
  it.launch(config('c2', { containerInfo: { type: 'MESOS' } }));
  assert.deepEqual(
    heard.map((event) => [event.kind, event.kind === 'report' ? '' : event.containerId]),
    [['launch-failed', 'c1']],
  );
});

test('limits that cannot be set end the container, as the original finds out when it runs', async () => {
  const isolation = { ...NO_ISOLATION, isolators: ['posix/rlimits'] };
  const it = new MesosContainerizer(new StrawLauncher(), {
    isolation,
    volumeDirectory: () => undefined,
  });
  const heard: ContainerizerEvent[] = [];
  await it.recover((event) => heard.push(event));
  const rlimits = [{ type: 'RLMT_CPU', soft: 100, hard: 1 } as const];
  const containerInfo = { type: 'MESOS', rlimit_info: { rlimits } } as const;
  it.launch(config('c1', { containerInfo }));
  assert.deepEqual(
    heard.map((event) => event.kind === 'launch-failed' && event.reason),
    ['REASON_EXECUTOR_TERMINATED'],
  );
});

test('what a container may use at most is told where a task has limits or CFS makes one of the request', async () => {
  const cpus = (value: number) => ({ name: 'cpus', type: 'SCALAR', scalar: { value } }) as const;
  const mem = (value: number) => ({ name: 'mem', type: 'SCALAR', scalar: { value } }) as const;
  const requests = [cpus(0.5), mem(64), cpus(0.1), mem(32)];
  const host = { hostCpuCount: 8, hostMemoryBytes: 4 * 1024 ** 3 };
  const usage = async (more: Partial<ContainerConfig>, enablesCfs = false) => {
    const isolation = { ...NO_ISOLATION, ...host, enablesCfs };
    const { it } = await started({ isolation, volumeDirectory: () => undefined });
    it.launch(config('c1', { requests, ...more }));
    return it.usage('c1');
  };
  assert.equal(await usage({}), undefined);
  assert.deepEqual(await usage({}, true), { timestamp: 0, cpus_limit: 0.6 });
  assert.equal(await usage({ requests: [mem(64)] }, true), undefined);
  const limits = { cpus: 2, mem: 128 };
  const limited = { timestamp: 0, cpus_limit: 2, mem_limit_bytes: 128 * 1024 ** 2 };
  assert.deepEqual(await usage({ limits }), limited);
  const infinite = { cpus: Number.POSITIVE_INFINITY, mem: Number.POSITIVE_INFINITY };
  const all = { timestamp: 0, cpus_limit: 8, mem_limit_bytes: 4 * 1024 ** 3 };
  assert.deepEqual(await usage({ limits: infinite }, true), all);
});
