/**
 * A fuzz run: epochs of some thousand requests, each in a cluster of its own that follows from the seed
 * and the epoch's number. A failure ends the run; it is played again to find the fewest requests
 * that still fail, and the smallest of them.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CaseMaker } from './cases.ts';
import { fuzzDecoders } from './decoders.ts';
import { Dice, seedOf } from './dice.ts';
import { effortOf, HANG_MS, leastEffort } from './effort.ts';

import { type FuzzCase, printCase } from './request.ts';
import { shrink } from './shrink.ts';
import { fuzzSockets } from './sockets.ts';
import { verdictOn } from './verdict.ts';
import { World } from './world.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly requestCount: number;
  /** Plays only this epoch. */
  readonly epoch?: number | undefined;
  /** The first epoch, of a run that goes on where another one ended. */
  readonly from?: number | undefined;
  readonly say?: (text: string) => void;
}

export interface FuzzResult {
  readonly requestCount: number;
  readonly messageCount: number;
  readonly decoderCount: number;
  readonly socketCount: number;
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly slowestMs: number;
  /** Requests that were slow the first time, and not when everything was played again. */
  readonly suspectCount: number;
  /** After each epoch, everything of it being gone. */
  readonly heapBytes: readonly number[];
  /** Most that one living cluster took in during its epoch. */
  readonly epochGrowthBytes: number;
}

/** Requests of one epoch. */
export const EPOCH_REQUESTS = 10_000;
/** The heap may differ this much between the first epochs and the last: compiled code, caches of constants. */
export const HEAP_FLAT_BYTES = 24 * 1024 ** 2;
/** What a cluster may keep of an epoch: registry entries, completed frameworks and tasks. */
export const EPOCH_GROWTH_MAX_BYTES = 48 * 1024 ** 2;
/** Epochs after which everything is compiled and cached. */
const WARM_UP_EPOCHS = 3;
const TICK_EVERY = 8;
const TICK_MS = 25;
const CHECK_EVERY = 50;
export const MAINTAIN_EVERY = 200;
const DECODER_EVERY = 4;
const SOCKETS_PER_EPOCH = 500;
/** Characters of a slow request in the log. */
const PRINTED_MAX = 500;
/** Requests after which the growth of a cluster is measured. */
const SETTLED_AFTER = 300;

export class FuzzFailure extends Error {}

interface Counts {
  requests: number;
  messages: number;
  decoders: number;
  sockets: number;
  slowestMs: number;
  suspects: number;
  readonly statuses: Map<number, number>;
}

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const counts: Counts = {
    requests: 0,
    messages: 0,
    decoders: 0,
    sockets: 0,
    slowestMs: 0,
    suspects: 0,
    statuses: new Map(),
  };
  const maker = new CaseMaker();
  const heapBytes: number[] = [];
  let epochGrowthBytes = 0;
  const first = options.epoch ?? options.from ?? 0;
  const last = options.epoch ?? Math.ceil(options.requestCount / EPOCH_REQUESTS) - 1;
  for (let epoch = first; epoch <= last; epoch += 1) {
    const count = Math.min(EPOCH_REQUESTS, options.requestCount - epoch * EPOCH_REQUESTS);
    const size = options.epoch === undefined ? count : EPOCH_REQUESTS;
    const growth = await playEpoch({ ...options, epoch, size, maker, counts });
    epochGrowthBytes = Math.max(epochGrowthBytes, growth);
    heapBytes.push(await heapAfterCollection());
    options.say?.(progressOf(epoch, counts, heapBytes));
    checkHeap(heapBytes, options.seed);
  }
  return {
    requestCount: counts.requests,
    messageCount: counts.messages,
    decoderCount: counts.decoders,
    socketCount: counts.sockets,
    statuses: counts.statuses,
    slowestMs: counts.slowestMs,
    suspectCount: counts.suspects,
    heapBytes,
    epochGrowthBytes,
  };
}

export function repeatCommand(seed: number, epoch: number): string {
  return `repeat with: npm run fuzz -- --seed=${seed} --epoch=${epoch}`;
}

interface Epoch {
  readonly seed: number;
  readonly epoch: number;
  readonly size: number;
  readonly maker: CaseMaker;
  readonly counts: Counts;
  readonly say?: (text: string) => void;
}

/** Gives how many bytes the cluster grew by. */
async function playEpoch(given: Epoch): Promise<number> {
  const { counts, maker, epoch, seed, size } = given;
  const dice = new Dice(seedOf(seed, epoch));
  const growths: number[] = [];
  let worldNumber = 0;
  for (let at = 0; at < size; worldNumber += 1) {
    const worldSeed = seedOf(seed + worldNumber, epoch);
    const world = await World.create(worldSeed);
    const played: FuzzCase[] = [];
    try {
      let before = 0;
      for (let isUseful = true; isUseful && at < size; at += 1) {
        if (played.length === SETTLED_AFTER) before = await heapAfterCollection();
        const it = maker.make(dice, world.living());
        played.push(it);
        const slowMs = await play(world, it, played.length, counts);
        counts.slowestMs = Math.max(counts.slowestMs, slowMs);
        if (slowMs > HANG_MS) await suspect(slowMs, worldSeed, played, given);
        if (at % DECODER_EVERY === 0) {
          fuzzDecoders(dice, it);
          counts.decoders += 1;
        }
        if (played.length % MAINTAIN_EVERY === 0) isUseful = await world.maintain();
      }
      const playedCount = played.length;
      played.length = 0;
      if (at === size) counts.sockets += await fuzzSockets(world, maker, dice, sized(size));
      await world.serves();
      await world.tearDown();
      world.check();
      if (playedCount > SETTLED_AFTER) growths.push((await heapAfterCollection()) - before);
    } catch (thrown) {
      throw await explained(thrown, given, worldSeed, played);
    } finally {
      await world.stop();
    }
  }
  const growth = Math.max(0, ...growths);
  if (growth <= EPOCH_GROWTH_MAX_BYTES) return growth;
  const text = `a cluster grew by ${growth} bytes in at most ${size} requests`;
  throw new FuzzFailure(`${text}\n${repeatCommand(seed, epoch)}`);
}

