/**
 * `npm run sim -- --scenario=sharing --seeds=1..200` runs a simulation once per seed (`faults` without a
 * scenario); `--verbose` tells every fault. Each failure prints its seed and the command that repeats it; the exit status is 1 when there was any.
 */
import { createLog, silentLog } from '../../core/base/log.ts';
import { simulateAurora } from './aurora.ts';
import { simulateChronos } from './chronos.ts';
import { simulateMarathon } from './marathon.ts';
import { simulateSharing } from './sharing.ts';
import { type SimulationOptions, type SimulationResult, simulate } from './simulation.ts';
import { soak } from './soak.ts';

type Scenario = (options: SimulationOptions) => Promise<SimulationResult>;

const SCENARIOS: ReadonlyMap<string, Scenario> = new Map([
  ['faults', simulate],
  ['chronos', simulateChronos],
  ['marathon', simulateMarathon],
  ['aurora', simulateAurora],
  ['sharing', simulateSharing],
  ['soak', soak],
]);

export async function main(argv: readonly string[]): Promise<number> {
  const seeds = parseSeeds(optionOf(argv, 'seeds') ?? '1..20');
  const scenario = optionOf(argv, 'scenario') ?? 'faults';
  const run = SCENARIOS.get(scenario);
  if (seeds === undefined || run === undefined) {
    const names = [...SCENARIOS.keys()].join('|');
    const options = `[--scenario=${names}] [--seeds=1..200] [--steps=60] [--verbose]`;
    process.stderr.write(`usage: npm run sim -- ${options}\n`);
    return 2;
  }
  const steps = optionOf(argv, 'steps');
  const isVerbose = argv.includes('--verbose');
  const log = isVerbose ? createLog({ name: 'sim', level: 'info' }) : silentLog;
  let failedCount = 0;
  for (const seed of seeds) {
    try {
      const result = await run({
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
      process.stdout.write(
        `seed ${seed}: FAILED ${text}\n${repeatCommand(seed, { steps, scenario })}\n`,
      );
    }
  }
  process.stdout.write(`${seeds.length - failedCount} of ${seeds.length} seeds passed\n`);
  return failedCount === 0 ? 0 : 1;
}

export function repeatCommand(
  seed: number,
  more: { readonly steps?: string | undefined; readonly scenario?: string } = {},
): string {
  const scenario = more.scenario === undefined ? '' : ` --scenario=${more.scenario}`;
  const steps = more.steps === undefined ? '' : ` --steps=${more.steps}`;
  return `repeat with: npm run sim --${scenario} --seeds=${seed}${steps} --verbose`;
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
