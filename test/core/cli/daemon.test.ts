import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timer } from '../../../core/base/clock.ts';
import { ClusterError } from '../../../core/base/errors.ts';
import { flag } from '../../../core/base/flags.ts';
import type { Service } from '../../../core/base/lifecycle.ts';
import { silentLog } from '../../../core/base/log.ts';
import { Composite, type RunningPart } from '../../../core/cli/composite.ts';
import {
  type DaemonHost,
  type DaemonOptions,
  type DaemonSignal,
  describeStartFailure,
  refuseOldNode,
  runDaemon,
} from '../../../core/cli/daemon.ts';
import { readDaemonFlags } from '../../../core/cli/daemon-flags.ts';

/** A process that only exists in the test. */
class FakeHost implements DaemonHost {
  nodeVersion = 'v24.0.0';
  printed = '';
  complaints = '';
  readonly timers: { readonly delayMs: number; readonly fire: () => void }[] = [];
  private readonly listeners = new Map<string, (thrown?: unknown) => void>();
  readonly clock = {
    now: () => 0,
    setTimer: (delayMs: number, fire: () => void): Timer => {
      this.timers.push({ delayMs, fire });
      return { cancel: () => {} };
    },
  };

  print(text: string): void {
    this.printed += text;
  }

  complain(text: string): void {
    this.complaints += text;
  }

  onSignal(signal: DaemonSignal, listener: () => void): () => void {
    return this.listen(signal, listener);
  }

  onCrash(listener: (thrown: unknown) => void): () => void {
    return this.listen('crash', listener);
  }

  get listenerCount(): number {
    return this.listeners.size;
  }

  send(what: DaemonSignal | 'crash', thrown?: unknown): void {
    this.listeners.get(what)?.(thrown);
  }

  private listen(name: string, listener: (thrown?: unknown) => void): () => void {
    this.listeners.set(name, listener);
    return () => this.listeners.delete(name);
  }
}

