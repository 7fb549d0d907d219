/** Containers without an executor in the launcher, with processes of straw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerEvent, PlainSpec } from '../../../../core/agent/containers/port.ts';
import { PlainContainers } from '../../../../core/agent/launcher/plain.ts';
import type { AttachedHandlers, SpawnSpec } from '../../../../core/agent/launcher/ports.ts';

const SPEC: PlainSpec = {
  id: 'root',
  command: { shell: true, value: 'sleep 1', arguments: [], environment: { OWN: '1' } },
  baseEnvironment: { PATH: '/bin', OWN: '0' },
  sandbox: '/sandbox',
  workingDirectory: '/sandbox',
  io: 'files',
  isSession: false,
  note: { resources: [] },
};

class Bench {
  readonly events: ContainerEvent[] = [];
  readonly killed: number[] = [];
  readonly paused: boolean[] = [];
  readonly spawned: SpawnSpec[] = [];
  readonly exits: ((status: number) => void)[] = [];
  readonly handlers: AttachedHandlers[] = [];
  readonly records: Map<string, string>;
  readonly containers: PlainContainers;

  constructor(records: Map<string, string> = new Map(), alive: readonly number[] = []) {
    this.records = records;
    const identity = (spec: SpawnSpec, onExit: (status: number) => void) => {
      this.spawned.push(spec);
      this.exits.push(onExit);
      return { pid: this.exits.length, startTime: '1' };
    };
    this.containers = new PlainContainers({
      emit: (event) => this.events.push(event),
      placeOf: () => undefined,
      environmentOf: (id) => (id === 'executor' ? { EXECUTOR: 'yes' } : undefined),
      isAlive: (root) => root === 'executor',
      disk: {
        save: (id, value) => records.set(id, JSON.stringify(value)),
        remove: (id) => records.delete(id),
        load: () => ({ values: [], damaged: 0 }),
      },
      processes: {
        spawn: identity,
        adopt: ({ pid }) => alive.includes(pid),
        endOf: () => -1,
        findIn: () => undefined,
        signalTree: (pid) => this.killed.push(pid),
        sweep: () => {},
        probe: async () => undefined,
        attached: {
          terminalRefusal: () => "'tty_info' needs a terminal",
          signal: () => {},
          spawn: (spec, handlers) => {
            this.handlers.push(handlers);
            return {
              identity: identity(spec, (status) => handlers.onExit(status)),
              write: (_bytes, taken) => taken(),
              endInput: () => {},
              resize: () => {},
              signal: () => {},
              setPaused: (isPaused) => this.paused.push(isPaused),
            };
          },
        },
      },
    });
  }

  launch(more: Partial<PlainSpec>): void {
    this.containers.handle({ kind: 'plain-launch', spec: { ...SPEC, ...more } });
  }

  get kinds(): readonly string[] {
    return this.events.map((each) => ('id' in each ? `${each.kind} ${each.id}` : each.kind));
  }
}

test('a launch that is repeated starts nothing twice and is told again', () => {
  const bench = new Bench();
  bench.launch({});
  bench.launch({});
  assert.equal(bench.spawned.length, 1);
  assert.deepEqual(bench.kinds, ['plain-started root', 'plain-started root']);
});

test('a session gets the environment of its parent, its own variables win', () => {
  const bench = new Bench();
  bench.launch({});
  bench.launch({ id: 'root.a', inheritsFrom: 'root' });
  bench.launch({ id: 'executor.b', inheritsFrom: 'executor' });
  bench.launch({ id: 'executor.c', inheritsFrom: 'executor.unknown' });
  assert.deepEqual(
    bench.spawned.map(({ command }) => command.environment),
    [
      { PATH: '/bin', OWN: '1' },
      { PATH: '/bin', OWN: '1' },
      { EXECUTOR: 'yes', OWN: '1' },
      { PATH: '/bin', OWN: '1' },
    ],
  );
});

test('children end with their parent, and none starts when the parent has ended', () => {
  const bench = new Bench();
  bench.launch({});
  bench.launch({ id: 'root.a' });
  bench.launch({ id: 'root.a.b' });
  bench.exits[0]?.(0);
  assert.deepEqual(bench.killed, [2, 3]);
  bench.launch({ id: 'root.c' });
  assert.equal(bench.kinds.at(-1), 'plain-failed root.c');
});

test('a terminal that cannot be made is refused by name', () => {
  const bench = new Bench();
  bench.launch({ io: 'tty' });
  assert.deepEqual(bench.events, [
    { kind: 'plain-failed', id: 'root', message: "'tty_info' needs a terminal" },
  ]);
  assert.equal(bench.records.size, 0);
});

test('output is told only while somebody reads, and a slow agent makes the process wait', () => {
  const bench = new Bench();
  bench.launch({ io: 'pipes' });
  bench.handlers[0]?.onOutput('STDOUT', Buffer.from('unseen'));
  bench.containers.handle({ kind: 'plain-watch', id: 'root', isWatched: true });
  bench.handlers[0]?.onOutput('STDERR', Buffer.from('seen'));
  assert.deepEqual(bench.events.slice(1), [
    { kind: 'plain-output', id: 'root', stream: 'STDERR', data: 'c2Vlbg==' },
  ]);
  bench.containers.setCongested(true);
  assert.equal(bench.paused.at(-1), true);
  bench.containers.setCongested(false);
  assert.equal(bench.paused.at(-1), false);
});

test('without the agent sessions die and the others go on', () => {
  const bench = new Bench();
  bench.launch({});
  bench.launch({ id: 'root.s', io: 'pipes', isSession: true });
  bench.containers.detach();
  assert.deepEqual(bench.killed, [2]);
});

test('the next launcher takes over what lives and knows what has ended', () => {
  const bench = new Bench();
  bench.launch({});
  bench.launch({ id: 'root.a' });
  bench.launch({ id: 'root.b' });
  bench.exits[1]?.(256);
  const next = new Bench(new Map(), [1]);
  for (const text of bench.records.values()) {
    assert.equal(next.containers.recover(JSON.parse(text)), true);
  }
  assert.equal(next.containers.recover({ spec: { id: 'x' }, processes: {} }), false);
  const report = next.containers.report();
  assert.ok(report.kind === 'plain-report');
  assert.deepEqual(
    report.containers.map(({ id, pid, exitStatus }) => [id, pid, exitStatus]),
    [
      ['root', 1, undefined],
      ['root.a', undefined, 256],
      ['root.b', undefined, -1],
    ],
  );
});
