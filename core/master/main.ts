/** `mesos-master`: reads flags and runs the daemon. */
import { SystemClock } from '../base/clock.ts';
import { SystemRandom } from '../base/random.ts';
import { MESOS_VERSION } from '../base/version.ts';
import { runDaemon } from '../cli/daemon.ts';
import { addressOfThisHost, findAddresses, hostnameOf } from '../cli/daemon-address.ts';
import { readDaemonFlags, usageError } from '../cli/daemon-flags.ts';
import { openDaemonLog } from '../cli/daemon-log.ts';
import { modulesFromFlags } from '../modules/from-flags.ts';
import { operatorSettings } from '../operator/settings.ts';
import { compileMasterOptions } from './compile-options.ts';
import { createMasterDaemon } from './daemon.ts';
import { MASTER_FLAGS } from './flags.ts';

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
  const options = compileMasterOptions(flags.values, plugins);
  if (!options.ok) {
    process.stderr.write(usageError(PROGRAM, options.error));
    return 1;
  }
  const settings = operatorSettings(process.env, log);
  if (!settings.ok) {
    process.stderr.write(usageError(PROGRAM, settings.error));
    return 1;
  }
  const { ip = options.value.ip, advertiseIp, advertisePort } = addresses.value;
  const daemon = createMasterDaemon(
    { ...options.value, ip, advertiseIp, advertisePort },
    {
      clock: new SystemClock(),
      random: new SystemRandom(),
      log,
      logFile,
      settings: settings.value,
      modules,
      addressOfThisHost,
      hostnameOf,
    },
  );
  return await runDaemon(daemon, log, {
    name: PROGRAM,
    banner: () => {
      const what = options.value.zooKeeper === undefined ? 'leads' : 'is a candidate';
      return `mesos-master ${MESOS_VERSION} ${what} at ${daemon.advertised}`;
    },
    failure: daemon.failure,
  });
}
