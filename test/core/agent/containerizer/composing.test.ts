/** Several containerizers as one: who owns a container, and what is told before all have recovered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComposingContainerizer } from '../../../../core/agent/containerizer/composing.ts';
import type {
  ContainerConfig,
  Containerizer,
  ContainerizerEvent,
  LaunchAnswer,
} from '../../../../core/agent/containerizer/port.ts';
import type { LauncherContainer } from '../../../../core/agent/launcher-port.ts';

class Part implements Containerizer {
  readonly name: string;
  readonly asked: string[] = [];
  answer: LaunchAnswer = 'launched';
  found: readonly LauncherContainer[] = [];
  tell: (event: ContainerizerEvent) => void = () => {};
  /** Happens after its report, before the next one recovers. */
  afterReport: () => void = () => {};

  constructor(name: string) {
    this.name = name;
  }

  async recover(onEvent: (event: ContainerizerEvent) => void): Promise<void> {
    this.tell = onEvent;
    onEvent({ kind: 'report', containers: this.found });
    this.afterReport();
  }
  launch({ spec }: ContainerConfig): LaunchAnswer {
    this.asked.push(`launch ${spec.id}`);
    return this.answer;
  }
  run(id: string): void {
    this.asked.push(`run ${id}`);
  }
  kill(id: string): void {
    this.asked.push(`kill ${id}`);
  }
  acknowledge(id: string): void {
    this.asked.push(`acknowledge ${id}`);
  }
  shutdown(id: string): void {
    this.asked.push(`shutdown ${id}`);
  }
  update(id: string): void {
    this.asked.push(`update ${id}`);
  }
  usage(id: string): undefined {
    this.asked.push(`usage ${id}`);
  }
  status(id: string): undefined {
    this.asked.push(`status ${id}`);
  }
  destroy(id: string): void {
    this.asked.push(`destroy ${id}`);
  }
  forget(id: string): void {
    this.asked.push(`forget ${id}`);
  }
  containers(): readonly string[] {
    return this.found.map(({ id }) => id);
  }
  async stop(): Promise<void> {
    this.asked.push('stop');
  }
}

function both(): {
  readonly docker: Part;
  readonly mesos: Part;
  readonly all: ComposingContainerizer;
  readonly events: ContainerizerEvent[];
  recover(): Promise<void>;
} {
  const [docker, mesos] = [new Part('docker'), new Part('mesos')];
  const all = new ComposingContainerizer([docker, mesos]);
  const events: ContainerizerEvent[] = [];
  const recover = (): Promise<void> => all.recover((event) => events.push(event));
  return { docker, mesos, all, events, recover };
}

function config(id: string): ContainerConfig {
  return {
    spec: { ...found(id), sendsKilling: false, shutdownGraceMs: 5_000, recoveryTimeoutMs: 0 },
    executorInfo: { executor_id: { value: 'e' } },
    environment: {},
    requests: [],
    limits: {},
  };
}

function found(id: string): LauncherContainer {
  const names = { kind: 'process', frameworkId: 'F', executorId: 'e', sandbox: '/s' } as const;
  return { id, ...names, taskIds: [], updates: [] };
}

const METHODS: readonly ((all: ComposingContainerizer, id: string) => void)[] = [
  (all, id) => all.run(id, []),
  (all, id) => all.kill(id, 't', undefined),
  (all, id) => all.acknowledge(id, 't', 'u'),
  (all, id) => all.shutdown(id),
  (all, id) => all.update(id, { requests: [], limits: {} }),
  (all, id) => all.usage(id),
  (all, id) => all.status(id),
  (all, id) => all.destroy(id),
  (all, id) => all.forget(id),
];

test('the first that takes a container keeps it, and hears all about it', async () => {
  const { docker, mesos, all, recover } = both();
  await recover();
  docker.answer = 'not-supported';
  assert.equal(all.launch(config('c')), 'launched');
  assert.equal(all.launch(config('c')), 'already-launched');
  for (const method of METHODS) method(all, 'c');
  assert.deepEqual(docker.asked, ['launch c']);
  assert.deepEqual(mesos.asked, [
    'launch c',
    'run c',
    'kill c',
    'acknowledge c',
    'shutdown c',
    'update c',
    'usage c',
    'status c',
    'destroy c',
    'forget c',
  ]);
});

test('nobody hears about a container that is not known or was forgotten', async () => {
  const { docker, mesos, all, recover } = both();
  mesos.found = [found('m')];
  await recover();
  all.forget('m');
  mesos.asked.length = 0;
  for (const id of ['x', 'm']) for (const method of METHODS) method(all, id);
  assert.deepEqual([...docker.asked, ...mesos.asked], []);
});

test('a container that nobody takes is not supported and may be tried again', async () => {
  const { docker, mesos, all, recover } = both();
  await recover();
  docker.answer = 'not-supported';
  mesos.answer = 'not-supported';
  assert.equal(all.launch(config('c')), 'not-supported');
  docker.answer = 'launched';
  assert.equal(all.launch(config('c')), 'launched');
});

test('a failed launch frees the id', async () => {
  const { docker, all, events, recover } = both();
  await recover();
  all.launch(config('c'));
  docker.tell({ kind: 'launch-failed', containerId: 'c', message: 'no' });
  assert.equal(events.at(-1)?.kind, 'launch-failed');
  assert.equal(all.launch(config('c')), 'launched');
});

test('what all have found is told as one report; what happened meanwhile is part of it', async () => {
  const { docker, mesos, events, recover } = both();
  docker.found = [found('a'), found('b'), found('c')];
  mesos.found = [found('m')];
  const update = { taskId: 't', state: 'TASK_FAILED', timestamp: 1, uuid: 'u' } as const;
  docker.afterReport = () => {
    docker.tell({ kind: 'started', containerId: 'a' });
    docker.tell({ kind: 'update', containerId: 'a', update });
    docker.tell({ kind: 'exited', containerId: 'b', status: 9 });
    docker.tell({ kind: 'launch-failed', containerId: 'c', message: 'no' });
  };
  await recover();
  assert.equal(events.length, 1);
  const [report] = events;
  assert.ok(report?.kind === 'report');
  const told = new Map(report.containers.map((each) => [each.id, each]));
  assert.deepEqual([...told.keys()].sort(), ['a', 'b', 'm']);
  assert.deepEqual(told.get('a')?.updates, [update]);
  assert.equal(told.get('b')?.exitStatus, 9);
  assert.equal(report.about, undefined);
});

test('a later report is about the containers of the one that tells it', async () => {
  const { docker, mesos, all, events, recover } = both();
  mesos.found = [found('m')];
  await recover();
  all.launch(config('c'));
  docker.tell({ kind: 'report', containers: [] });
  assert.deepEqual(events.at(-1), { kind: 'report', containers: [], about: new Set(['c']) });
});

test('all are stopped', async () => {
  const { docker, mesos, all, recover } = both();
  await recover();
  await all.stop({ killTasks: true });
  assert.deepEqual([docker.asked, mesos.asked], [['stop'], ['stop']]);
});
