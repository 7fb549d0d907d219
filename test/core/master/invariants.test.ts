/**
 * Safety, over random histories of agents, frameworks and tasks: resources never exceed the agent's
 * total, every index agrees with the others, and a quiet cluster gives everything back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { APPROVES_ALL } from '../../../core/auth/authorizer.ts';
import type { Agent, Framework } from '../../../core/master/records.ts';
import { statePieces } from '../../../core/master/views/state-document.ts';
import { add, contains, equals } from '../../../core/resources/arithmetic.ts';
import { unallocate } from '../../../core/resources/select.ts';
import type { Offer } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, task } from './machine-builder.ts';

type Step =
  | { readonly kind: 'agent'; readonly which: number }
  | { readonly kind: 'exit'; readonly which: number }
  | { readonly kind: 'return'; readonly which: number }
  | { readonly kind: 'subscribe'; readonly which: number }
  | { readonly kind: 'disconnect'; readonly which: number }
  | { readonly kind: 'launch'; readonly which: number; readonly cpus: number }
  | { readonly kind: 'decline'; readonly which: number }
  | { readonly kind: 'update'; readonly which: number; readonly isFinal: boolean }
  | { readonly kind: 'teardown'; readonly which: number }
  | { readonly kind: 'wait'; readonly ms: number };

const which = fc.integer({ min: 0, max: 2 });
const cpus = fc.integer({ min: 1, max: 5 });
const STEP: fc.Arbitrary<Step> = fc.oneof(
  weighted(1, fc.record({ kind: fc.constant('agent' as const), which })),
  weighted(1, fc.record({ kind: fc.constant('exit' as const), which })),
  weighted(2, fc.record({ kind: fc.constant('return' as const), which })),
  weighted(2, fc.record({ kind: fc.constant('subscribe' as const), which })),
  weighted(1, fc.record({ kind: fc.constant('disconnect' as const), which })),
  weighted(8, fc.record({ kind: fc.constant('launch' as const), which, cpus })),
  weighted(1, fc.record({ kind: fc.constant('decline' as const), which })),
  weighted(4, fc.record({ kind: fc.constant('update' as const), which, isFinal: fc.boolean() })),
  weighted(1, fc.record({ kind: fc.constant('teardown' as const), which })),
  weighted(
    4,
    fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1_000, 6_000, 20_000, 80_000),
    }),
  ),
);

function weighted<T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> {
  return { weight, arbitrary };
}

/** Plays steps; what does not apply is skipped. */
class History {
  readonly it = new MasterScene();
  private readonly frameworks = new Map<number, string>();
  private streams = 0;
  private tasks = 0;

  constructor() {
    for (const which of [0, 1, 2]) this.play({ kind: 'agent', which });
    for (const which of [0, 1]) this.play({ kind: 'subscribe', which });
  }

  play(step: Step): void {
    const { it } = this;
    switch (step.kind) {
      case 'agent':
        if (this.agentAt(step.which) === undefined) it.agent(`a${step.which + 1}`);
        return;
      case 'exit':
        it.exit(`a${step.which + 1}`);
        return;
      case 'return': {
        const agent = this.agentAt(step.which);
        if (agent !== undefined) this.bringBack(agent, `a${step.which + 1}`);
        return;
      }
      case 'subscribe':
        this.subscribe(step.which);
        return;
      case 'disconnect':
        this.disconnect(step.which);
        return;
      case 'launch':
      case 'decline':
        this.answerOffer(step);
        return;
      case 'update':
        this.update(step.which, step.isFinal);
        return;
      case 'teardown': {
        const id = this.frameworks.get(step.which);
        if (id !== undefined) it.input({ kind: 'teardown', framework: id as never });
        return;
      }
      case 'wait':
        it.advance(step.ms);
    }
  }

  private agentAt(index: number): Agent | undefined {
    return [...this.it.state.agents.values()].find(
      (agent) => agent.info.hostname === `a${index + 1}`,
    );
  }

  private bringBack(agent: Agent, name: string): void {
    const tasks = [...agent.tasks.values()].flatMap((each) =>
      [...each.values()].map((record) => record.task),
    );
    const frameworks = [...agent.tasks.keys()].flatMap((id) => {
      const info = this.it.state.frameworks.get(id)?.info;
      return info === undefined ? [] : [info];
    });
    this.it.reregister(name, agent.id, { tasks, frameworks });
  }

  private subscribe(index: number): void {
    const known = this.frameworks.get(index);
    this.streams += 1;
    const id = this.it.subscribe(`s${this.streams}`, {
      failoverTimeout: 10,
      checkpoint: index === 0,
      ...(known !== undefined && this.it.state.frameworks.has(known as never) ? { id: known } : {}),
    });
    this.frameworks.set(index, id);
  }

  private disconnect(index: number): void {
    const framework = this.it.state.frameworks.get(this.frameworks.get(index) as never);
    if (framework?.connection?.kind === 'http') this.it.disconnect(framework.connection.id);
  }

