/** `set_quota` and `increase_quota`. */
import { err, ok, type Result } from '../../../../core/base/result.ts';
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { amountOf } from '../resource-text.ts';
import { parameter, type Verb } from '../verb.ts';
import { CLUSTER } from './rows.ts';

const POSITIONALS = [
  CLUSTER,
  { name: 'role', help: 'Role of the quota' },
  { name: 'cpu', help: 'Cores' },
  { name: 'ram', metavar: 'ram[MGT]', help: 'Memory' },
  { name: 'disk', metavar: 'disk[MGT]', help: 'Disk space' },
];

interface Quota {
  readonly numCpus: number;
  readonly ramMb: number;
  readonly diskMb: number;
}

const SET: Verb = {
  name: 'set_quota',
  help: 'Alters the amount of production quota allocated to a user.',
  options: [],
  positionals: POSITIONALS,
  run: (context, args) => setQuota(context, args, quotaIn(args)),
};

const INCREASE: Verb = {
  name: 'increase_quota',
  help: 'Increases the amount of production quota allocated to a user.',
  options: [],
  positionals: POSITIONALS,
  run: async (context, args) => {
    const more = quotaIn(args);
    const role = args.text('role');
    const { quota } = await context.ask(args.text('cluster'), {
      method: 'getQuota',
      args: { ownerRole: role },
      result: 'getQuotaResult',
    });
    const now = {
      numCpus: amountOf(quota.resources, 'numCpus'),
      ramMb: amountOf(quota.resources, 'ramMb'),
      diskMb: amountOf(quota.resources, 'diskMb'),
    };
    context.info(`Current quota for ${role}:${quotaText(now)}`);
    const wanted = {
      numCpus: now.numCpus + more.numCpus,
      ramMb: now.ramMb + more.ramMb,
      diskMb: now.diskMb + more.diskMb,
    };
    context.info(`Attempting to update quota for ${role} to${quotaText(wanted)}`);
    return await setQuota(context, args, wanted);
  },
};

export const QUOTA_VERBS: readonly Verb[] = [SET, INCREASE];

async function setQuota(
  context: ClientContext,
  args: Arguments,
  { numCpus, ramMb, diskMb }: Quota,
): Promise<ExitCode> {
  const quota = { resources: [{ numCpus }, { ramMb }, { diskMb }] };
  await context.call(args.text('cluster'), 'setQuota', { ownerRole: args.text('role'), quota });
  return EXIT.ok;
}

function quotaText({ numCpus, ramMb, diskMb }: Quota): string {
  return `\n\tCPU\t${numCpus}\n\tRAM\t${ramMb} MB\n\tDisk\t${diskMb} MB`;
}

function quotaIn(args: Arguments): Quota {
  const cpu = args.text('cpu');
  return {
    numCpus: parameter(
      /^-?(?:\d+\.?\d*|\.\d+)$/.test(cpu)
        ? ok(Number(cpu))
        : err(`could not convert string to float: ${cpu}`),
    ),
    ramMb: parameter(megabytesOf(args.text('ram'))),
    diskMb: parameter(megabytesOf(args.text('disk'))),
  };
}

const MEGABYTES: ReadonlyMap<string, number> = new Map([
  ['B', 1 / 2 ** 20],
  ['K', 1 / 2 ** 10],
  ['M', 1],
  ['G', 2 ** 10],
  ['T', 2 ** 20],
]);

/** `20g`, `512MB`: whole megabytes. */
function megabytesOf(text: string): Result<number> {
  const [, count, unit = ''] = /^(-?\d+)\s*([BKMGT])B?$/i.exec(text) ?? [];
  const size = MEGABYTES.get(unit.toUpperCase());
  if (count === undefined || size === undefined) {
    return err(`Invalid data amount '${text}': expected a number with a unit such as 20g`);
  }
  return ok(Math.floor(Number(count) * size));
}
