import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, Timer } from '../../../core/base/clock.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { createExecutor } from '../../../core/executor/driver.ts';
import { executorOptionsFrom } from '../../../core/executor/environment.ts';
import type { ExecutorCallbacks } from '../../../core/executor/types.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../../core/net/ports.ts';
import { encodeRecord } from '../../../core/wire/recordio.ts';

/** Timers fire at once when told to, never by themselves. */
class HandClock implements Clock {
  private readonly timers = new Set<() => void>();

  now(): number {
    return 1_000;
  }

  setTimer(_delayMs: number, callback: () => void): Timer {
    this.timers.add(callback);
    return { cancel: () => this.timers.delete(callback) };
  }

  fire(): void {
    for (const callback of [...this.timers]) {
      this.timers.delete(callback);
      callback();
    }
  }
}

/** An agent that takes every call; each SUBSCRIBE gets a stream the test writes to. */
class FakeAgent implements HttpClient {
  readonly calls: Record<string, unknown>[] = [];
  private write: (chunk: Uint8Array | undefined) => void = () => {};

  async request(request: HttpRequest): Promise<HttpResponse> {
    const call: Record<string, unknown> = JSON.parse(String(request.body));
    this.calls.push(call);
    return call['type'] === 'SUBSCRIBE' ? response(200, this.stream()) : response(202, empty());
  }

  private async *stream(): AsyncIterable<Uint8Array> {
    const waiting: (Uint8Array | undefined)[] = [];
    let wake = (): void => {};
    this.write = (chunk) => {
      waiting.push(chunk);
      wake();
    };
    for (;;) {
      const chunk = waiting.shift();
      if (chunk !== undefined) yield chunk;
      else if (waiting.length > 0) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (waiting.length > 0 && waiting[0] === undefined) return;
      }
    }
  }

  async event(event: Record<string, unknown>): Promise<void> {
    this.write(encodeRecord(JSON.stringify(event)));
    await settle();
  }

  async breakStream(): Promise<void> {
    this.write(undefined);
    await settle();
  }

  async close(): Promise<void> {}

  types(): unknown[] {
    return this.calls.map((call) => call['type']);
  }
}

async function* empty(): AsyncIterable<Uint8Array> {}

function response(status: number, body: AsyncIterable<Uint8Array>): HttpResponse {
  return {
    status,
    headers: {},
    body,
    text: async () => '',
    bytes: async () => new Uint8Array(),
    cancel: () => {},
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const ENVIRONMENT = {
  MESOS_FRAMEWORK_ID: 'F',
  MESOS_EXECUTOR_ID: 'e1',
  MESOS_SLAVE_PID: 'slave(1)@10.0.0.2:5051',
  MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '5secs',
  MESOS_CHECKPOINT: '1',
  MESOS_RECOVERY_TIMEOUT: '15mins',
  MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
};

const SUBSCRIBED = {
  type: 'SUBSCRIBED',
  subscribed: {
    executor_info: { executor_id: { value: 'e1' } },
    framework_info: { user: 'root', name: 'f' },
    agent_info: { hostname: 'h' },
  },
};
const TASK = { name: 't', task_id: { value: 't1' }, agent_id: { value: 'S0' } };

async function subscribed(callbacks: ExecutorCallbacks = {}, environment = ENVIRONMENT) {
  const options = executorOptionsFrom(environment);
  assert.ok(options.ok);
  const clock = new HandClock();
  const agent = new FakeAgent();
  let died = false;
  const executor = createExecutor(options.value, callbacks, {
    clock,
    random: new SeededRandom(1),
    http: agent,
    log: silentLog,
    die: () => {
      died = true;
    },
  });
  const started = executor.start();
  await settle();
  await agent.event(SUBSCRIBED);
  await started;
  return { clock, agent, executor, died: () => died };
}

test('an update is kept until it is acknowledged, and shown again when subscribing anew', async () => {
  const { agent, executor, clock } = await subscribed();
  await agent.event({ type: 'LAUNCH', launch: { task: TASK } });
  const uuid = executor.update({ taskId: 't1', state: 'TASK_RUNNING' });
  await settle();
  assert.deepEqual(agent.types(), ['SUBSCRIBE', 'UPDATE']);
  await agent.breakStream();
  clock.fire();
  await settle();
  const again = JSON.stringify(agent.calls.at(-1));
  assert.match(again, /"unacknowledged_tasks":\[\{"name":"t"/);
  assert.match(again, /"unacknowledged_updates":\[\{"status":\{.*"TASK_RUNNING"/);
  await agent.event(SUBSCRIBED);
  await agent.event({
    type: 'ACKNOWLEDGED',
    acknowledged: { task_id: { value: 't1' }, uuid: Buffer.from(uuid).toString('base64') },
  });
  await agent.breakStream();
  clock.fire();
  await settle();
  assert.match(
    JSON.stringify(agent.calls.at(-1)),
    /"unacknowledged_updates":\[\]|"subscribe":\{\}/,
  );
  await executor.stop();
});

test('without checkpointing the end of the stream is a shutdown', async () => {
  const shutdowns: string[] = [];
  const callbacks = { shutdown: () => shutdowns.push('now') };
  const environment = { ...ENVIRONMENT, MESOS_CHECKPOINT: '0' };
  const { agent, executor } = await subscribed(callbacks, environment);
  await agent.breakStream();
  await executor.ended;
  assert.equal(shutdowns.length, 1);
});

test('SHUTDOWN asks the executor to end, and kills it when the grace period is over', async () => {
  const shutdowns: string[] = [];
  const it = await subscribed({ shutdown: () => shutdowns.push('now') });
  it.executor.update({ taskId: 't1', state: 'TASK_RUNNING' });
  await it.agent.event({ type: 'SHUTDOWN' });
  assert.equal(shutdowns.length, 1);
  it.clock.fire();
  assert.ok(it.died());
  await it.executor.ended;
});

test('kills and messages reach the callbacks', async () => {
  const seen: string[] = [];
  const { agent, executor } = await subscribed({
    kill: (id) => seen.push(`kill ${id}`),
    message: (data) => seen.push(`message ${Buffer.from(data).toString()}`),
  });
  await agent.event({ type: 'KILL', kill: { task_id: { value: 't1' } } });
  await agent.event({ type: 'MESSAGE', message: { data: 'aGVsbG8=' } });
  assert.deepEqual(seen, ['kill t1', 'message hello']);
  await executor.stop();
});

test('an environment that lacks something is refused by name', () => {
  const { MESOS_SLAVE_PID: _pid, ...rest } = ENVIRONMENT;
  const options = executorOptionsFrom(rest);
  assert.deepEqual(options, {
    ok: false,
    error: "Expecting 'MESOS_SLAVE_PID' to be set in the environment",
  });
});
