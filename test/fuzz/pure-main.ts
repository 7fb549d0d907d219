/** `npm run fuzz:dns`, `fuzz:jobs` and `fuzz:aurora`: `-- --count=1000 --seed=1`, `--only=N` plays one case again. */
import { auroraTarget } from './aurora-target.ts';
import { fuzzPure } from './pure-run.ts';
import { dnsTarget, jobTarget } from './pure-targets.ts';

const TARGETS = {
  dns: { create: dnsTarget, count: 10_000_000 },
  jobs: { create: jobTarget, count: 1_000_000 },
  aurora: { create: auroraTarget, count: 1_000_000 },
} as const;

const [name = '', ...flags] = process.argv.slice(2);
const target = name === 'dns' || name === 'jobs' || name === 'aurora' ? TARGETS[name] : undefined;
if (target === undefined || !flags.every((flag) => /^--(count|seed|only)=\d+$/.test(flag))) {
  process.stderr.write(
    'usage: npm run fuzz:dns|fuzz:jobs|fuzz:aurora -- [--count=N] [--seed=1] [--only=N]\n',
  );
  process.exitCode = 2;
} else {
  const given = (flag: string): number | undefined => {
    const found = flags.find((each) => each.startsWith(`--${flag}=`));
    return found === undefined ? undefined : Number(found.split('=')[1]);
  };
  const { create } = target;
  const count = given('count') ?? target.count;
  const result = fuzzPure({ create, count, seed: given('seed') ?? 1, only: given('only') });
  process.stdout.write(
    `${result.count} cases, slowest ${result.slowestMs.toFixed(1)} ms of processor time, ` +
      `heap ${(result.heapGrowthBytes / 1024 ** 2).toFixed(1)} MB more than after the first ones\n`,
  );
}
