/** The agent's knowledge of containers, with a launcher of straw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentContainers } from '../../../../core/agent/containers/containers.ts';
import type {
  ContainerEvent,
  ContainerRequest,
  PlainReport,
} from '../../../../core/agent/containers/port.ts';
import type { Termination } from '../../../../core/agent/containers/waiters.ts';
import { MemoryFiles } from '../../../../core/agent/memory-files.ts';
import { AGENT_DEFAULTS, type AgentOptions } from '../../../../core/agent/options.ts';
import type { VolumeLink } from '../../../../core/agent/volumes.ts';
import { seconds } from '../../../../core/base/duration.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';
import type { ContainerInfo } from '../../../../core/wire/types/mesos.v1.ts';

class Bench {
  readonly clock = new SimulatedClock();
  readonly requests: ContainerRequest[] = [];
  readonly retired: string[] = [];
  readonly links: (readonly VolumeLink[])[] = [];
  readonly containers: AgentContainers;
  tell: (event: ContainerEvent) => void = () => {};

  constructor(given: Partial<AgentOptions> = {}) {
    const options = {
      ...AGENT_DEFAULTS,
      ...given,
      master: '',
      hostname: '',
      workDir: '/work-dir',
      runtimeDir: '/run-dir',
      resources: [],
    };
    this.containers = new AgentContainers(options, {
      clock: this.clock,
      launcher: {
        onContainerEvent: (listener) => {
          this.tell = listener;
        },
        request: (request) => this.requests.push(request),
      },
      sandboxes: {
        prepare: ({ links }) => {
          this.links.push(links);
          return { ok: true, user: undefined };
        },
      },
      files: new MemoryFiles(),
      self: () => ({ id: 'slave(1)', ip: '10.0.0.1', port: 1 }),
      state: () => undefined,
      retire: (sandbox) => this.retired.push(sandbox),
    });
  }

  async launch(id: string, info?: ContainerInfo): Promise<string> {
    const launching = this.containers.launch({
      id,
      command: { value: 'true' },
      info,
      resources: [],
      isTerminal: false,
      session: undefined,
    });
    await new Promise((resolve) => setImmediate(resolve));
    this.tell({ kind: 'plain-started', id, pid: 7 });
    return (await launching).kind;
  }

  /** What a wait gives at once; `waits` when it does not. */
  waited(id: string): number | undefined | 'waits' {
    let result: number | undefined | 'waits' = 'waits';
    this.containers.wait(id, (end) => {
      result = end?.status;
    });
    return result;
  }

  report(reports: readonly Partial<PlainReport>[]): void {
    this.tell({
      kind: 'plain-report',
      containers: reports.map((each) => ({
        id: 'x',
        sandbox: '/s',
        workingDirectory: '/s',
        io: 'files',
        isAttachable: false,
        isSession: false,
        note: { resources: [] },
        ...each,
      })),
    });
  }
}

test('a nested container can be waited for until it is removed', async () => {
  const bench = new Bench();
  assert.equal(await bench.launch('root'), 'launched');
  assert.equal(await bench.launch('root.child'), 'launched');
  assert.equal(bench.containers.remove('root.child'), 'Nested container has not terminated yet');
  bench.tell({ kind: 'plain-ended', id: 'root.child', status: 256 });
  assert.equal(bench.waited('root.child'), 256);
  assert.equal(bench.waited('root.child'), 256);
  assert.equal(bench.containers.remove('root.child'), undefined);
  assert.equal(bench.containers.remove('root.child'), undefined);
  assert.equal(bench.waited('root.child'), undefined);
});

test('a standalone container is forgotten when its end was told, at the latest after a second', async () => {
  const bench = new Bench();
  await bench.launch('a');
  await bench.launch('b');
  let told: number | undefined;
  bench.containers.wait('a', (end) => {
    told = end?.status;
  });
  bench.tell({ kind: 'plain-ended', id: 'a', status: 15 });
  assert.equal(told, 15);
  assert.equal(bench.waited('a'), undefined);
  bench.tell({ kind: 'plain-ended', id: 'b', status: 9 });
  await bench.clock.advance(seconds(2));
  assert.equal(bench.waited('b'), undefined);
  assert.equal(bench.containers.kill('b', 9), false);
});

test('an id in use, an unknown parent, and a wait that is given up', async () => {
  const bench = new Bench();
  await bench.launch('a');
  assert.equal(await bench.launch('a'), 'exists');
  assert.equal(await bench.launch('nope.b'), 'refused');
  let calls = 0;
  const giveUp = bench.containers.wait('a', () => {
    calls += 1;
  });
  giveUp();
  bench.tell({ kind: 'plain-ended', id: 'a', status: 0 });
  assert.equal(calls, 0);
});

test('input is held back until the process took it, and ends with the container', async () => {
  const bench = new Bench();
  bench.report([{ id: 'a', io: 'pipes', isAttachable: true, pid: 3 }]);
  const input = bench.containers.attachInput('a');
  assert.ok(input.kind === 'attached');
  assert.equal(bench.containers.attachInput('a').kind, 'busy');
  const first = input.value.write(Buffer.from('x'));
  bench.tell({ kind: 'plain-input-taken', id: 'a', sequence: 1 });
  assert.equal(await first, true);
  const second = input.value.write(Buffer.from('y'));
  bench.tell({ kind: 'plain-ended', id: 'a', status: 0 });
  assert.equal(await second, false);
});

test('what a new launcher does not know has ended', async () => {
  const bench = new Bench();
  await bench.launch('a');
  await bench.launch('b');
  bench.report([{ id: 'a', pid: 7 }]);
  assert.equal(bench.waited('a'), 'waits');
  assert.equal(bench.waited('b'), -1);
});

test('sandboxes are left to the collector at the end of their container only when a flag says so', async () => {
  for (const [isOn, retired] of [
    [true, ['/work-dir/containers/root/containers/child']],
    [false, []],
  ] as const) {
    const bench = new Bench({ gcNonExecutorContainerSandboxes: isOn });
    await bench.launch('root');
    await bench.launch('root.child');
    bench.tell({ kind: 'plain-ended', id: 'root.child', status: 0 });
    assert.deepEqual(bench.retired, retired);
  }
});

test('who waits for a container that took too much is told what that was', async () => {
  const bench = new Bench();
  await bench.launch('a');
  const limitation = {
    reason: 'REASON_CONTAINER_LIMITATION_MEMORY',
    message: 'Memory limit exceeded',
    resources: [{ name: 'mem', type: 'SCALAR', scalar: { value: 32 } }],
  } as const;
  let told: Termination | undefined;
  bench.containers.wait('a', (end) => {
    told = end;
  });
  bench.tell({ kind: 'plain-ended', id: 'a', status: 9, limitation });
  assert.deepEqual(told, { status: 9, limitation });
});

test('volumes of sandboxes are links: to its own, and to that of its parent', async () => {
  const bench = new Bench();
  await bench.launch('root');
  const volume = (type: 'SELF' | 'PARENT') => ({
    mode: 'RW' as const,
    container_path: type,
    source: { type: 'SANDBOX_PATH' as const, sandbox_path: { type, path: 'shared' } },
  });
  await bench.launch('root.child', {
    type: 'MESOS',
    volumes: [volume('SELF'), volume('PARENT')],
  });
  assert.deepEqual(bench.links.at(-1), [
    {
      path: 'SELF',
      target: '/work-dir/containers/root/containers/child/shared',
      makesTarget: true,
    },
    { path: 'PARENT', target: '/work-dir/containers/root/shared', makesTarget: true },
  ]);
});
