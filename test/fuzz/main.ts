/**
 * `npm run fuzz -- --requests=1000000 --seed=1` sends mutated requests and messages to a master and an agent
 * in this process; `--epoch=N` plays one epoch of such a run again, `--from=N` goes on with the Nth. The exit status is 1 when something failed.
 */
import { HANG_MS } from './effort.ts';
import { type FuzzResult, fuzz, HEAP_FLAT_BYTES } from './run.ts';

const REQUESTS = 20_000;
const MB = 1024 ** 2;

export async function main(argv: readonly string[]): Promise<number> {
  const known = /^--(requests|seed|epoch|from)=(\d+)$/;
  if (!argv.every((argument) => known.test(argument))) {
    process.stderr.write(
      'usage: npm run fuzz -- [--requests=20000] [--seed=1] [--epoch=N | --from=N]\n',
    );
    return 2;
  }
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  try {
    const result = await fuzz({
      seed: numberOf(argv, 'seed') ?? 1,
      requestCount: numberOf(argv, 'requests') ?? REQUESTS,
      epoch: numberOf(argv, 'epoch'),
      from: numberOf(argv, 'from'),
      say,
    });
    say(summaryOf(result));
    return 0;
  } catch (thrown) {
    say(`FAILED ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return 1;
  }
}

function summaryOf(result: FuzzResult): string {
  const { requestCount, messageCount, decoderCount, socketCount, heapBytes } = result;
  const statuses = [...result.statuses].sort(([a], [b]) => a - b);
  const [least, most] = [Math.min(...heapBytes), Math.max(...heapBytes)];
  return [
    `${requestCount} requests, ${messageCount} messages, ${socketCount} over sockets, ${decoderCount} rounds of decoders`,
    `answers: ${statuses.map(([status, count]) => `${status}: ${count}`).join(', ')}`,
    `slowest: ${result.slowestMs.toFixed(1)} ms of processor time; ${result.suspectCount} over ${HANG_MS} ms, none of them twice`,
    `heap after epochs: ${(least / MB).toFixed(1)} to ${(most / MB).toFixed(1)} MB, bound ${HEAP_FLAT_BYTES / MB} MB; a cluster grew by at most ${(result.epochGrowthBytes / MB).toFixed(1)} MB`,
  ].join('\n');
}

function numberOf(argv: readonly string[], name: string): number | undefined {
  const prefix = `--${name}=`;
  const found = argv.find((argument) => argument.startsWith(prefix));
  return found === undefined ? undefined : Number(found.slice(prefix.length));
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
