/** `mesos-master`: reads flags and runs the daemon. */
import { lookup, lookupService } from 'node:dns/promises';
import { hostname } from 'node:os';
import { SystemClock } from '../base/clock.ts';
import { createLog, type LogLevel } from '../base/log.ts';
import { SystemRandom } from '../base/random.ts';
import { MESOS_VERSION } from '../base/version.ts';
import { runDaemon } from '../cli/daemon.ts';
import { readDaemonFlags, usageError } from '../cli/daemon-flags.ts';
import { compileMasterOptions } from './compile-options.ts';
import { createMasterDaemon } from './daemon.ts';
import { MASTER_FLAGS, type MasterFlagValues } from './flags.ts';

const PROGRAM = 'mesos-master';

/** Resolves with the exit code when the daemon has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: PROGRAM,
    table: MASTER_FLAGS,
    version: `mesos ${MESOS_VERSION}`,
    argv,
    env: process.env,
    envPrefix: 'MESOS_',
    style: 'equals',
  });
  if (flags.kind === 'exit') return flags.code;
  const options = compileMasterOptions(flags.values);
  if (!options.ok) {
    process.stderr.write(usageError(PROGRAM, options.error));
    return 1;
  }
  const log = createLog({ name: PROGRAM, level: levelOf(flags.values) });
  const daemon = createMasterDaemon(options.value, {
    clock: new SystemClock(),
    random: new SystemRandom(),
    log,
    addressOfThisHost,
    hostnameOf,
  });
  return await runDaemon(daemon, log, {
    name: PROGRAM,
    banner: () => {
      const what = options.value.zooKeeper === undefined ? 'leads' : 'is a candidate';
      return `mesos-master ${MESOS_VERSION} ${what} at ${daemon.advertised}`;
    },
    failure: daemon.failure,
  });
}

function levelOf(flags: MasterFlagValues): LogLevel {
  if (flags.quiet) return 'silent';
  if (flags.logging_level === 'ERROR') return 'error';
  return flags.logging_level === 'WARNING' ? 'warn' : 'info';
}

/** The first IPv4 address the local host name resolves to; rejects when it does not resolve. */
export async function addressOfThisHost(): Promise<string> {
  return (await lookup(hostname(), 4)).address;
}

/** The reverse look-up of an address; the address itself when it has no name. */
export async function hostnameOf(ip: string): Promise<string> {
  try {
    return (await lookupService(ip, 0)).hostname;
  } catch {
    // An address without a name is announced as it is.
    return ip;
  }
}
