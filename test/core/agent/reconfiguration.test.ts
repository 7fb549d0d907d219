/** An agent that starts again with other flags: spec agent-runtime, section 2, step 4. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAttributes } from '../../../core/resources/attributes.ts';
import type { Attribute, MasterInfo } from '../../../core/wire/types/mesos.v1.ts';
import { AGENT_ID, AgentKit, type AgentKitOptions, MASTER, resources } from './agent-builder.ts';

const INFO: MasterInfo = { id: 'M', ip: 1, port: 5050 };
const ATTRIBUTES = 'rack:r1;slots:[1-10]';

function attributes(text: string): readonly Attribute[] {
  const parsed = parseAttributes(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** Registers an agent and starts it again with `changes`. */
function restarted(changes: AgentKitOptions): AgentKit {
  const first = { attributes: attributes(ATTRIBUTES) };
  const old = new AgentKit(first).registered();
  return new AgentKit({ ...first, files: old.files, seed: 2, ...changes });
}

const DOMAIN = { fault_domain: { region: { name: 'r' }, zone: { name: 'z' } } };

const GROWN: Readonly<Record<string, AgentKitOptions>> = {
  'more of a scalar': { resources: resources('cpus:8;mem:4096;ports:[31000-32000]') },
  'another resource': { resources: resources('cpus:4;mem:4096;disk:9;ports:[31000-32000]') },
  'wider ranges': { resources: resources('cpus:4;mem:4096;ports:[30000-32000]') },
  'another attribute': { attributes: attributes(`${ATTRIBUTES};zone:eu`) },
  'wider ranges of an attribute': { attributes: attributes('rack:r1;slots:[1-20]') },
  'a first domain': { domain: DOMAIN },
};

const OTHER: Readonly<Record<string, AgentKitOptions>> = {
  'another host name': { hostname: 'renamed' },
  'less of a scalar': { resources: resources('cpus:2;mem:4096;ports:[31000-32000]') },
  'a missing resource': { resources: resources('cpus:4;ports:[31000-32000]') },
  'another text of an attribute': { attributes: attributes('rack:r2;slots:[1-10]') },
  'a missing attribute': { attributes: attributes('slots:[1-10]') },
  'narrower ranges of an attribute': { attributes: attributes('rack:r1;slots:[1-9]') },
};

test('an agent with the same flags keeps its id', () => {
  const it = restarted({});
  assert.equal(it.machine.state.info.id?.value, AGENT_ID);
});

for (const [what, changes] of Object.entries({ ...GROWN, ...OTHER })) {
  test(`${what} is refused by the policy 'equal'`, () => {
    const [exit] = restarted(changes).took();
    assert.match(
      exit ?? '',
      /^exit Failed to perform recovery: Incompatible agent info detected\. /,
    );
  });
}

for (const [what, changes] of Object.entries(GROWN)) {
  test(`${what} is permitted by the policy 'additive' and told to the master`, () => {
    const it = restarted({ ...changes, reconfigurationPolicy: 'additive' });
    assert.equal(it.machine.state.info.id?.value, AGENT_ID);
    it.input({ kind: 'master', pid: MASTER }).advance(1_000);
    assert.deepEqual(it.took(), ['ReregisterSlaveMessage']);
  });
}

for (const [what, changes] of Object.entries(OTHER)) {
  test(`${what} is refused by the policy 'additive', too`, () => {
    const [exit] = restarted({ ...changes, reconfigurationPolicy: 'additive' }).took();
    assert.match(
      exit ?? '',
      /^exit .*Configuration change not permitted under 'additive' policy: /,
    );
  });
}

test('after a reboot the id is kept where nothing has changed', () => {
  const it = restarted({ bootId: 'boot-2' });
  assert.equal(it.machine.state.info.id?.value, AGENT_ID);
});

test('a changed agent refuses a master that cannot take changes, an unchanged one does not', () => {
  const changes = { ...GROWN['another attribute'], reconfigurationPolicy: 'additive' } as const;
  const [exit] = restarted(changes).input({ kind: 'master', pid: MASTER, info: INFO }).took();
  assert.equal(
    exit,
    'exit Agent state changed on restart, but the detected master lacks the AGENT_UPDATE capability. Refusing to connect.',
  );
  const able: MasterInfo = { ...INFO, capabilities: [{ type: 'AGENT_UPDATE' }] };
  assert.deepEqual(
    restarted(changes).input({ kind: 'master', pid: MASTER, info: able }).took(),
    [],
  );
  assert.deepEqual(restarted({}).input({ kind: 'master', pid: MASTER, info: INFO }).took(), []);
});