function service(changes: Partial<Pick<Service, 'start' | 'stop'>> = {}): Service {
  const stop = changes.stop ?? (async () => {});
  return { start: async () => {}, ...changes, stop, [Symbol.asyncDispose]: stop };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function running(
  of: Service,
  options: Partial<DaemonOptions> = {},
): Promise<{ host: FakeHost; code: Promise<number> }> {
  const host = new FakeHost();
  const code = runDaemon(of, silentLog, { name: 'mesos-x', host, ...options });
  await settle();
  return { host, code };
}

test('a daemon that serves prints its banner and READY, and ends with 0 on a signal', async () => {
  let stops = 0;
  const stop = async (): Promise<void> => {
    stops += 1;
  };
  const { host, code } = await running(service({ stop }), { banner: () => 'at :5050' });
  assert.equal(host.printed, 'at :5050\nREADY\n');
  host.send('SIGTERM');
  assert.equal(await code, 0);
  assert.equal(stops, 1);
  assert.equal(host.listenerCount, 0);
});

test('a daemon that cannot start says why and ends with 1', async () => {
  const start = async (): Promise<void> => {
    const cause = Object.assign(new Error('listen'), { code: 'EADDRINUSE', port: 5_050 });
    throw new ClusterError('LISTEN', 'cannot listen', { retriable: false, cause });
  };
  const { host, code } = await running(service({ start }));
  assert.equal(await code, 1);
  assert.equal(host.complaints, 'mesos-x: port 5050 is in use; choose another with --port\n');
  assert.equal(host.printed, '');
});

test('a signal during the start stops it', async () => {
  const start = (): Promise<void> => new Promise(() => {});
  const { host, code } = await running(service({ start }));
  host.send('SIGINT');
  assert.equal(await code, 0);
  assert.equal(host.printed, '');
});

test('a failure or a crash while running ends the daemon with 1', async () => {
  const failing = Promise.withResolvers<unknown>();
  const first = await running(service(), { failure: failing.promise });
  failing.resolve(new Error('the disk is full'));
  assert.equal(await first.code, 1);
  assert.equal(first.host.complaints, 'mesos-x: the disk is full\n');
  const second = await running(service());
  second.host.send('crash', new Error('a bug'));
  assert.equal(await second.code, 1);
  assert.match(second.host.complaints, /a bug/);
});

test('a daemon that has done its work ends with 0, one that could not with 1', async () => {
  const done = await running(service(), { done: Promise.resolve() });
  assert.equal(await done.code, 0);
  assert.equal(done.host.complaints, '');
  const failed = await running(service(), { done: Promise.reject(new Error('no checkpoint')) });
  assert.equal(await failed.code, 1);
  assert.equal(failed.host.complaints, 'mesos-x: no checkpoint\n');
});

test('a signal may do something else first', async () => {
  const done: string[] = [];
  const { host, code } = await running(
    service({
      stop: async () => {
        done.push('stop');
      },
    }),
    {
      signals: {
        SIGUSR1: async () => {
          done.push('unregister');
        },
      },
    },
  );
  host.send('SIGUSR1');
  assert.equal(await code, 0);
  assert.deepEqual(done, ['unregister', 'stop']);
});

test('a stop that takes too long is given up, a second interrupt does so at once', async () => {
  const stop = (): Promise<void> => new Promise(() => {});
  const slow = await running(service({ stop }));
  slow.host.send('SIGINT');
  await settle();
  assert.equal(slow.host.timers[0]?.delayMs, 5_000);
  slow.host.timers[0]?.fire();
  assert.equal(await slow.code, 1);
  assert.match(slow.host.complaints, /did not stop within 5 s/);
  const hasty = await running(service({ stop }));
  hasty.host.send('SIGINT');
  hasty.host.send('SIGINT');
  assert.equal(await hasty.code, 130);
});

test('an old Node is refused with a sentence', async () => {
  assert.equal(refuseOldNode('v22.12.0'), undefined);
  assert.equal(refuseOldNode('v24.1.0'), undefined);
  const sentence = 'this is Node v22.11.0, but Node 22.12 or newer is needed';
  assert.equal(refuseOldNode('v22.11.0'), sentence);
  assert.match(refuseOldNode('v20.20.2') ?? '', /^this is Node v20/);
  const host = new FakeHost();
  host.nodeVersion = 'v20.0.0';
  assert.equal(await runDaemon(service(), silentLog, { name: 'x', host }), 1);
});

test('a failure to start is one sentence', () => {
  const denied = Object.assign(new Error('bind'), { code: 'EACCES', port: 53 });
  assert.equal(
    describeStartFailure(denied, () => '--dns_port'),
    'port 53 needs more rights than this user has; choose another with --dns_port',
  );
  const locked = new ClusterError('STORAGE_LOCKED', 'it is in use', { retriable: false });
  assert.equal(describeStartFailure(locked), 'it is in use');
  assert.equal(describeStartFailure('text'), 'text');
});

test('help and version are printed, errors point to the help', () => {
  const table = { port: flag('int', 1, { help: 'Port' }) };
  const read = (...argv: readonly string[]) => {
    let text = '';
    const add = (part: string): void => {
      text += part;
    };
    const flags = readDaemonFlags(
      {
        ...{ program: 'mesos-x', table, version: 'mesos 1', argv },
        ...{ env: {}, envPrefix: undefined, style: 'equals' },
      },
      { print: add, complain: add },
    );
    return { flags, text };
  };
  assert.deepEqual(read('--version'), { flags: { kind: 'exit', code: 0 }, text: 'mesos 1\n' });
  assert.match(read('--help').text, /^Usage: mesos-x \[options\]\n\n {2}--port=VALUE/);
  assert.deepEqual(read('--port=x').flags, { kind: 'exit', code: 1 });
  assert.match(read('--port=x').text, /\n\nSee `mesos-x --help` for a list of supported flags.\n$/);
  assert.deepEqual(read('--port=7').flags, { kind: 'values', values: { port: 7 } });
});

/** A part that writes down what happens to it. */
function part(name: string, diary: string[], changes: Partial<RunningPart> = {}): RunningPart {
  return {
    name,
    stop: async () => {
      diary.push(`stop ${name}`);
    },
    ...changes,
  };
}

test('parts start in order and stop in reverse', async () => {
  const diary: string[] = [];
  const composite = new Composite(
    ['a', 'b', 'c'].map((name) => async () => {
      diary.push(`start ${name}`);
      return part(name, diary);
    }),
    silentLog,
  );
  await composite.start();
  await Promise.all([composite.stop(), composite.stop()]);
  assert.deepEqual(diary, ['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
});

test('when a part cannot start, those before it are stopped', async () => {
  const diary: string[] = [];
  const failing = async (): Promise<RunningPart> => {
    throw new Error('port taken');
  };
  const composite = new Composite([async () => part('a', diary), failing], silentLog);
  await assert.rejects(composite.start(), /port taken/);
  assert.deepEqual(diary, ['stop a']);
});

test('work is killed before its part stops, and only when asked', async () => {
  const diary: string[] = [];
  const agent = part('agent', diary, {
    killWork: async () => {
      diary.push('kill work');
    },
  });
  const patient = new Composite([async () => agent], silentLog);
  await patient.start();
  await patient.stop();
  assert.deepEqual(diary.splice(0), ['stop agent']);
  const killing = new Composite([async () => agent], silentLog);
  await killing.start();
  await killing.stopWithWork();
  assert.deepEqual(diary, ['kill work', 'stop agent']);
});

test('a part that fails to stop does not keep the others running', async () => {
  const diary: string[] = [];
  const bad = part('bad', diary, { stop: () => Promise.reject(new Error('stuck')) });
  const composite = new Composite([async () => part('a', diary), async () => bad], silentLog);
  await composite.start();
  await assert.rejects(composite.stop(), /stuck/);
  assert.deepEqual(diary, ['stop a']);
});

test('the end of a part is a failure, but not while stopping', async () => {
  const ended = Promise.withResolvers<unknown>();
  const composite = new Composite(
    [async () => part('a', [], { failure: ended.promise })],
    silentLog,
  );
  await composite.start();
  ended.resolve(new Error('gone'));
  assert.match(String(await composite.failure), /gone/);
  const quiet = Promise.withResolvers<unknown>();
  const other = new Composite([async () => part('a', [], { failure: quiet.promise })], silentLog);
  await other.start();
  await other.stop();
  quiet.resolve(new Error('gone'));
  const first = await Promise.race([other.failure, settle().then(() => 'nothing')]);
  assert.equal(first, 'nothing');
});
