/** One direction of an update, and the choice of what it takes up next (spec aurora-scheduler, section 6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  RollingUpdate,
  type RollingUpdateOptions,
} from '../../../../schedulers/aurora/machine/rolling-update.ts';
import type { ScheduleStatus } from '../../../../schedulers/aurora/machine/schedule-status.ts';
import {
  type ActualTask,
  evaluateInstance,
} from '../../../../schedulers/aurora/machine/update-instance.ts';
import {
  nextGroup,
  type UpdateStrategy,
} from '../../../../schedulers/aurora/machine/update-strategy.ts';

const RULE = { minWaitMs: 1_000, maxFailures: 0 };
const NOW = 10_000;

function task(status: ScheduleStatus, fields: Partial<ActualTask> = {}): ActualTask {
  return { isDesired: true, status, since: NOW - 1_000, wasKilling: false, ...fields };
}

test('each situation of an instance has the verdict of the table', () => {
  const young = NOW - 999;
  const old = { isDesired: false };
  const rows: readonly (readonly [string, boolean, ActualTask | undefined, string])[] = [
    ['as wanted and long enough', true, task('RUNNING'), 'succeeded'],
    ['as wanted and too short', true, task('RUNNING', { since: young }), `wait ${young + 1_000}`],
    ['as wanted, pending', true, task('PENDING'), 'wait'],
    ['as wanted, ended', true, task('FAILED'), 'failed'],
    ['as wanted, finished', true, task('FINISHED'), 'failed'],
    ['another, running', true, task('RUNNING', old), 'kill'],
    ['another, throttled', true, task('THROTTLED', old), 'kill'],
    ['another, being killed', true, task('KILLING', old), 'wait'],
    ['wanted, killed on the way forward', true, task('KILLED', { wasKilling: true }), 'add'],
    ['another, killed', true, task('KILLED', { ...old, wasKilling: true }), 'add'],
    ['another, ended by itself', true, task('FAILED', old), 'wait'],
    ['none', true, undefined, 'add'],
    ['unwanted', false, task('RUNNING', old), 'kill'],
    ['unwanted, being killed', false, task('KILLING', old), 'wait'],
    ['unwanted, killed', false, task('KILLED', { ...old, wasKilling: true }), 'succeeded'],
    ['unwanted, ended by itself', false, task('LOST', old), 'wait'],
    ['unwanted and none', false, undefined, 'succeeded'],
  ];
  for (const [name, isWanted, actual, expected] of rows) {
    const verdict = evaluateInstance({ isWanted, actual, failureCount: 0 }, RULE, NOW);
    const at = verdict.kind === 'wait' && verdict.at !== undefined ? ` ${verdict.at}` : '';
    assert.equal(`${verdict.kind}${at}`, expected, name);
  }
});

test('an instance may end as often as the update allows', () => {
  const rule = { minWaitMs: 0, maxFailures: 2 };
  const verdicts = [0, 1, 2].map(
    (failureCount) =>
      evaluateInstance({ isWanted: true, actual: task('FAILED'), failureCount }, rule, NOW).kind,
  );
  assert.deepEqual(verdicts, ['wait', 'wait', 'failed']);
});

/** The sizes of the groups when each finishes before the next begins. */
function groups(strategy: UpdateStrategy, count: number, isRollingBack = false): number[] {
  const sizes: number[] = [];
  let idle = Array.from({ length: count }, (_, index) => index);
  while (idle.length > 0) {
    const doneCount = count - idle.length;
    const group = nextGroup(strategy, { idle, workingCount: 0, doneCount, isRollingBack });
    assert.ok(group.length > 0);
    sizes.push(group.length);
    idle = idle.slice(group.length);
  }
  return sizes;
}

test('groups have the sizes the strategy names, and going back mirrors them', () => {
  const variable = { kind: 'variable', groupSizes: [1, 2, 3], autopause: false } as const;
  const batch = { kind: 'batch', groupSize: 4, autopause: false } as const;
  assert.deepEqual(groups(variable, 12), [1, 2, 3, 3, 3]);
  assert.deepEqual(groups(variable, 12, true), [3, 3, 3, 2, 1]);
  assert.deepEqual(groups(variable, 11, true), [2, 3, 3, 2, 1]);
  assert.deepEqual(groups(variable, 5, true), [2, 2, 1]);
  assert.deepEqual(groups(variable, 1, true), [1]);
  assert.deepEqual(groups(batch, 10), [4, 4, 2]);
  assert.deepEqual(groups({ kind: 'queue', groupSize: 3 }, 7), [3, 3, 1]);
});

test('a queue fills up what is free, a batch waits for the whole group', () => {
  const progress = { idle: [5, 6, 7, 8], workingCount: 2, doneCount: 3, isRollingBack: false };
  assert.deepEqual(nextGroup({ kind: 'queue', groupSize: 3 }, progress), [5]);
  assert.deepEqual(nextGroup({ kind: 'batch', groupSize: 3, autopause: false }, progress), []);
});

