/**
 * `npm run sim -- --seeds=1..200` runs the simulation once per seed; `--verbose` tells every fault. Each
 * failure prints its seed and the command that repeats it; the exit status is 1 when there was any.
 */
import { createLog, silentLog } from '../../core/base/log.ts';
import { simulate } from './simulation.ts';

export async function main(argv: readonly string[]): Promise<number> {
  const seeds = parseSeeds(optionOf(argv, 'seeds') ?? '1..20');
  if (seeds === undefined) {
    process.stderr.write('usage: npm run sim -- [--seeds=1..200] [--steps=60] [--verbose]\n');
    return 2;
  }
  const steps = optionOf(argv, 'steps');
  const isVerbose = argv.includes('--verbose');
  const log = isVerbose ? createLog({ name: 'sim', level: 'info' }) : silentLog;
  let failedCount = 0;
  for (const seed of seeds) {
    try {
      const result = await simulate({
        seed,
        log,
        ...(steps === undefined ? {} : { steps: Number(steps) }),
        ...(isVerbose ? { onStep: (text) => process.stdout.write(`${text}\n`) } : {}),
      });
      const ends = Object.entries(result.ends).map(([state, count]) => `${state} ${count}`);
      const { taskCount, messageCount, lostCount } = result;
      process.stdout.write(
        `seed ${seed}: ok, ${taskCount} tasks (${ends.join(', ')}), ${messageCount} messages, ${lostCount} lost\n`,
      );
    } catch (thrown) {
      failedCount += 1;
      const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      process.stdout.write(`seed ${seed}: FAILED ${text}\n${repeatCommand(seed, steps)}\n`);
    }
  }
  process.stdout.write(`${seeds.length - failedCount} of ${seeds.length} seeds passed\n`);
  return failedCount === 0 ? 0 : 1;
}

export function repeatCommand(seed: number, steps?: string): string {
  const more = steps === undefined ? '' : ` --steps=${steps}`;
  return `repeat with: npm run sim -- --seeds=${seed}${more} --verbose`;
}

function parseSeeds(text: string): readonly number[] | undefined {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}

function optionOf(argv: readonly string[], name: string): string | undefined {
  const prefix = `--${name}=`;
  return argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
