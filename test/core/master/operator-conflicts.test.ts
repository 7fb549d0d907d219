/** Operators' requests that meet each other, or an agent that cannot do what is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperatorRequest } from '../../../core/master/operator/requests.ts';
import type { QuotaRequest } from '../../../core/wire/types/mesos.v1.quota.ts';
import type { Resource } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources, task } from './machine-builder.ts';

let ticket = 0;

/** Asks; the answer may come later. */
function ask(it: MasterScene, request: OperatorRequest): () => string | undefined {
  ticket += 1;
  const mine = ticket;
  it.input({ kind: 'operator', ticket: mine, request });
  return () => {
    const found = it.others.find((each) => each.kind === 'answer' && each.ticket === mine);
    if (found?.kind !== 'answer') return undefined;
    const { status, text = '' } = found.answer;
    return `${status} ${text}`.trim();
  };
}

const drain = (agent: string): OperatorRequest => ({
  ...{ kind: 'drain-agent', agent, maxGracePeriod: undefined, markGone: undefined },
});

test('an agent without AGENT_DRAINING cannot be drained', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const record = [...it.state.agents.values()][0];
  assert.ok(record !== undefined);
  record.capabilities = new Set();
  assert.equal(ask(it, drain(agent))(), `400 Agent ${agent} is not capable of draining`);
});

test('while an agent is being marked gone it is neither drained nor marked again', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  it.persistsAtOnce = false;
  const first = ask(it, { kind: 'mark-agent-gone', agent });
  const drained = ask(it, drain(agent));
  const again = ask(it, { kind: 'mark-agent-gone', agent });
  assert.equal(first(), undefined);
  while (it.writeCount > 0) it.persist();
  assert.equal(first(), '200');
  // They waited for the write, and find the agent gone.
  assert.equal(drained(), '400 Unknown agent');
  assert.equal(again(), '200');
});

test('an agent that is being marked unreachable cannot be marked gone meanwhile', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  it.persistsAtOnce = false;
  it.advance(80_000);
  assert.equal(
    ask(it, { kind: 'mark-agent-gone', agent })(),
    `503 Agent '${agent}' is being transitioned to unreachable`,
  );
  while (it.writeCount > 0) it.persist();
  assert.equal(it.state.unreachableAgents.size, 1);
  const gone = ask(it, { kind: 'mark-agent-gone', agent });
  while (it.writeCount > 0) it.persist();
  assert.equal(gone(), '200');
  assert.deepEqual([...it.state.goneAgents.keys()], [agent]);
});

test('an agent that is away is active again, though the answer says that it was removed', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  assert.equal(ask(it, { kind: 'deactivate-agent', agent })(), '200');
  it.advance(80_000);
  assert.equal(it.state.unreachableAgents.size, 1);
  const reactivate = { kind: 'reactivate-agent', agent } as const;
  assert.equal(ask(it, reactivate)(), '409 Agent removed while processing the call');
  assert.equal(ask(it, reactivate)(), '400 Agent is not deactivated');
  it.reregister('a1', agent);
  assert.equal([...it.state.agents.values()][0]?.active, true);
});

test('an id is not used again while its task is unreachable', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('s', { roles: ['web'] });
  it.launch(framework, it.takeOffer('s'), [task('t', agent, 'cpus:1;mem:64')]);
  it.advance(80_000);
  assert.equal(it.state.unreachableAgents.size, 1);
  it.lines('s');
  const other = it.agent('a2');
  const offer = it.takeOffer('s');
  it.lines('s');
  it.launch(framework, offer, [task('t', other, 'cpus:1;mem:64')]);
  assert.deepEqual(
    it.lines('s').filter((line) => line.startsWith('UPDATE')),
    ['UPDATE t TASK_ERROR REASON_TASK_INVALID Task reuses the ID of an unreachable task: t'],
  );
});

const QUOTAS: readonly (readonly [QuotaRequest, string])[] = [
  [{}, 'QuotaInfo must specify a role'],
  [
    { role: '-x' },
    "QuotaInfo with invalid role: Role component '-x' is invalid because it starts with a dash",
  ],
  [{ role: 'a' }, "QuotaInfo with empty 'guarantee'"],
  [
    { role: 'a', guarantee: resources('ports:[1-2]') },
    'QuotaInfo must not include non-scalar resources',
  ],
  [
    { role: 'a', guarantee: [...resources('cpus:1'), ...resources('cpus:2')] },
    "QuotaInfo contains duplicate resource name 'cpus'",
  ],
  [
    { role: 'a', guarantee: changed({ revocable: {} }) },
    'QuotaInfo must not contain RevocableInfo',
  ],
  [
    { role: 'a', guarantee: [{ ...disk(), disk: { source: { type: 'PATH' } } }] },
    'QuotaInfo must not contain DiskInfo',
  ],
  [
    { role: 'a', guarantee: changed({ reservations: [{ type: 'DYNAMIC', role: 'a' }] }) },
    'QuotaInfo must not contain any ReservationInfo',
  ],
  [{ role: 'b', guarantee: resources('cpus:1') }, "Unknown role 'b'"],
];

function changed(change: Partial<Resource>): readonly Resource[] {
  return resources('cpus:1').map((each) => ({ ...each, ...change }));
}

function disk(): Resource {
  return { name: 'disk', type: 'SCALAR', scalar: { value: 1 } };
}

for (const [request, text] of QUOTAS) {
  test(`a quota is refused: ${text}`, () => {
    const it = new MasterScene({ roleWhitelist: new Set(['a']) });
    it.agent('a1');
    assert.equal(
      ask(it, { kind: 'set-quota', request })(),
      `400 Failed to validate set quota request: ${text}`,
    );
  });
}

test('roles outside --roles have no weight and no quota', () => {
  const it = new MasterScene({ roleWhitelist: new Set(['a']) });
  const infos = [{ role: 'b', weight: 2 }];
  assert.equal(
    ask(it, { kind: 'update-weights', infos })(),
    "400 Failed to validate update weights request JSON: Unknown role 'b'",
  );
  const configs = [{ role: 'b', limits: { cpus: { value: 1 } } }];
  assert.equal(
    ask(it, { kind: 'update-quota', configs, isForced: true })(),
    "400 Invalid QuotaConfig: 'b' is not on the roles whitelist",
  );
  assert.equal(
    ask(it, { kind: 'remove-quota', role: 'b', path: '/master/quota/b' })(),
    "400 Failed to validate remove quota request for path '/master/quota/b': Unknown role 'b'",
  );
});
