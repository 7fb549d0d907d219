import assert from 'node:assert/strict';
import test from 'node:test';
import { LaunchDelays } from '../../../schedulers/kit/launch-delay.ts';
import { LaunchTokens } from '../../../schedulers/kit/launch-tokens.ts';
import { OfferDemand } from '../../../schedulers/kit/offer-demand.ts';
import { Reconciliation } from '../../../schedulers/kit/reconciliation.ts';

const OPTIONS = { minReviveIntervalMs: 5_000, repeats: 0, suppresses: true };

test('a role with work is revived at once, a role without is suppressed', () => {
  const demand = new OfferDemand(OPTIONS, ['a', 'b']);
  demand.want('a', true);
  assert.deepEqual(demand.suppressedRoles(), ['b']);
  demand.subscribed();
  assert.deepEqual(demand.step(0), { revive: ['a'], suppress: ['b'], wakeAt: undefined });
  assert.deepEqual(demand.step(1), { revive: [], suppress: [], wakeAt: undefined });
  demand.unwant('a');
  assert.deepEqual(demand.step(2).suppress, ['a']);
  demand.want('a', true);
  assert.deepEqual(demand.step(3).revive, ['a']);
});

test('a burst of small work asks for offers once per pause, not once for each piece', () => {
  const demand = new OfferDemand({ ...OPTIONS, resumePauseMs: 100 }, ['a']);
  demand.subscribed();
  const revivedAt: number[] = [];
  for (let now = 0; now <= 300; now += 10) {
    demand.want('a', true);
    if (demand.step(now).revive.length > 0) revivedAt.push(now);
    if (now % 20 === 0) demand.unwant('a');
    demand.step(now);
  }
  assert.deepEqual(revivedAt, [0, 100, 200, 300]);
  demand.unwant('a');
  demand.step(310);
  demand.want('a', true);
  assert.deepEqual(demand.step(320), { revive: [], suppress: [], wakeAt: 400 });
  // The master may have been told nothing of all that.
  demand.disconnected();
  demand.subscribed();
  assert.deepEqual(demand.step(330).revive, ['a']);
});

test('new work is not kept waiting by a clock that was set back', () => {
  const demand = new OfferDemand({ ...OPTIONS, resumePauseMs: 100 }, ['a']);
  demand.want('a', true);
  demand.subscribed();
  demand.step(3_600_000);
  demand.unwant('a');
  demand.step(3_600_001);
  demand.want('a', true);
  assert.deepEqual(demand.step(10).revive, ['a']);
});

test('asking again is merged into one REVIVE per interval', () => {
  const demand = new OfferDemand(OPTIONS, ['a']);
  demand.want('a', true);
  demand.subscribed();
  demand.step(0);
  demand.want('a', true);
  demand.want('a', true);
  assert.deepEqual(demand.step(100), { revive: [], suppress: [], wakeAt: 5_000 });
  assert.deepEqual(demand.step(5_000), { revive: ['a'], suppress: [], wakeAt: undefined });
  demand.want('a', false);
  assert.deepEqual(demand.step(20_000).revive, []);
});

test('a REVIVE is repeated while work is left', () => {
  const demand = new OfferDemand({ ...OPTIONS, repeats: 1 }, ['a']);
  demand.want('a', true);
  demand.subscribed();
  assert.deepEqual(demand.step(0), { revive: ['a'], suppress: [], wakeAt: 5_000 });
  assert.deepEqual(demand.step(5_000), { revive: ['a'], suppress: [], wakeAt: undefined });
  assert.deepEqual(demand.step(10_000).revive, []);
});

test('nothing is sent without a connection, and everything again after one', () => {
  const demand = new OfferDemand(OPTIONS, ['a']);
  demand.want('a', true);
  assert.deepEqual(demand.step(0).revive, []);
  demand.subscribed();
  assert.deepEqual(demand.step(1).revive, ['a']);
  demand.disconnected();
  demand.subscribed();
  assert.deepEqual(demand.step(2).revive, ['a']);
});

