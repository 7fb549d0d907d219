/**
 * Our agent behind the recorded original master: what the master said goes in, and what comes out has the
 * fields of the recorded agent in the same order. Only ids, times and addresses of the run differ.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentEffect, OutgoingMessage } from '../../../core/agent/effects.ts';
import { defined } from '../../../core/base/assert.ts';
import { parseUuid } from '../../../core/base/random.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import type { MessageTypes } from '../../../core/wire/types/messages.ts';
import { recordedMessages } from '../wire/golden.ts';
import { AgentKit, type AgentKitOptions, MASTER, resources } from './agent-builder.ts';

type Name = keyof MessageTypes;

function recorded<N extends Name>(
  name: N,
  session: string,
  to?: string,
): readonly MessageTypes[N][] {
  return recordedMessages()
    .filter(({ label, path }) => {
      const [, actor, message] = path.split('/');
      return label.startsWith(session) && message === name && (to ?? actor) === actor;
    })
    .map(({ body }) => {
      const read = decodeMessage(name, body);
      assert.ok(read.ok);
      return read.value;
    });
}

/** The message as it is on the wire, in text: field order counts, what differs by run does not. */
function shape<N extends Name>(name: N, value: MessageTypes[N]): string {
  const read = decodeMessage(name, encodeMessage(name, value));
  assert.ok(read.ok);
  return JSON.stringify(read.value, (key, each: unknown) => {
    if (key === 'uuid' || key.endsWith('_uuid')) return 'uuid';
    if (key === 'timestamp' || key === 'executor_pid' || key === 'port') return 0;
    if (key === 'container_id') return 'container';
    if (key === 'pid' || key === 'ip_address') return 'address';
    return each;
  });
}

function sent<N extends OutgoingMessage['name']>(
  effects: readonly AgentEffect[],
  name: N,
): readonly string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'send' && effect.message.name === name
      ? [shape(name, effect.message.value as MessageTypes[N])]
      : [],
  );
}

