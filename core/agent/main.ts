/**
 * `mesos-agent`: reads flags and runs the daemon. SIGINT and SIGTERM leave the tasks running for
 * the next start; SIGUSR1 unregisters and ends them (spec libprocess, section 11).
 */
import { lookup, lookupService } from 'node:dns/promises';
import { hostname } from 'node:os';
import { SystemClock } from '../base/clock.ts';
import { ClusterError } from '../base/errors.ts';
import { createLog, type LogLevel } from '../base/log.ts';
import { SystemRandom } from '../base/random.ts';
import { MESOS_VERSION } from '../base/version.ts';
import { runDaemon } from '../cli/daemon.ts';
import { readDaemonFlags, usageError } from '../cli/daemon-flags.ts';
import { compileAgentOptions } from './compile-options.ts';
import { createAgentDaemon } from './daemon.ts';
import { AGENT_FLAGS, type AgentFlagValues } from './flags.ts';

const PROGRAM = 'mesos-agent';
/** Ending all executors takes their grace period. */
const STOP_LIMIT_MS = 15_000;

/** Resolves with the exit code when the daemon has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: PROGRAM,
    table: AGENT_FLAGS,
    version: `mesos ${MESOS_VERSION}`,
    argv,
    env: process.env,
    envPrefix: 'MESOS_',
    style: 'equals',
  });
  if (flags.kind === 'exit') return flags.code;
  const options = compileAgentOptions(flags.values);
  if (!options.ok) {
    process.stderr.write(usageError(PROGRAM, options.error));
    return 1;
  }
  const log = createLog({ name: PROGRAM, level: levelOf(flags.values) });
  const daemon = createAgentDaemon(options.value, {
    clock: new SystemClock(),
    random: new SystemRandom(),
    log,
    addressOfThisHost,
    hostnameOf,
  });
  return await runDaemon(daemon, log, {
    name: PROGRAM,
    banner: () => {
      const { ip, port } = daemon.address;
      return `mesos-agent ${MESOS_VERSION} serves at ${ip}:${port}`;
    },
    done: daemon.ended.then((why) => {
      if (why !== undefined) throw new ClusterError('ENDED', why, { retriable: false });
    }),
    stopLimitMs: STOP_LIMIT_MS,
    signals: {
      SIGUSR1: async () => {
        log.info({}, 'SIGUSR1: unregistering and ending all tasks');
        daemon.agent.shutDown();
        await daemon.ended;
        await daemon.stopWithTasks();
      },
    },
  });
}

function levelOf(flags: AgentFlagValues): LogLevel {
  if (flags.quiet) return 'silent';
  if (flags.logging_level === 'ERROR') return 'error';
  return flags.logging_level === 'WARNING' ? 'warn' : 'info';
}

/** The first IPv4 address the local host name resolves to; rejects when it does not resolve. */
async function addressOfThisHost(): Promise<string> {
  return (await lookup(hostname(), 4)).address;
}

/** The reverse look-up of an address; the address itself when it has no name. */
async function hostnameOf(ip: string): Promise<string> {
  try {
    return (await lookupService(ip, 0)).hostname;
  } catch {
    // An address without a name is announced as it is.
    return ip;
  }
}