/**
 * A case that was slow only the first time: what it did may be done once only, or kept. So everything is
 * played again in a fresh cluster, up to this case.
 */
async function suspect(
  firstMs: number,
  worldSeed: number,
  played: readonly FuzzCase[],
  given: Epoch,
): Promise<void> {
  given.counts.suspects += 1;
  const spentMs = await leastEffort(() => effortAgain(worldSeed, played));
  const texts = [firstMs, spentMs].map((ms) => `${ms.toFixed(0)} ms`);
  const last = played.at(-1);
  const text = last === undefined ? '' : printCase(last).slice(0, PRINTED_MAX);
  given.say?.(
    `slow: request ${played.length} took ${texts.join(', in a fresh cluster ')}: ${text}`,
  );
  if (spentMs > HANG_MS) throw new Error(`it takes ${spentMs.toFixed(0)} ms`);
}

/** Effort of the last case after all those before it. */
async function effortAgain(worldSeed: number, played: readonly FuzzCase[]): Promise<number> {
  const world = await World.create(worldSeed);
  try {
    let effortMs = 0;
    for (const [at, it] of played.entries()) {
      effortMs = await once(world, it, undefined);
      if ((at + 1) % TICK_EVERY === 0) await world.advance(TICK_MS);
      if ((at + 1) % MAINTAIN_EVERY === 0) await world.maintain();
    }
    return effortMs;
  } finally {
    await world.stop();
  }
}

function sized(size: number): number {
  return Math.ceil((SOCKETS_PER_EPOCH * size) / EPOCH_REQUESTS);
}

/** Plays one case and throws when something about it is wrong. Gives its processor time. */
export async function play(
  world: World,
  it: FuzzCase,
  at: number,
  counts?: Counts,
): Promise<number> {
  const firstMs = await once(world, it, counts);
  const again = (): Promise<number> => once(world, it, undefined);
  if (firstMs > HANG_MS && (await leastEffort(again)) > HANG_MS) {
    throw new Error(`it took ${firstMs.toFixed(0)} ms`);
  }
  if (at % TICK_EVERY === 0) {
    const tick = (): Promise<number> => effortOf(() => world.advance(TICK_MS));
    const tickMs = await leastEffort(tick);
    if (tickMs > HANG_MS) throw new Error(`${TICK_MS} ms of the cluster took ${tickMs} ms`);
  }
  if (at % CHECK_EVERY === 0) world.check();
  return firstMs;
}

/** Gives its processor time. */
async function once(world: World, it: FuzzCase, counts: Counts | undefined): Promise<number> {
  if (it.kind === 'message') {
    if (counts !== undefined) counts.messages += 1;
    return effortOf(async () => world.deliver(it.message));
  }
  const answer = await world.send(it.request);
  if (counts !== undefined) {
    counts.requests += 1;
    counts.statuses.set(answer.status, (counts.statuses.get(answer.status) ?? 0) + 1);
  }
  const wrong = verdictOn(it.request, answer);
  if (wrong !== undefined) throw new Error(wrong);
  return answer.effortMs;
}

async function explained(
  thrown: unknown,
  given: Epoch,
  worldSeed: number,
  played: readonly FuzzCase[],
): Promise<FuzzFailure> {
  const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  given.say?.(`failed: ${why}\nlooking for the smallest case`);
  const smallest = await shrink(worldSeed, played, why);
  const text = `seed ${given.seed}, epoch ${given.epoch}, request ${played.length}: ${why}\n${smallest}`;
  return new FuzzFailure(`${text}\n${repeatCommand(given.seed, given.epoch)}`, { cause: thrown });
}

function progressOf(epoch: number, counts: Counts, heapBytes: readonly number[]): string {
  const mb = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;
  const done = counts.requests + counts.messages;
  const memory = `heap ${mb(heapBytes.at(-1) ?? 0)}, resident ${mb(process.memoryUsage.rss())}`;
  const slowest = `slowest ${counts.slowestMs.toFixed(0)} ms`;
  return `epoch ${epoch}: ${done} requests, ${slowest}, ${memory}, ${process.uptime().toFixed(0)} s`;
}

function checkHeap(heapBytes: readonly number[], seed: number): void {
  const warm = heapBytes[WARM_UP_EPOCHS];
  const now = heapBytes.at(-1);
  if (warm === undefined || now === undefined || now - warm <= HEAP_FLAT_BYTES) return;
  throw new FuzzFailure(
    `the heap grew from ${warm} to ${now} bytes in ${heapBytes.length} epochs\nrepeat with: npm run fuzz -- --seed=${seed}`,
  );
}

let collect: (() => void) | undefined;

/** What is left on the heap when everything that nobody holds is gone. */
async function heapAfterCollection(): Promise<number> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('gc');
    collect = typeof found === 'function' ? () => void found() : () => {};
  }
  for (let round = 0; round < 2; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}