test('going back undoes the groups of the way forward in reverse, for any sizes', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 40 }), (groupSizes, count) => {
      const strategy = { kind: 'variable', groupSizes, autopause: false } as const;
      assert.deepEqual(groups(strategy, count, true), groups(strategy, count).reverse());
    }),
  );
});

/** Tasks as the scheduler would have them; each step of the update is carried out at once. */
class Instances {
  readonly tasks = new Map<number, ActualTask>();
  readonly log: string[] = [];
  readonly update: RollingUpdate;

  constructor(options: Partial<RollingUpdateOptions> & Pick<RollingUpdateOptions, 'instances'>) {
    this.update = new RollingUpdate({
      strategy: { kind: 'queue', groupSize: 1 },
      rule: RULE,
      maxFailedInstances: 0,
      isRollingBack: false,
      ...options,
    });
  }

  evaluate(changed?: number, now = NOW): string {
    const outcome = this.update.evaluate((id) => this.tasks.get(id), changed, now);
    for (const step of outcome.steps) {
      this.log.push(
        `${step.kind} ${step.instance}${step.kind === 'look-again' ? ` ${step.at}` : ''}`,
      );
    }
    return outcome.status;
  }

  change(instance: number, actual: ActualTask | undefined, now = NOW): string {
    if (actual === undefined) this.tasks.delete(instance);
    else this.tasks.set(instance, actual);
    return this.evaluate(instance, now);
  }

  took(): string[] {
    return this.log.splice(0);
  }
}

test('an instance with another configuration is killed, replaced, watched and done', () => {
  const it = new Instances({ instances: new Map([[0, true]]) });
  it.tasks.set(0, task('RUNNING', { isDesired: false }));
  assert.equal(it.evaluate(), 'working');
  assert.deepEqual(it.took(), ['updating 0', 'kill 0']);
  assert.equal(it.change(0, task('KILLING', { isDesired: false })), 'working');
  it.change(0, task('KILLED', { isDesired: false, wasKilling: true }));
  assert.deepEqual(it.took(), ['add 0']);
  it.change(0, task('PENDING'));
  it.change(0, task('RUNNING', { since: NOW }));
  assert.deepEqual(it.took(), ['look-again 0 11000']);
  assert.equal(it.evaluate(0, NOW + 1_000), 'succeeded');
  assert.deepEqual(it.took(), ['updated 0']);
});

test('what is as it shall be passes without a trace, and the update goes on to the next', () => {
  const it = new Instances({
    instances: new Map([
      [0, true],
      [1, true],
      [2, false],
    ]),
  });
  it.tasks.set(0, task('RUNNING'));
  assert.equal(it.evaluate(), 'working');
  assert.deepEqual(it.took(), ['updating 1', 'add 1']);
  assert.equal(it.change(1, task('RUNNING')), 'succeeded');
  assert.deepEqual(it.took(), ['updated 1']);
});

test('one failed instance more than allowed fails the update, and names it', () => {
  const it = new Instances({
    instances: new Map([
      [0, true],
      [1, true],
      [2, true],
    ]),
    maxFailedInstances: 1,
    strategy: { kind: 'queue', groupSize: 2 },
  });
  it.evaluate();
  assert.equal(it.change(0, task('FAILED')), 'working');
  assert.deepEqual(it.took(), [
    'updating 0',
    'add 0',
    'updating 1',
    'add 1',
    'failed 0',
    'updating 2',
    'add 2',
  ]);
  it.tasks.set(1, task('LOST'));
  const outcome = it.update.evaluate((id) => it.tasks.get(id), 1, NOW);
  assert.deepEqual(outcome, {
    status: 'failed',
    steps: [{ kind: 'failed', instance: 1 }],
    failedInstance: 1,
  });
});

test('with autopause it stops between groups, not before the first and not after the last', () => {
  const it = new Instances({
    instances: new Map([
      [0, true],
      [1, true],
    ]),
    strategy: { kind: 'batch', groupSize: 1, autopause: true },
  });
  assert.equal(it.evaluate(), 'working');
  assert.equal(it.change(0, task('RUNNING')), 'paused');
  assert.deepEqual(it.took(), ['updating 0', 'add 0', 'updated 0']);
  assert.equal(it.evaluate(), 'working');
  assert.deepEqual(it.took(), ['updating 1', 'add 1']);
  assert.equal(it.change(1, task('RUNNING')), 'succeeded');
});

test('an update that a new leader reads again goes on from the tasks, without a pause', () => {
  const it = new Instances({
    instances: new Map([
      [0, true],
      [1, true],
    ]),
    strategy: { kind: 'batch', groupSize: 1, autopause: true },
  });
  it.tasks.set(0, task('RUNNING'));
  assert.equal(it.evaluate(), 'working');
  assert.deepEqual(it.took(), ['updating 1', 'add 1']);
});
