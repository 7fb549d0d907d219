/** Inverse offers while maintenance is scheduled (spec scheduler-api, section 14.10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../../core/wire/types/mesos.v1.scheduler.ts';
import { MasterScene, task } from './machine-builder.ts';

const MACHINE = { hostname: 'a1', ip: '10.0.1.1' };
const START = { start: { nanoseconds: 1_000 } };

/** `f` has a task on the agent whose machine is to be maintained, `idle` has nothing there. */
class Scene {
  readonly it: MasterScene;
  readonly agent: string;
  readonly framework: string;

  constructor(offerTimeoutMs?: number) {
    this.it = new MasterScene({ offerTimeoutMs });
    this.agent = this.it.agent('a1');
    this.framework = this.it.subscribe('f', { roles: ['web'] });
    const offer = this.it.takeOffer('f');
    this.it.launch(this.framework, offer, [task('t', this.agent, 'cpus:1;mem:64')], 1_000);
    const idle = this.it.subscribe('idle', { roles: ['idle'] });
    const decline = {
      offer_ids: [this.it.takeOffer('idle').id],
      filters: { refuse_seconds: 1_000 },
    };
    this.it.call(idle, { type: 'DECLINE', decline });
    this.events();
    this.it.take('idle');
  }

  schedule(): void {
    const windows = [{ machine_ids: [MACHINE], unavailability: START }];
    const request = { kind: 'update-schedule', schedule: { windows } } as const;
    this.it.input({ kind: 'operator', ticket: 1, request });
    this.it.advance(2);
  }

  clear(): void {
    const request = { kind: 'update-schedule', schedule: {} } as const;
    this.it.input({ kind: 'operator', ticket: 2, request });
    this.it.advance(2);
  }

  events(): readonly Event[] {
    return this.it.take('f');
  }

  /** Ids of what came and what was taken back since the last look. */
  seen(): { readonly made: readonly string[]; readonly rescinded: readonly string[] } {
    const events = this.events();
    return {
      made: events.flatMap(({ inverse_offers }) =>
        (inverse_offers?.inverse_offers ?? []).map(({ id }) => id.value),
      ),
      rescinded: events.flatMap(
        ({ rescind_inverse_offer }) => rescind_inverse_offer?.inverse_offer_id.value ?? [],
      ),
    };
  }

  answer(how: 'accept' | 'decline', id: string, seconds: number): void {
    const given = { inverse_offer_ids: [{ value: id }], filters: { refuse_seconds: seconds } };
    this.it.call(
      this.framework,
      how === 'accept'
        ? { type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: given }
        : { type: 'DECLINE_INVERSE_OFFERS', decline_inverse_offers: given },
    );
  }

  /** The agent stays alive meanwhile. */
  pass(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.it.advance(1_000);
      this.it.pong(1);
    }
  }
}

test('a framework with resources on the machine is asked once, one without is not', () => {
  const scene = new Scene();
  scene.schedule();
  assert.equal(scene.seen().made.length, 1);
  scene.pass(20);
  assert.deepEqual(scene.seen(), { made: [], rescinded: [] });
  assert.deepEqual(
    scene.it.take('idle').filter(({ type }) => type === 'INVERSE_OFFERS'),
    [],
  );
});

for (const how of ['accept', 'decline'] as const) {
  test(`after an answer (${how}) the question comes again when its filter has ended`, () => {
    const scene = new Scene();
    scene.schedule();
    const [id = ''] = scene.seen().made;
    scene.answer(how, id, 10);
    scene.pass(9);
    assert.deepEqual(scene.seen().made, []);
    scene.pass(3);
    const [again] = scene.seen().made;
    assert.ok(again !== undefined && again !== id);
  });
}

test('without an answer in time it is taken back and made again', () => {
  const scene = new Scene(5_000);
  scene.schedule();
  const [id] = scene.seen().made;
  scene.pass(8);
  const { made, rescinded } = scene.seen();
  assert.equal(rescinded[0], id);
  assert.equal(made.length, 1);
});

test('it is taken back when the schedule is cleared', () => {
  const scene = new Scene();
  scene.schedule();
  const { made } = scene.seen();
  scene.clear();
  assert.deepEqual(scene.seen().rescinded, made);
  scene.pass(10);
  assert.deepEqual(scene.seen().made, []);
});

test('an answer to what is not outstanding changes nothing', () => {
  const scene = new Scene();
  scene.schedule();
  const [id = ''] = scene.seen().made;
  scene.answer('decline', 'M-O999', 1_000);
  scene.answer('decline', id, 0);
  scene.pass(3);
  assert.equal(scene.seen().made.length, 1);
});
