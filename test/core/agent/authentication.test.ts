/** The agent proves who it is before it registers: spec libprocess, section 4.2. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentEffect } from '../../../core/agent/effects.ts';
import { AgentKit, MASTER } from './agent-builder.ts';

const CREDENTIAL = { principal: 'agent', secret: 's' };

/** What matters here, as words. */
function words(effects: readonly AgentEffect[]): readonly string[] {
  return effects.flatMap((effect) => {
    if (effect.kind === 'authenticate') return [`authenticate ${effect.attempt}`];
    if (effect.kind === 'send') return [effect.message.name.replace('mesos.internal.', '')];
    if (effect.kind === 'exit') return [`exit ${effect.failure}`];
    return [];
  });
}

function detected(options: ConstructorParameters<typeof AgentKit>[0] = {}): AgentKit {
  const it = new AgentKit({ credential: CREDENTIAL, ...options });
  it.input({ kind: 'master', pid: MASTER });
  return it.advance(1_000);
}

test('without a credential it registers at once', () => {
  assert.deepEqual(words(detected({ credential: undefined }).effectsTaken()), [
    'RegisterSlaveMessage',
  ]);
});

test('it registers when it has authenticated, not before', () => {
  const it = detected();
  assert.deepEqual(words(it.effectsTaken()), ['authenticate 1']);
  it.input({ kind: 'authenticated', attempt: 1, result: { kind: 'completed' } });
  assert.deepEqual(words(it.effectsTaken()), ['RegisterSlaveMessage']);
  it.advance(60_000);
  assert.deepEqual(words(it.effectsTaken()), ['RegisterSlaveMessage']);
});

test('a refusal ends the agent in the original words', () => {
  const it = detected();
  it.effectsTaken();
  it.input({ kind: 'authenticated', attempt: 1, result: { kind: 'refused' } });
  assert.deepEqual(words(it.effectsTaken()), [
    'exit Master master@10.0.0.1:5050 refused authentication',
  ]);
});

test('an attempt without an answer is repeated after 5 to 7 seconds, a failed one not sooner', () => {
  const it = detected();
  it.effectsTaken();
  const result = { kind: 'error', error: 'No authenticator loaded' } as const;
  it.input({ kind: 'authenticated', attempt: 1, result });
  it.advance(4_900);
  assert.deepEqual(words(it.effectsTaken()), []);
  it.advance(2_100);
  assert.deepEqual(words(it.effectsTaken()), ['authenticate 2']);
});

test('attempts take longer and longer, up to the maximum', () => {
  const it = detected();
  it.effectsTaken();
  let longestMs = 0;
  let lastAt = it.now;
  for (let attempt = 2; attempt < 200; ) {
    it.advance(100);
    if (words(it.effectsTaken()).length === 0) continue;
    longestMs = Math.max(longestMs, it.now - lastAt);
    lastAt = it.now;
    attempt += 1;
  }
  assert.ok(longestMs > 50_000, `longest ${longestMs}`);
  assert.ok(longestMs <= 60_100, `longest ${longestMs}`);
});

test('the answer to an attempt that was given up means nothing', () => {
  const it = detected();
  it.advance(7_000);
  it.effectsTaken();
  it.input({ kind: 'authenticated', attempt: 1, result: { kind: 'completed' } });
  assert.deepEqual(words(it.effectsTaken()), []);
  it.input({ kind: 'authenticated', attempt: 2, result: { kind: 'completed' } });
  assert.deepEqual(words(it.effectsTaken()), ['RegisterSlaveMessage']);
});

test('another master is told anew who the agent is', () => {
  const it = detected();
  it.input({ kind: 'authenticated', attempt: 1, result: { kind: 'completed' } });
  it.message({
    name: 'mesos.internal.SlaveRegisteredMessage',
    value: { slave_id: { value: 'M-S0' } },
  });
  it.effectsTaken();
  const other = { ...MASTER, ip: '10.0.0.3' };
  it.input({ kind: 'master', pid: other }).advance(1_000);
  assert.deepEqual(words(it.effectsTaken()), ['authenticate 2']);
});
