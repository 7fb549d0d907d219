/**
 * `npm run bench [-- name ...] [--json]`: measures this machine. Without names all benchmarks run,
 * one after another. Exit code 1 when a target is missed or a benchmark fails.
 */
import { parseArgs } from 'node:util';
import { describeError } from '../../core/base/errors.ts';
import { allocatorBenchmark } from './allocator.ts';
import { auroraBenchmark } from './aurora.ts';
import { chronosBenchmark } from './chronos.ts';
import { chronosPagesBenchmark } from './chronos-pages.ts';
import { dnsBenchmark } from './dns.ts';
import {
  type Benchmark,
  type Figure,
  formatMachine,
  formatTable,
  isMet,
  thisMachine,
} from './figures.ts';
import { marathonBenchmark } from './marathon.ts';
import { calibrate } from './measure.ts';
import { microBenchmark } from './micro.ts';
import { offersBenchmark } from './offers.ts';
import { reregisterBenchmark } from './reregister.ts';
import { schedulingBenchmark } from './scheduling.ts';
import { stateBenchmark } from './state.ts';
import { tasksBenchmark } from './tasks.ts';

const BENCHMARKS: readonly Benchmark[] = [
  allocatorBenchmark,
  microBenchmark,
  chronosBenchmark,
  chronosPagesBenchmark,
  dnsBenchmark,
  offersBenchmark,
  tasksBenchmark,
  stateBenchmark,
  schedulingBenchmark,
  reregisterBenchmark,
  marathonBenchmark,
  auroraBenchmark,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});

const unknown = positionals.filter((name) => !BENCHMARKS.some((each) => each.name === name));
if (unknown.length > 0) {
  const known = BENCHMARKS.map((each) => `${each.name} (${each.what})`).join(', ');
  process.stderr.write(`no benchmark '${unknown.join("', '")}'; there are: ${known}\n`);
  process.exit(2);
}

const chosen = BENCHMARKS.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
const before = calibrate();
const figures: Figure[] = [];
let failedCount = 0;
for (const benchmark of chosen) {
  process.stderr.write(`${benchmark.name}: ${benchmark.what} ...\n`);
  try {
    figures.push(...(await benchmark.run()));
  } catch (thrown) {
    // For instance a program that is not installed; the others have their figures all the same.
    failedCount += 1;
    process.stderr.write(`${benchmark.name}: failed: ${describeError(thrown)}\n`);
  }
}
const after = calibrate();
for (const [when, { wallMs, cpuMs }] of [['before', before] as const, ['after', after] as const]) {
  figures.push(
    { name: `calibration: fixed work in JavaScript, ${when}`, value: wallMs, unit: 'ms' },
    { name: `calibration: the same ${when}, processor time`, value: cpuMs, unit: 'cpu-ms' },
  );
}
const machine = thisMachine();
process.stdout.write(
  values.json
    ? `${JSON.stringify({ machine, figures }, undefined, 2)}\n`
    : `${formatMachine(machine)}\n\n${formatTable(figures)}\n`,
);
const isMissed = figures.some((figure) => isMet(figure) === false);
process.exitCode = isMissed || failedCount > 0 ? 1 : 0;