test('reconciliation asks until each task has an answer, then about everything once', () => {
  const reconciliation = new Reconciliation(600_000);
  const tasks = ['t1', 't2'].map((taskId) => ({ taskId, agentId: 'a' }));
  reconciliation.begin(tasks, 0);
  assert.deepEqual(reconciliation.step(0).explicit, [tasks]);
  assert.deepEqual(reconciliation.step(500).explicit, []);
  reconciliation.answered('t1');
  const again = reconciliation.step(1_000);
  assert.deepEqual(again.explicit, [[tasks[1]]]);
  assert.equal(again.wakeAt, 3_000);
  reconciliation.answered('t2');
  assert.equal(reconciliation.step(3_000).implicit, true);
  assert.equal(reconciliation.step(603_000).beginAgain, true);
});

test('reconciliation without an interval asks once, and about single tasks later', () => {
  const reconciliation = new Reconciliation(undefined);
  const task = { taskId: 't', agentId: 'a' };
  const nothing = { explicit: [], implicit: false, beginAgain: false, wakeAt: undefined };
  reconciliation.begin([], 0);
  assert.deepEqual(reconciliation.step(0), { ...nothing, implicit: true });
  assert.deepEqual(reconciliation.step(1e12), nothing);
  reconciliation.add(task, 1e12);
  assert.deepEqual(reconciliation.step(1e12).explicit, [[task]]);
});

test('reconciliation pauses grow to a minute and calls stay small', () => {
  const reconciliation = new Reconciliation(600_000);
  const tasks = Array.from({ length: 1_201 }, (_, index) => ({
    taskId: `t${index}`,
    agentId: 'a',
  }));
  reconciliation.begin(tasks, 0);
  const pauses: number[] = [];
  let now = 0;
  for (let round = 0; round < 9; round += 1) {
    const step = reconciliation.step(now);
    assert.deepEqual(
      step.explicit.map((chunk) => chunk.length),
      [500, 500, 201],
    );
    pauses.push((step.wakeAt ?? 0) - now);
    now = step.wakeAt ?? 0;
  }
  assert.deepEqual(
    pauses,
    [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000),
  );
});

test('a single task can be asked about while reconciliation rests', () => {
  const reconciliation = new Reconciliation(600_000);
  reconciliation.begin([], 0);
  assert.equal(reconciliation.step(0).implicit, true);
  reconciliation.add({ taskId: 't', agentId: 'a' }, 10);
  assert.deepEqual(reconciliation.step(10).explicit, [[{ taskId: 't', agentId: 'a' }]]);
});

test('launch tokens are refilled each interval and given back up to their number', () => {
  const tokens = new LaunchTokens(2, 30_000, 0);
  assert.equal(tokens.take(0), true);
  assert.equal(tokens.take(0), true);
  assert.equal(tokens.take(0), false);
  assert.equal(tokens.wakeAt(), 30_000);
  tokens.giveBack();
  assert.equal(tokens.available(1), 1);
  assert.equal(tokens.available(30_000), 2);
  tokens.giveBack();
  assert.equal(tokens.available(30_001), 2);
});

test('launch delays grow by their factor up to the limit and can be reset', () => {
  const delays = new LaunchDelays();
  const rule = { initialMs: 1_000, factor: 2, maxMs: 5_000 };
  const after = [1_000, 2_000, 4_000, 5_000, 5_000];
  for (const delay of after) {
    delays.failed('k', rule, 100);
    assert.equal(delays.until('k', 100), 100 + delay);
  }
  delays.rebase('k', 1_000);
  assert.equal(delays.until('k', 1_000), 6_000);
  delays.sweep(7_000);
  assert.equal(delays.until('k', 7_000), 7_000);
  delays.failed('k', rule, 0);
  delays.reset('k');
  assert.equal(delays.until('k', 50), 50);
});
