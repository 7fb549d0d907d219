import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Offer, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources, reservationRole } from '../../../schedulers/kit/offer-resources.ts';

function scalar(name: string, value: number, more: Partial<Resource> = {}): Resource {
  return { name, type: 'SCALAR', scalar: { value }, ...more };
}

function ports(
  ranges: readonly (readonly [number, number])[],
  more: Partial<Resource> = {},
): Resource {
  const range = ranges.map(([begin, end]) => ({ begin, end }));
  return { name: 'ports', type: 'RANGES', ranges: { range }, ...more };
}

function offerOf(resources: readonly Resource[]): Offer {
  return {
    id: { value: 'O1' },
    framework_id: { value: 'f' },
    agent_id: { value: 'a' },
    hostname: 'h',
    resources,
  };
}

test('reserved resources are taken before unreserved ones, and may be combined', () => {
  const left = new OfferResources(
    offerOf([scalar('cpus', 2, { role: '*' }), scalar('cpus', 1, { role: 'web' })]),
  );
  const taken = left.take({ cpus: 1.5 }) ?? [];
  assert.deepEqual(
    taken.map((each) => [reservationRole(each), each.scalar?.value]),
    [
      ['web', 1],
      ['*', 0.5],
    ],
  );
  assert.equal(left.scalar('cpus'), 1.5);
});

test('the most refined reservation goes first', () => {
  const left = new OfferResources(
    offerOf([
      scalar('cpus', 1, { reservations: [{ type: 'STATIC', role: 'web' }] }),
      scalar('cpus', 1, {
        reservations: [
          { type: 'STATIC', role: 'web' },
          { type: 'DYNAMIC', role: 'web/canary' },
        ],
      }),
    ]),
  );
  assert.equal(reservationRole(left.take({ cpus: 1 })?.[0] ?? scalar('none', 0)), 'web/canary');
});

test('everything is taken or nothing', () => {
  const left = new OfferResources(offerOf([scalar('cpus', 1), scalar('mem', 64)]));
  assert.equal(left.take({ cpus: 1, mem: 65 }), undefined);
  assert.deepEqual(left.missing({ cpus: 2, mem: 64, disk: 1 }), ['cpus', 'disk']);
  assert.equal(left.take({ cpus: 1, mem: 64 })?.length, 2);
  assert.equal(left.take({ cpus: 0 })?.length, 0);
});

test('amounts are counted in thousandths', () => {
  const left = new OfferResources(offerOf([scalar('cpus', 0.3)]));
  for (let run = 0; run < 3; run += 1) assert.notEqual(left.take({ cpus: 0.1 }), undefined);
  assert.equal(left.scalar('cpus'), 0);
});

test('volumes, revocable and shared resources are never taken', () => {
  const left = new OfferResources(
    offerOf([
      scalar('disk', 10, { disk: { persistence: { id: 'v' } } }),
      scalar('disk', 10, { disk: { source: { type: 'MOUNT' } } }),
      scalar('cpus', 1, { revocable: {} }),
      scalar('mem', 1, { shared: {} }),
    ]),
  );
  assert.deepEqual(left.missing({ disk: 1, cpus: 1, mem: 1 }), ['disk', 'cpus', 'mem']);
});

test('exactly the wanted ports are taken, from the ranges they are in', () => {
  const left = new OfferResources(
    offerOf([ports([[31000, 31002]], { role: '*' }), ports([[80, 80]], { role: 'web' })]),
  );
  const taken = left.takePorts([31001, 80]) ?? [];
  assert.deepEqual(
    taken.map((each) => [each.role, each.ranges?.range]),
    [
      ['web', [{ begin: 80, end: 80 }]],
      ['*', [{ begin: 31001, end: 31001 }]],
    ],
  );
  assert.deepEqual(left.portRanges(), [
    { begin: 31000, end: 31000 },
    { begin: 31002, end: 31002 },
  ]);
  assert.equal(left.takePorts([31000, 31000]), undefined);
  assert.equal(left.takePorts([31001]), undefined);
});

test('a condition limits what is taken', () => {
  const left = new OfferResources(
    offerOf([scalar('cpus', 2, { role: '*' }), scalar('cpus', 1, { role: 'web' })]),
    { usable: (resource) => reservationRole(resource) === '*' },
  );
  assert.equal(left.scalar('cpus'), 2);
});

test('taking from a copy leaves the first as it was', () => {
  const left = new OfferResources(offerOf([scalar('cpus', 2), ports([[1, 9]])]));
  const copy = left.copy();
  copy.take({ cpus: 2 });
  copy.takePorts([5]);
  assert.equal(left.scalar('cpus'), 2);
  assert.equal(left.hasPort(5), true);
});

test('what is taken and what is left add up to the offer', () => {
  const amount = fc.integer({ min: 0, max: 10_000 }).map((milli) => milli / 1_000);
  const cases = fc.tuple(fc.array(amount, { maxLength: 5 }), fc.array(amount, { maxLength: 20 }));
  fc.assert(
    fc.property(cases, ([parts, demands]) => {
      const left = new OfferResources(offerOf(parts.map((value) => scalar('cpus', value))));
      let taken = 0;
      for (const cpus of demands) {
        for (const each of left.take({ cpus }) ?? []) taken += each.scalar?.value ?? 0;
      }
      const whole = parts.reduce((sum, value) => sum + value, 0);
      assert.equal(Math.round((taken + left.scalar('cpus')) * 1_000), Math.round(whole * 1_000));
    }),
  );
});
