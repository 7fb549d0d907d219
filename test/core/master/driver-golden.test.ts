/**
 * The recorded session of a classic driver against our master: its bytes go in, and what comes out is what
 * the original said, field by field.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { decodeAgentMessage } from '../../../core/master/agent-messages.ts';
import type { Outgoing } from '../../../core/master/effects.ts';
import { EMPTY_REGISTRY } from '../../../core/master/registry.ts';
import type { Upid } from '../../../core/net/ports.ts';
import { decodeMessage, encodeMessage, isMessageName } from '../../../core/wire/codec.ts';
import { parseUpid } from '../../../core/wire/upid.ts';
import { goldenList, text } from '../wire/golden.ts';
import { sayBytes } from './driver-scene.ts';
import { AGENT_CAPABILITIES, MasterScene, resources } from './machine-builder.ts';

interface Recorded {
  readonly direction: string;
  readonly name: string;
  readonly from: Upid;
  readonly body: Uint8Array;
}

const MASTER_ID = '0460bb91-1069-46ea-8fee-1a33f54c3ee5';

const RECORDED: readonly Recorded[] = goldenList('libprocess-driver.json')
  .filter((each) => text(each['start_line']).startsWith('POST'))
  .map((each) => {
    const headers = Array.isArray(each['headers']) ? each['headers'].map(text) : [];
    const from = headers.find((header) => header.startsWith('Libprocess-From: '));
    return {
      direction: text(each['direction']),
      name: text(each['start_line']).split(/[/ ]/)[3] ?? '',
      from: defined(parseUpid(from?.slice('Libprocess-From: '.length) ?? ''), 'sender'),
      body: Buffer.from(text(each['body_base64']), 'base64'),
    };
  });

const SENT = RECORDED.filter((each) => each.direction === 'to_master');
const HEARD = RECORDED.filter((each) => each.direction === 'to_scheduler');
const AGENT = { id: 'slave(1)', ip: '127.0.0.1', port: 15051 };

/** The recorded cluster: same ids, same agent, four frameworks and 41 offers gone by. */
function recordedCluster(): MasterScene {
  const it = new MasterScene({}, EMPTY_REGISTRY, {
    id: MASTER_ID,
    ip: 0x0100007f,
    port: 15050,
    pid: 'master@127.0.0.1:15050',
    hostname: 'localhost',
    version: '1.12.0',
    address: { hostname: 'localhost', ip: '127.0.0.1', port: 15050 },
    capabilities: [{ type: 'AGENT_UPDATE' }, { type: 'AGENT_DRAINING' }, { type: 'QUOTA_V2' }],
  });
  for (let count = 0; count < 4; count++) it.state.newFrameworkId();
  for (let count = 0; count < 41; count++) it.state.newOfferId();
  it.input({
    kind: 'message',
    from: AGENT,
    content: {
      name: 'mesos.internal.RegisterSlaveMessage',
      message: {
        slave: {
          hostname: 'agent1.example',
          port: 15051,
          resources: resources('ports:[31003-32000];cpus:3.5;mem:3968;disk:8092'),
          attributes: [
            { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
            { name: 'zone', type: 'TEXT', text: { value: 'eu' } },
          ],
        },
        version: '1.12.0',
        agent_capabilities: AGENT_CAPABILITIES,
        resource_version_uuid: { value: new Uint8Array(16).fill(1) },
      },
    },
  });
  return it;
}

function play(it: MasterScene, { name, from, body }: Recorded): void {
  const content = decodeAgentMessage(name, body);
  if (content === undefined) {
    sayBytes(it, from, name, body);
    return;
  }
  assert.ok(content.ok);
  it.input({ kind: 'message', from, content: content.value });
}

/** As it would be on the wire, read again. */
function wire(message: Outgoing): { readonly name: string; readonly value: unknown } {
  const bytes = encodeMessage(message.name, message.message as never);
  return { name: message.name, value: read(message.name, bytes) };
}

function read(name: string, bytes: Uint8Array): unknown {
  assert.ok(isMessageName(name), name);
  const decoded = decodeMessage(name, bytes);
  assert.ok(decoded.ok);
  return decoded.value;
}

/** Resources come in another order from our allocator; the order of the fields is compared. */
function sorted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, each: unknown) =>
    key === 'resources' && Array.isArray(each)
      ? each.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : each,
  );
}

test('the recorded driver hears what it heard from the original, in the same words and order', () => {
  const it = recordedCluster();
  const driver = defined(SENT[0], 'first message').from;
  for (const each of SENT) play(it, each);
  const heard = it.sentToPid(driver).map(wire);
  const expected = HEARD.map(({ name, body }) => ({ name, value: read(name, body) }));
  assert.deepEqual(
    heard.map((each) => each.name),
    expected.map((each) => each.name),
  );
  for (const [index, each] of heard.entries()) {
    // As text, so that the order of the fields counts.
    const want = defined(expected[index], 'recorded message');
    assert.equal(JSON.stringify(sorted(each)), JSON.stringify(sorted(want)), each.name);
  }
});

test('the recorded driver ends deactivated, its tasks lost with their executor', () => {
  const it = recordedCluster();
  for (const each of SENT) play(it, each);
  const framework = defined([...it.state.frameworks.values()][0], 'framework');
  assert.equal(framework.state, 'inactive');
  assert.deepEqual(
    [...framework.tasks.values()].map((each) => each.task.state),
    ['TASK_FAILED', 'TASK_FAILED', 'TASK_FAILED'],
  );
  assert.equal(framework.executors.size, 0);
});