function recordedAgent(extra: AgentKitOptions = {}): AgentKit {
  return new AgentKit({
    ...extra,
    hostname: 'agent1.example',
    resources: resources('cpus:4;mem:4096;disk:8192;ports:[31000-32000]'),
    attributes: [
      { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
      { name: 'zone', type: 'TEXT', text: { value: 'eu' } },
    ],
  });
}

/** Registered as the recorded one was; gives what it said. */
function register(it: AgentKit): readonly AgentEffect[] {
  it.input({ kind: 'master', pid: MASTER }).advance(1_000);
  const name = 'mesos.internal.SlaveRegisteredMessage';
  const [value] = recorded(name, 'agent-and-tasks');
  it.message({ name, value: defined(value, name) });
  return it.effectsTaken();
}

test('the registration and the state after it are the recorded ones', () => {
  const effects = register(recordedAgent());
  for (const name of [
    'mesos.internal.RegisterSlaveMessage',
    'mesos.internal.UpdateSlaveMessage',
  ] as const) {
    const [expected] = recorded(name, 'agent-and-tasks');
    assert.deepEqual(sent(effects, name), [shape(name, defined(expected, name))]);
  }
});

test('a recorded ping is answered by a pong without a body', () => {
  const it = recordedAgent();
  register(it);
  const [value] = recorded('mesos.internal.PingSlaveMessage', 'agent-and-tasks');
  const observer = { ...MASTER, id: 'slave-observer(1)' };
  const name = 'mesos.internal.PingSlaveMessage';
  it.message({ name, value: defined(value, name) }, observer);
  const [pong] = it.effectsTaken().filter((each) => each.kind === 'send');
  assert.ok(pong?.message.name === 'mesos.internal.PongSlaveMessage');
  assert.deepEqual(pong.to, observer);
  assert.equal(encodeMessage(pong.message.name, pong.message.value).length, 0);
});

/** A recorded launch, with the resource version of this run. */
function runRecorded(it: AgentKit, run: MessageTypes['mesos.internal.RunTaskMessage']): void {
  const uuid = { value: parseUuid(it.machine.state.resourceVersion) };
  const value = { ...run, resource_version_uuids: [{ uuid }] };
  it.message({ name: 'mesos.internal.RunTaskMessage', value });
}

test('a recorded launch leads to the recorded updates', () => {
  const it = recordedAgent();
  register(it);
  const [run] = recorded('mesos.internal.RunTaskMessage', 'agent-and-tasks');
  runRecorded(it, defined(run, 'launch'));
  it.prepared('task-1').started('task-1');
  const name = 'mesos.internal.StatusUpdateMessage';
  const expected = recorded(name, 'agent-and-tasks', 'master').filter(
    ({ update }) => update.executor_id?.value === 'task-1',
  );
  assert.equal(expected.length, 3);
  for (const each of expected) {
    const { state, message } = each.update.status;
    it.hostedUpdate('task-1', state, { pid: 16607, ...(message === undefined ? {} : { message }) });
    const effects = it.effectsTaken();
    assert.deepEqual(sent(effects, name), [shape(name, each)]);
    acknowledge(it, effects, each);
  }
});

function acknowledge(
  it: AgentKit,
  effects: readonly AgentEffect[],
  { update }: MessageTypes['mesos.internal.StatusUpdateMessage'],
): void {
  for (const effect of effects) {
    if (effect.kind !== 'send') continue;
    const { message } = effect;
    if (message.name !== 'mesos.internal.StatusUpdateMessage') continue;
    it.message({
      name: 'mesos.internal.StatusUpdateAcknowledgementMessage',
      value: {
        slave_id: defined(update.slave_id, 'agent id'),
        framework_id: update.framework_id,
        task_id: update.status.task_id,
        uuid: defined(message.value.update.uuid, 'uuid'),
      },
    });
  }
}

test('every recorded launch, kill and framework update is taken without a word of doubt', () => {
  const it = recordedAgent();
  register(it);
  for (const run of recorded('mesos.internal.RunTaskMessage', 'agent-and-tasks')) {
    runRecorded(it, run);
  }
  for (const value of recorded('mesos.internal.UpdateFrameworkMessage', 'agent-and-tasks')) {
    it.message({ name: 'mesos.internal.UpdateFrameworkMessage', value });
  }
  const warnings = it.effectsTaken().filter((each) => each.kind === 'log' && each.level !== 'info');
  assert.deepEqual(warnings, []);
  assert.equal(it.machine.state.containers.size, 4);
  for (const value of recorded('mesos.internal.KillTaskMessage', 'agent-and-tasks')) {
    it.message({ name: 'mesos.internal.KillTaskMessage', value });
  }
  for (const value of recorded('mesos.internal.ShutdownFrameworkMessage', 'agent-and-tasks')) {
    it.message({ name: 'mesos.internal.ShutdownFrameworkMessage', value });
  }
  const states = [...it.machine.state.frameworks.values()].map((each) => each.status);
  assert.ok(states.every((status) => status === 'terminating'));
});

test('a restarted agent re-registers with the recorded fields', () => {
  const it = recordedAgent();
  register(it);
  const again = recordedAgent({ files: it.files, seed: 2 });
  again.input({ kind: 'master', pid: MASTER }).advance(1_000);
  const name = 'mesos.internal.ReregisterSlaveMessage';
  const message = again
    .effectsTaken()
    .flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
    .find((each) => each.name === name);
  const [expected] = recorded(name, 'agent-restart');
  assert.ok(message?.name === name && expected !== undefined);
  const idle = { ...expected, tasks: [], frameworks: [], executor_infos: [] };
  const { checkpointed_resources: _reserved, ...rest } = idle;
  assert.equal(shape(name, { ...message.value }), shape(name, { ...rest }));
});