  private answerOffer(step: Extract<Step, { readonly kind: 'launch' | 'decline' }>): void {
    const framework = this.it.state.frameworks.get(this.frameworks.get(step.which) as never);
    const [record] = framework?.offers ?? [];
    if (framework === undefined || record === undefined) return;
    const offer: Offer = record.offer;
    if (step.kind === 'decline') {
      this.it.call(framework.id, { type: 'DECLINE', decline: { offer_ids: [offer.id] } });
      return;
    }
    this.tasks += 1;
    const info = task(`t${this.tasks}`, record.agent, `cpus:${step.cpus};mem:64`);
    this.it.launch(framework.id, offer, [info]);
  }

  private update(index: number, isFinal: boolean): void {
    const agent = this.agentAt(index);
    const [records] = agent?.tasks.values() ?? [];
    const [record] = records?.values() ?? [];
    if (agent === undefined || record === undefined) return;
    const ref = { framework: record.framework, agent: agent.id, id: record.id };
    const uuid = this.it.update(`a${index + 1}`, ref, isFinal ? 'TASK_FINISHED' : 'TASK_RUNNING');
    if (isFinal) this.it.acknowledge(record.framework, agent.id, record.id, uuid);
  }

  check(): void {
    const { state } = this.it;
    for (const agent of state.agents.values()) this.checkAgent(agent);
    for (const framework of state.frameworks.values()) {
      for (const record of framework.tasks.values()) {
        const agent = state.agents.get(record.agent);
        assert.equal(agent?.tasks.get(framework.id)?.get(record.id), record, 'task in both maps');
      }
      for (const offer of framework.offers) assert.equal(state.offers.get(offer.id), offer);
    }
    for (const offer of state.offers.values()) {
      assert.ok(state.frameworks.get(offer.framework)?.offers.has(offer), 'offer has a framework');
      assert.ok(state.agents.get(offer.agent)?.offers.has(offer), 'offer has an agent');
    }
  }

  private checkAgent(agent: Agent): void {
    const held = [...agent.usedResources.values()].flatMap((each) => unallocate(each));
    const offered = unallocate(agent.offeredResources);
    const sum = add(add([], held), offered);
    assert.ok(contains(agent.totalResources, sum), `agent ${agent.id} holds more than it has`);
    const offers = [...agent.offers].flatMap((each) => each.offer.resources ?? []);
    assert.ok(equals(agent.offeredResources, add([], offers)), 'offered is the sum of the offers');
    const used = [...agent.tasks.values()]
      .flatMap((each) => [...each.values()])
      .filter((record) => record.usesResources)
      .flatMap((record) => record.task.resources ?? []);
    const counted = [...agent.usedResources.values()].flat();
    assert.ok(equals(add([], counted), add([], used)), 'used is the sum of the tasks');
  }
}

test('resources are conserved and indexes agree after every step of any history', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 30, maxLength: 80, size: 'max' }), (steps) => {
      const history = new History();
      for (const step of steps) {
        history.play(step);
        history.check();
      }
    }),
    { numRuns: 150 },
  );
});

test('after every step /state shows what the master knows, whatever it has kept of it', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 30, maxLength: 80, size: 'max' }), (steps) => {
      const history = new History();
      for (const step of steps) {
        history.play(step);
        checkDocument(history.it);
      }
    }),
    { numRuns: 50 },
  );
});

/** The texts kept so far against texts made anew: the same records in another master's state. */
function checkDocument({ state }: MasterScene): void {
  const context = { flags: {}, leader: undefined, approvers: APPROVES_ALL };
  const textOf = (shown: MasterScene['state']): string =>
    Buffer.concat([...statePieces(shown, context)]).toString();
  const copies = (frameworks: Iterable<[Framework['id'], Framework]>) =>
    new Map([...frameworks].map(([id, framework]) => [id, { ...framework }]));
  const unkept: MasterScene['state'] = Object.create(state, {
    agents: { value: new Map([...state.agents].map(([id, agent]) => [id, { ...agent }])) },
    frameworks: { value: copies(state.frameworks) },
    completedFrameworks: { value: copies(state.completedFrameworks) },
  });
  assert.equal(textOf(state), textOf(unkept));
}

test('when all frameworks have ended, a new one is offered everything that is connected', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 20, maxLength: 60, size: 'max' }), (steps) => {
      const history = new History();
      for (const step of steps) history.play(step);
      const { it } = history;
      for (const id of [...it.state.frameworks.keys()]) {
        it.input({ kind: 'teardown', framework: id });
      }
      it.subscribe('last');
      for (const agent of it.state.agents.values()) {
        assert.ok(agent.usedResources.size === 0, 'nothing is used');
        if (!agent.active) continue;
        assert.ok(equals(unallocate(agent.offeredResources), agent.totalResources));
      }
    }),
    { numRuns: 100 },
  );
});
