/** Candidates of the tree against looking at every offer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeldOffer, positionsFor } from '../../../../schedulers/aurora/machine/offer-book.ts';
import { Candidates } from '../../../../schedulers/aurora/machine/offer-candidates.ts';
import { type Need, OfferTree } from '../../../../schedulers/aurora/machine/offer-tree.ts';
import {
  type TaskConstraint,
  totalScore,
  type Veto,
  vetoes,
} from '../../../../schedulers/aurora/machine/veto.ts';

interface Size {
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly revocable: number;
  readonly isGone: boolean;
  readonly isNew: boolean;
  readonly rack: number;
}

function held(size: Size, lot: number): HeldOffer {
  const scalar = (name: string, value: number) => ({
    name,
    type: 'SCALAR' as const,
    scalar: { value },
  });
  const resources = [
    scalar('cpus', size.cpus),
    scalar('mem', size.mem),
    scalar('disk', size.disk),
    ...(size.revocable === 0 ? [] : [{ ...scalar('cpus', size.revocable), revocable: {} }]),
    ...(size.revocable === 0 ? [] : [{ ...scalar('mem', size.mem + 1), revocable: {} }]),
  ];
  const id = { value: `o${lot}` };
  const agent = { agent_id: { value: `a${lot}` }, hostname: `h${lot}` };
  const attributes = [
    { name: 'rack', type: 'TEXT' as const, text: { value: String(size.rack) } },
    { name: 'host', type: 'TEXT' as const, text: { value: `h${lot}` } },
  ];
  const own = { id, framework_id: { value: 'f' }, ...agent, resources, attributes };
  return new HeldOffer(own, lot, lot);
}

type Wish = Need & { readonly constraints?: readonly TaskConstraint[] };

function vetoesOf(
  { amounts, revocable, constraints = [] }: Wish,
  offer: HeldOffer,
): readonly Veto[] {
  return vetoes(
    {
      host: offer.host('NONE'),
      offered: offer.amountsFor(revocable),
      wanted: amounts,
      constraints,
      countWith: () => 0,
      unavailabilityThresholdMs: 0,
    },
    0,
  );
}

function fits(need: Wish, offer: HeldOffer): boolean {
  return vetoesOf(need, offer).length === 0;
}

function scoreOf(need: Wish, offer: HeldOffer): number {
  return totalScore(vetoesOf(need, offer));
}

const few = (max: number) => fc.integer({ min: 0, max });
const sizes = fc.array(
  fc.record({
    ...{ cpus: few(4), mem: few(4), disk: few(4), revocable: few(2) },
    ...{ isGone: fc.boolean(), isNew: fc.boolean(), rack: few(3) },
  }),
  { maxLength: 40 },
);
const needs = fc.record({
  amounts: fc.record({ cpus: few(4), ramMb: few(4), diskMb: few(4), ports: few(1), gpus: few(1) }),
  revocable: fc.subarray(['cpus' as const, 'ramMb' as const]),
});

const values = fc.array(fc.constantFrom('0', '1', '2', '3', '4'), { maxLength: 3 });
const constraints = fc.array(
  fc.record({
    ...{ kind: fc.constant('value' as const), name: fc.constantFrom('rack', 'host', 'zone') },
    ...{ isNegated: fc.boolean(), values: values.map((list) => new Set(list)) },
  }),
  { maxLength: 2 },
);

test('the candidates are the offers with room, in their order, whatever has gone and come', () => {
  fc.assert(
    fc.property(sizes, needs, constraints, (all, amounts, wanted) => {
      const need = { ...amounts, constraints: wanted };
      const offers = all.map((size, lot) => ({ size, offer: held(size, lot) }));
      const gone = new Set(offers.flatMap(({ size, offer }) => (size.isGone ? [offer] : [])));
      const ofTree = offers.filter(({ size }) => !size.isNew).map(({ offer }) => offer);
      const newcomers = offers
        .filter(({ size }) => size.isNew && !size.isGone)
        .map(({ offer }) => offer);
      const tree = new OfferTree(ofTree);
      const candidates = new Candidates(newcomers, {
        ...{ tree, need },
        positions: positionsFor(tree, wanted),
        isHeld: (offer) => !gone.has(offer),
        isBefore: (a, b) => a.lot < b.lot,
      });
      const found: HeldOffer[] = [];
      for (let current = candidates.current; current !== undefined; current = candidates.current) {
        if (fits(need, current)) found.push(current);
        candidates.pass(current);
      }
      const expected = offers
        .map(({ offer }) => offer)
        .filter((offer) => !gone.has(offer) && fits(need, offer));
      assert.deepEqual(
        found.map(({ id }) => id),
        expected.map(({ id }) => id),
      );
    }),
    { numRuns: 300 },
  );
});

test('the one that lacks least is found without looking at all', () => {
  fc.assert(
    fc.property(sizes, needs, (all, need) => {
      const offers = all.map((size, lot) => held({ ...size, cpus: size.cpus / 8 }, lot));
      const scores: number[] = [];
      new OfferTree(offers).nearest(
        need,
        (offer) => {
          scores.push(scoreOf(need, offer));
          return scores.at(-1) ?? 0;
        },
        1_000,
      );
      const least = Math.min(...offers.map((offer) => scoreOf(need, offer)));
      assert.equal(Math.min(...scores), least);
    }),
    { numRuns: 300 },
  );
});

test('hosts that are not what is wanted are passed at once, and say why', () => {
  const size = { cpus: 8, mem: 64, disk: 64, revocable: 0, isGone: false, isNew: false };
  const offers = Array.from({ length: 1_000 }, (_, lot) => held({ ...size, rack: lot % 2 }, lot));
  const amounts = { cpus: 1, ramMb: 64, diskMb: 64, ports: 0, gpus: 0 };
  const tree = new OfferTree(offers);
  const wish = (rack: string, cpus = 1) =>
    ({
      ...{ amounts: { ...amounts, cpus }, revocable: [] },
      constraints: [{ kind: 'value', name: 'rack', isNegated: false, values: new Set([rack]) }],
    }) as const;
  const look = (need: ReturnType<typeof wish>): readonly [number, string] => {
    const positions = positionsFor(tree, need.constraints);
    const part = { tree, need, positions, isHeld: () => true, isBefore: () => true };
    const candidates = new Candidates([], part);
    assert.equal(candidates.current, undefined);
    const reasons: string[] = [];
    candidates.lookAtNearest((offer) => {
      reasons.push(
        vetoesOf(need, offer)
          .map(({ reason }) => reason)
          .join(),
      );
      return scoreOf(need, offer);
    });
    return [reasons.length, reasons.at(-1) ?? ''];
  };
  assert.deepEqual(look(wish('9')), [1, 'Constraint not satisfied: rack']);
  assert.deepEqual(look(wish('1', 9)), [1, 'Insufficient: CPU']);
});

test('full hosts are passed at once', () => {
  const size = { cpus: 0.5, mem: 64, disk: 64, revocable: 0, isGone: false, isNew: false, rack: 0 };
  const offers = Array.from({ length: 1_000 }, (_, lot) => held({ ...size, mem: 64 + lot }, lot));
  const amounts = { cpus: 1, ramMb: 64, diskMb: 64, ports: 0, gpus: 0 };
  const tree = new OfferTree(offers);
  const need = { amounts, revocable: [] };
  assert.equal(tree.nextRoomy(need, 0), undefined);
  let lookCount = 0;
  const look = (offer: HeldOffer): number => {
    lookCount += 1;
    return scoreOf(need, offer);
  };
  tree.nearest(need, look, 1_000);
  assert.equal(lookCount, 1);
});
