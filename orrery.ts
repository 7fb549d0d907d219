/**
 * The roof: the only file that knows all parts. The first word, or the name it was called by, picks
 * the daemon; `local.ts` puts all of them into one process. Parts are loaded when they are asked for,
 * so that `orrery dns` does not pay for a master.
 */
import { refuseTlsEnvironment } from './core/auth/tls-environment.ts';
import { describeError } from './core/base/errors.ts';
import { VERSION_TEXT } from './core/base/version.ts';
import { describeStartFailure, refuseOldNode } from './core/cli/daemon.ts';
import { loadLean } from './core/cli/lean-start.ts';
import { collectAlone, keepHeapSmall, letHeapGrowOnce } from './core/cli/small-heap.ts';

type Main = (argv: readonly string[]) => Promise<number>;

interface Part {
  /** The classic program of this part. */
  readonly program: string;
  readonly help: string;
  readonly load: () => Promise<{ readonly main: Main }>;
}

const PARTS: Readonly<Record<string, Part>> = {
  local: {
    program: 'mesos-local',
    help: 'A whole cluster in one process: master, agents, Marathon, Chronos, Aurora, DNS',
    load: () => import('./local.ts'),
  },
  master: {
    program: 'mesos-master',
    help: 'The master: offers resources, keeps the registry',
    load: () => import('./core/master/main.ts').finally(collectAlone),
  },
  agent: {
    program: 'mesos-agent',
    help: 'An agent: runs tasks',
    load: () => loadLean(() => import('./core/agent/main.ts')).finally(letHeapGrowOnce),
  },
  marathon: {
    program: 'marathon',
    help: 'Keeps apps running',
    load: () => import('./schedulers/marathon/main.ts'),
  },
  chronos: {
    program: 'chronos',
    help: 'Runs jobs by time and dependency',
    load: () => import('./schedulers/chronos/main.ts'),
  },
  'aurora-scheduler': {
    program: 'aurora-scheduler',
    help: 'Services, ad-hoc and cron jobs of many teams',
    load: () => import('./schedulers/aurora/main.ts'),
  },
  aurora: {
    program: 'aurora',
    help: "Aurora's client: jobs, updates, cron, quotas",
    load: () => import('./schedulers/aurora/client/main.ts'),
  },
  'aurora-admin': {
    program: 'aurora_admin',
    help: "Aurora's client for operators: hosts, quotas, backups",
    load: async () => ({ main: (await import('./schedulers/aurora/client/main.ts')).adminMain }),
  },
  thermos: {
    program: 'thermos',
    help: 'Tasks without a cluster: runs them, and looks at those of a checkpoint root',
    load: () => import('./schedulers/aurora/thermos/cli/main.ts'),
  },
  'thermos-executor': {
    program: 'thermos_executor',
    help: 'Runs one task of Aurora; agents start it',
    load: () => loadLean(() => import('./schedulers/aurora/thermos/executor-main.ts')),
  },
  'thermos-runner': {
    program: 'thermos_runner',
    help: 'Runs the processes of a task; its executor starts it',
    load: () => loadLean(() => import('./schedulers/aurora/thermos/runner.ts')),
  },
  'thermos-coordinator': {
    program: 'thermos_coordinator',
    help: 'Watches one process of a task; its runner starts it',
    load: () => loadLean(() => import('./schedulers/aurora/thermos/coordinator.ts')),
  },
  'thermos-observer': {
    program: 'thermos_observer',
    help: "Shows the tasks of this machine's agent",
    load: () => import('./schedulers/aurora/observer/main.ts'),
  },
  dns: {
    program: 'mesos-dns',
    help: 'Names for tasks, agents and masters',
    load: () => {
      // The fewer messages are thrown away at a time, the shorter nobody is answered.
      keepHeapSmall();
      return import('./dns/main.ts').finally(letHeapGrowOnce);
    },
  },
  execute: {
    program: 'mesos-execute',
    help: 'Runs one task, or one group of tasks, and waits for its end',
    load: () => import('./core/cli/execute.ts'),
  },
};

/** Resolves with the exit code. */
export const main: Main = async (argv) => {
  const refusal = refuseOldNode(process.version) ?? refuseTlsEnvironment(process.env);
  if (refusal !== undefined) {
    process.stderr.write(`orrery: ${refusal}\n`);
    return 1;
  }
  const called = process.env['ORRERY_PROGRAM'];
  const byName = Object.values(PARTS).find((part) => part.program === called);
  if (byName !== undefined) return await runPart(byName, argv);
  const [word = '', ...rest] = argv;
  const part = Object.hasOwn(PARTS, word) ? PARTS[word] : undefined;
  if (part !== undefined) return await runPart(part, rest);
  switch (word) {
    case 'version':
    case '--version':
      process.stdout.write(`${VERSION_TEXT}\n`);
      return 0;
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(usage());
      return 0;
    case '':
      process.stderr.write(usage());
      return 1;
    default:
      process.stderr.write(`orrery: '${word}' is not a part of this package\n\n${usage()}`);
      return 2;
  }
};

/** What a part throws before its daemon runs (its storage is locked) is told in one sentence. */
async function runPart(part: Part, argv: readonly string[]): Promise<number> {
  const { main: run } = await part.load();
  // Between the starter and us; tasks must not inherit it.
  delete process.env['ORRERY_PROGRAM'];
  try {
    return await run(argv);
  } catch (thrown) {
    process.stderr.write(`${part.program}: ${describeStartFailure(thrown)}\n`);
    return 1;
  }
}

function usage(): string {
  const lines = Object.entries(PARTS).map(([name, part]) => `  ${name.padEnd(19)} ${part.help}`);
  lines.push('  help                This text; `orrery <part> --help` lists the options of a part');
  lines.push('  version             The version of this package');
  return `Usage: orrery <part> [options]\n\n${lines.join('\n')}\n`;
}

if (import.meta.main !== false) {
  try {
    process.exit(await main(process.argv.slice(2)));
  } catch (thrown) {
    process.stderr.write(`orrery: ${describeError(thrown)}\n`);
    process.exit(1);
  }
}
