/**
 * The roof: the first word, or the name it was called by, picks the daemon. Parts are loaded when
 * they are asked for, so that `orrery dns` does not pay for a master.
 */

import { MESOS_VERSION, ORRERY_VERSION } from './core/base/version.ts';
import { refuseOldNode } from './core/cli/daemon.ts';

type Main = (argv: readonly string[]) => Promise<number>;

interface Part {
  /** The classic program of this part. */
  readonly program: string | undefined;
  readonly help: string;
  readonly load: () => Promise<{ readonly main: Main }>;
}

const PARTS: Readonly<Record<string, Part>> = {
  dns: {
    program: 'mesos-dns',
    help: 'Names for tasks, agents and masters',
    load: () => import('./dns/main.ts'),
  },
};

const USAGE = `Usage: orrery <part> [options]

${Object.entries(PARTS)
  .map(([name, part]) => `  ${name.padEnd(10)} ${part.help}`)
  .join('\n')}
  help       This text; orrery <part> --help lists the options of a part
  version    The version of this package
`;

const VERSION = `orrery ${ORRERY_VERSION} (as Mesos ${MESOS_VERSION})`;

export const main: Main = async (argv) => {
  const refusal = refuseOldNode(process.version);
  if (refusal !== undefined) {
    process.stderr.write(`orrery: ${refusal}\n`);
    return 1;
  }
  const called = process.env['ORRERY_PROGRAM'];
  // Tasks inherit the environment of an agent; this is only between the starter and us.
  delete process.env['ORRERY_PROGRAM'];
  const byName = Object.values(PARTS).find((part) => part.program === called);
  if (byName !== undefined) return await (await byName.load()).main(argv);
  const [word = '', ...rest] = argv;
  const part = Object.hasOwn(PARTS, word) ? PARTS[word] : undefined;
  if (part !== undefined) return await (await part.load()).main(rest);
  switch (word) {
    case 'version':
    case '--version':
    case '-v':
      process.stdout.write(`${VERSION}\n`);
      return 0;
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(USAGE);
      return 0;
    case '':
      process.stderr.write(USAGE);
      return 1;
    default:
      process.stderr.write(`orrery: '${word}' is not a part of this package\n\n${USAGE}`);
      return 2;
  }
};

if (import.meta.main !== false) process.exit(await main(process.argv.slice(2)));
