/**
 * `npm run matrix [-- --ways=killed,fails] [--companions=launcher] [--steps=agent.write] [--jobs=4]`: kills
 * real agents at every failpoint, alone, with their launcher and with their machine. Takes as long as it
 * takes: some hundreds of agents. Each failure prints what repeats it; exit code 1 when there was any.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AGENT_STEPS } from '../../core/agent/failpoints.ts';
import {
  eventually,
  freePorts,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';
import { type AgentCase, COMPANIONS, describeCase, runAgentCase, WAYS } from './agent-case.ts';

/** More passes of one step than any task needs. */
const PASSES_MAX = 40;

const { values } = parseArgs({
  options: {
    ways: { type: 'string' },
    companions: { type: 'string' },
    steps: { type: 'string', default: '' },
    jobs: { type: 'string', default: '4' },
  },
});
const ways = Object.keys(WAYS).filter(isChosen(values.ways)).filter(isWay);
const companions = COMPANIONS.filter(isChosen(values.companions));

/** The passes of one failpoint, one after another until one is not reached. */
async function runFailpoint(each: Omit<AgentCase, 'pass'>, masterPort: number): Promise<Outcome> {
  const failures: string[] = [];
  let count = 0;
  for (let pass = 1; pass <= PASSES_MAX; pass += 1) {
    const whole = { ...each, pass };
    try {
      if (!(await runAgentCase(whole, masterPort))) break;
    } catch (thrown) {
      failures.push(thrown instanceof Error ? thrown.message : String(thrown));
      process.stdout.write(`FAILED ${failures.at(-1)}\n`);
    }
    count += 1;
  }
  const what = describeCase({ ...each, pass: count });
  process.stdout.write(`${what}: ${count - failures.length} of ${count} passed\n`);
  return { count, failures };
}

interface Outcome {
  readonly count: number;
  readonly failures: readonly string[];
}

async function main(): Promise<number> {
  const directory = await temporaryDirectory('matrix');
  const [masterPort = 0] = await freePorts(1);
  // Hundreds of agents start: what they are compiled to is kept.
  process.env['NODE_COMPILE_CACHE'] = join(directory, 'compiled');
  const place = [
    `--port=${masterPort}`,
    `--work_dir=${join(directory, 'master')}`,
    '--agent_ping_timeout=60secs',
  ];
  const master = startOrrery(['master', '--ip=127.0.0.1', ...place]);
  await eventually('the master is ready', () => master.output().includes('READY') || undefined);
  const steps = AGENT_STEPS.flatMap((step) => [`agent.${step}.before`, `agent.${step}.after`]);
  const waiting = companions.flatMap((companion) =>
    ways.flatMap((way) =>
      steps
        .filter((step) => step.startsWith(values.steps))
        .map((step) => ({ way, companion, step })),
    ),
  );
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      outcomes.push(await runFailpoint(next, masterPort));
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  await master.stop();
  await removeDirectory(directory);
  const count = outcomes.reduce((sum, outcome) => sum + outcome.count, 0);
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  process.stdout.write(`${count - failures.length} of ${count} deaths passed\n`);
  return failures.length === 0 ? 0 : 1;
}

function isChosen(text: string | undefined): (name: string) => boolean {
  return (name) => text === undefined || text.split(',').includes(name);
}

function isWay(name: string): name is keyof typeof WAYS {
  return name in WAYS;
}

process.exitCode = await main();
