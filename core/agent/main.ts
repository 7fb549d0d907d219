/**
 * `mesos-agent`: reads flags and runs the daemon. SIGINT and SIGTERM leave the tasks running for
 * the next start; SIGUSR1 unregisters and ends them (spec libprocess, section 11).
 */
import { SystemClock, sleep } from '../base/clock.ts';
import { ClusterError } from '../base/errors.ts';
import { SystemRandom } from '../base/random.ts';
import { MESOS_VERSION } from '../base/version.ts';
import { runDaemon } from '../cli/daemon.ts';
import { addressOfThisHost, findAddresses, hostnameOf } from '../cli/daemon-address.ts';
import { readDaemonFlags, usageError } from '../cli/daemon-flags.ts';
import { openDaemonLog } from '../cli/daemon-log.ts';
import { modulesFromFlags } from '../modules/from-flags.ts';
import { operatorSettings } from '../operator/settings.ts';
import { compileAgentOptions } from './compile-options.ts';
import { createAgentDaemon } from './daemon.ts';
import { failpointsOf } from './failpoints.ts';
import { AGENT_FLAGS } from './flags.ts';

const PROGRAM = 'mesos-agent';
/** Ending all executors takes their grace period. */
const STOP_LIMIT_MS = 15_000;
/** How long executors have to end by themselves; the rest is for killing those that do not. */
const ENDING_LIMIT_MS = 9_000;

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
  const addresses = findAddresses(flags.values, process.env);
  if (!addresses.ok) {
    process.stderr.write(usageError(PROGRAM, addresses.error));
    return 1;
  }
  const { log, file: logFile } = openDaemonLog(PROGRAM, flags.values);
  const loaded = await modulesFromFlags(flags.values, log);
  if (!loaded.ok) {
    process.stderr.write(usageError(PROGRAM, loaded.error));
    return 1;
  }
  const { modules, plugins } = loaded.value;
  const options = compileAgentOptions(flags.values, { plugins });
  if (!options.ok) {
    process.stderr.write(usageError(PROGRAM, options.error));
    return 1;
  }
  const settings = operatorSettings(process.env, log);
  if (!settings.ok) {
    process.stderr.write(usageError(PROGRAM, settings.error));
    return 1;
  }
  const { agent } = options.value;
  const { ip = agent.ip, ip6, advertiseIp, advertisePort } = addresses.value;
  const clock = new SystemClock();
  const daemon = createAgentDaemon(
    { ...options.value, agent: { ...agent, ip, ip6, advertiseIp, advertisePort } },
    {
      clock,
      random: new SystemRandom(),
      log,
      logFile,
      settings: settings.value,
      modules,
      addressOfThisHost,
      hostnameOf,
      failpoints: failpointsOf(process.env),
    },
  );
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
        await Promise.race([daemon.ended, sleep(clock, ENDING_LIMIT_MS)]);
        await daemon.stopWithTasks();
      },
    },
  });
}
