/**
 * Fuzzing of what decides without a cluster: DNS packets (`npm run fuzz:dns`) and Chronos' jobs (`npm run
 * fuzz:jobs`). A failure says the seed and the number of its case, which play it again.
 */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Dice, seedOf } from './dice.ts';

export interface PureTarget {
  /** Makes one case; playing it throws when something is wrong with what came of it. Only that is timed. */
  make(dice: Dice): () => void;
}

export interface PureResult {
  readonly count: number;
  /** Processor time of the longest case. */
  readonly slowestMs: number;
  readonly heapGrowthBytes: number;
}

/** Processor time of one case, the second time: the first one may have compiled or collected. */
const SLOW_MS = 100;
/** The heap may grow this much after the first cases. */
export const HEAP_GROWTH_MAX_BYTES = 24 * 1024 ** 2;
const WARM_UP_MAX = 50_000;

export function fuzzPure(options: {
  readonly create: () => PureTarget;
  readonly seed: number;
  readonly count: number;
  /** Plays only this case. */
  readonly only?: number | undefined;
}): PureResult {
  const { seed, count, only } = options;
  const target = options.create();
  const warmUp = Math.min(WARM_UP_MAX, Math.floor(count / 2));
  let slowestMs = 0;
  let heapBytes = heapNow();
  for (let number = only ?? 0; number < (only === undefined ? count : only + 1); number += 1) {
    if (number === warmUp) heapBytes = heapNow();
    const took = timed(target, seed, number);
    if (took > SLOW_MS) {
      const again = timed(target, seed, number);
      assert.ok(again <= SLOW_MS, `case ${number} of seed ${seed} took ${again} ms twice`);
    }
    slowestMs = Math.max(slowestMs, took);
  }
  const heapGrowthBytes = heapNow() - heapBytes;
  assert.ok(heapGrowthBytes <= HEAP_GROWTH_MAX_BYTES, `the heap grew by ${heapGrowthBytes} bytes`);
  return { count: only === undefined ? count : 1, slowestMs, heapGrowthBytes };
}

function timed(target: PureTarget, seed: number, number: number): number {
  const play = target.make(new Dice(seedOf(seed, number)));
  const before = process.cpuUsage();
  try {
    play();
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.stack : String(thrown);
    throw new Error(`case ${number} of seed ${seed}: ${why}`);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function heapNow(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}
