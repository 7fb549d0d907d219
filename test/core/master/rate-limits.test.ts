/** How drivers' messages are held up: spec ha-and-security, section 7. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Deadlines } from '../../../core/master/deadlines.ts';
import {
  FrameworkThrottle,
  parseRateLimits,
  type RateLimits,
} from '../../../core/master/rate-limits.ts';
import {
  DRIVER,
  DRIVER_INFO,
  heardNames,
  OTHER_DRIVER,
  registerDriver,
  say,
} from './driver-scene.ts';
import { MasterScene } from './machine-builder.ts';

function limitsOf(tree: unknown): RateLimits {
  const parsed = parseRateLimits(tree);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

test('limits are read as the original reads them, and wrong ones end the start', () => {
  const errorOf = (tree: unknown): string => {
    const parsed = parseRateLimits(tree);
    return parsed.ok ? 'accepted' : parsed.error;
  };
  const two = [{ principal: 'p' }, { principal: 'p', qps: 1 }];
  assert.equal(errorOf({ limits: two }), 'Duplicate principal p found in RateLimits configuration');
  assert.equal(
    errorOf({ limits: [{ principal: 'p', qps: 0 }] }),
    'Invalid qps: 0. It must be a positive number',
  );
  assert.equal(
    errorOf({ aggregate_default_qps: -1 }),
    'Invalid aggregate_default_qps: -1. It must be a positive number',
  );
  assert.match(errorOf({ limits: [{ qps: 1 }] }), /^Failed to parse rate limits: /);
  const limits = limitsOf({
    limits: [{ principal: 'a', qps: 100, capacity: 5 }, { principal: 'c' }],
    aggregate_default_qps: 50,
  });
  assert.deepEqual(
    [...limits.byPrincipal],
    [
      ['a', { perSecond: 100, capacity: 5 }],
      ['c', undefined],
    ],
  );
  assert.deepEqual(limits.others, { perSecond: 50, capacity: undefined });
});

test('turns are evenly spaced, in the order of arrival, and never lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 300 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 50 }),
      (gaps, perSecond) => {
        const deadlines = new Deadlines();
        const limits = limitsOf({ limits: [{ principal: 'p', qps: perSecond }] });
        const throttle = new FrameworkThrottle(limits, deadlines);
        const turns: { readonly message: number; readonly at: number }[] = [];
        let now = 1_000;
        const runUntil = (end: number): void => {
          for (let at = deadlines.next(); at !== undefined && at <= end; at = deadlines.next()) {
            now = at;
            deadlines.takeDue(at)?.();
          }
          now = end;
        };
        for (const [message, gap] of gaps.entries()) {
          runUntil(now + gap);
          throttle.pass('p', now, () => turns.push({ message, at: now }));
        }
        runUntil(now + (gaps.length + 1) * 1000);
        assert.deepEqual(
          turns.map(({ message }) => message),
          gaps.map((_, message) => message),
        );
        for (const [index, { at }] of turns.entries()) {
          const before = turns[index - 1];
          if (before !== undefined) assert.ok(at - before.at >= 1000 / perSecond - 1e-6);
        }
      },
    ),
  );
});

test('a principal without a rate and a framework that is not named go their own ways', () => {
  const run = (tree: unknown, principals: readonly (string | undefined)[]): number => {
    const throttle = new FrameworkThrottle(limitsOf(tree), new Deadlines());
    let count = 0;
    for (const principal of principals) throttle.pass(principal, 0, () => count++);
    return count;
  };
  const limits = { limits: [{ principal: 'free' }], aggregate_default_qps: 1 };
  assert.equal(run(limits, ['free', 'free', 'free']), 3);
  assert.equal(run(limits, ['x', undefined, 'y']), 1);
  assert.equal(run({ limits: [{ principal: 'a', qps: 1 }] }, ['x', undefined, 'x']), 3);
});

const MESSAGE = 'mesos.internal.ReviveOffersMessage';

test('a driver that says too much waits, then is told so and is counted', () => {
  const rateLimits = limitsOf({ limits: [{ principal: 'p', qps: 1, capacity: 2 }] });
  const it = new MasterScene({ rateLimits });
  const id = registerDriver(it, DRIVER, { ...DRIVER_INFO, principal: 'p' });
  registerDriver(it, OTHER_DRIVER, { ...DRIVER_INFO, principal: 'other' });
  heardNames(it, DRIVER);
  const revive = (): void => say(it, DRIVER, MESSAGE, { framework_id: { value: id }, roles: [] });
  const counts = () => it.state.driverMessages.of('p');
  for (let count = 0; count < 3; count += 1) revive();
  assert.deepEqual(counts(), { received: 3, processed: 1 });
  assert.deepEqual(heardNames(it, DRIVER), []);
  revive();
  assert.deepEqual(heardNames(it, DRIVER), [
    `FrameworkErrorMessage: Message ${MESSAGE} dropped: capacity(2) exceeded`,
  ]);
  assert.deepEqual(counts(), { received: 4, processed: 1 });
  it.advance(1_000);
  assert.deepEqual(counts(), { received: 4, processed: 2 });
  it.advance(1_000);
  assert.deepEqual(counts(), { received: 4, processed: 3 });
});

test('the end of a driver is heard after what it has said before', () => {
  const rateLimits = limitsOf({ limits: [{ principal: 'p', qps: 1 }] });
  const it = new MasterScene({ rateLimits });
  const id = registerDriver(it, DRIVER, { ...DRIVER_INFO, principal: 'p' });
  const revive = (): void => say(it, DRIVER, MESSAGE, { framework_id: { value: id }, roles: [] });
  revive();
  revive();
  it.input({ kind: 'exited', pid: DRIVER });
  const stateOf = () => [...it.state.frameworks.values()][0]?.state;
  assert.equal(stateOf(), 'active');
  it.advance(1_000);
  assert.equal(stateOf(), 'active');
  it.advance(1_000);
  assert.equal(stateOf(), 'disconnected');
});
