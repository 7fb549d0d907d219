/** Finds fewer and smaller requests that fail in the same way. */
import { bodyOfCase, type FuzzCase, printCase, withBody } from './request.ts';
import { MAINTAIN_EVERY, play } from './run.ts';
import { World } from './world.ts';

/** Attempts that one search may take. */
const ATTEMPTS_MAX = 250;

export async function shrink(
  worldSeed: number,
  played: readonly FuzzCase[],
  why: string,
): Promise<string> {
  const last = played.at(-1);
  if (last === undefined) return 'no request had been sent';
  const search = new Search(worldSeed, kindOf(why));
  if (await search.fails([last])) {
    const smallest = await search.smallerCase([], last);
    return `this request alone fails:\n${printCase(smallest)}`;
  }
  if (!(await search.fails(played)))
    return `it does not fail again; the last request was\n${printCase(last)}`;
  const needed = await search.fewer(played.slice(0, -1), last);
  const smallest = await search.smallerCase(needed, last);
  return `${needed.length + 1} requests are needed:\n${[...needed, smallest].map(printCase).join('\n')}`;
}

class Search {
  private readonly worldSeed: number;
  private readonly kind: string;
  private attempts = 0;

  constructor(worldSeed: number, kind: string) {
    this.worldSeed = worldSeed;
    this.kind = kind;
  }

  /** Whether these requests, sent to a fresh cluster, fail as the first time. */
  async fails(cases: readonly FuzzCase[]): Promise<boolean> {
    this.attempts += 1;
    const world = await World.create(this.worldSeed);
    try {
      // All checks after the last one: it stands at a number where none is left out.
      for (const [at, it] of cases.entries()) {
        await play(world, it, at === cases.length - 1 ? 0 : at + 1);
        if ((at + 1) % MAINTAIN_EVERY === 0) await world.maintain();
      }
      await world.advance(1_000);
      world.check();
      return false;
    } catch (thrown) {
      return (
        kindOf(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)) ===
        this.kind
      );
    } finally {
      await world.stop().catch(() => {});
    }
  }

  /** Leaves out ever smaller parts of what came before. */
  async fewer(before: readonly FuzzCase[], last: FuzzCase): Promise<readonly FuzzCase[]> {
    let needed = before;
    for (
      let size = Math.ceil(needed.length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let from = 0; from < needed.length && this.attempts < ATTEMPTS_MAX; ) {
        const without = [...needed.slice(0, from), ...needed.slice(from + size)];
        if (await this.fails([...without, last])) needed = without;
        else from += size;
      }
    }
    return needed;
  }

  /** Leaves out parts of the body, headers, and the query. */
  async smallerCase(before: readonly FuzzCase[], last: FuzzCase): Promise<FuzzCase> {
    let smallest = last;
    const attempt = async (candidate: FuzzCase): Promise<boolean> => {
      if (this.attempts >= 2 * ATTEMPTS_MAX || !(await this.fails([...before, candidate])))
        return false;
      smallest = candidate;
      return true;
    };
    if (last.kind === 'http') {
      for (const name of Object.keys(last.request.headers)) {
        const { [name]: _left, ...headers } =
          smallest.kind === 'http' ? smallest.request.headers : {};
        if (smallest.kind === 'http') {
          await attempt({ kind: 'http', request: { ...smallest.request, headers } });
        }
      }
    }
    const length = bodyOfCase(smallest).length;
    for (let size = Math.ceil(length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < bodyOfCase(smallest).length; ) {
        const body = bodyOfCase(smallest);
        const without = Buffer.concat([body.subarray(0, from), body.subarray(from + size)]);
        if (!(await attempt(withBody(smallest, without)))) from += size;
        if (this.attempts >= 2 * ATTEMPTS_MAX) return smallest;
      }
    }
    return smallest;
  }
}

/** The failure without its numbers, ids and places. */
function kindOf(why: string): string {
  const [first = '', second = ''] = why.split('\n');
  return `${first.replaceAll(/[0-9a-f-]{8,}|\d+|'[^']*'/g, '#').slice(0, 60)} ${second.replaceAll(/:\d+:\d+/g, '')}`;
}
