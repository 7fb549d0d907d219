/** Starts Marathon as a daemon. */
import { SystemClock } from '../../core/base/clock.ts';
import { ClusterError, describeError } from '../../core/base/errors.ts';
import { createLog, type Log } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { runDaemon } from '../../core/cli/daemon.ts';
import { readDaemonFlags, usageError } from '../../core/cli/daemon-flags.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { openLevelStorage } from '../../core/storage/level.ts';
import { MemoryStorage } from '../../core/storage/memory.ts';
import { LEADERSHIP_LOST } from '../kit/leadership.ts';
import { openZooKeeperState, type ZooKeeperState } from '../kit/zookeeper-state.ts';
import {
  compileMarathonOptions,
  MARATHON_FLAGS,
  type MarathonFlags,
  withoutDisable,
  zooKeeperOf,
} from './flags.ts';
import { VERSION } from './http/system.ts';
import { LogstashShipper } from './logstash.ts';
import { type LoadedPlugins, loadPlugins } from './plugins/load.ts';
import { flagEnvironment } from './security-flags.ts';
import { createMarathon } from './server.ts';

/** The original's exit codes (spec marathon-behaviour, section 9). */
const BAD_FLAG = 112;
const ZOOKEEPER_LOST = 101;
const PLUGINS_FAILED = 102;
const NO_LONGER_LEADING = 103;

/** A write costs a wait for the disk, which those that come within so long of it share. */
const WRITE_INTERVAL_MS = 4;

/** Resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: 'marathon',
    table: MARATHON_FLAGS,
    version: VERSION,
    argv: withoutDisable(argv),
    env: flagEnvironment(process.env, argv, isSwitch),
    envPrefix: 'MARATHON_',
    style: 'spaced',
  });
  if (flags.kind === 'exit') return flags.code === 0 ? 0 : BAD_FLAG;
  const options = compileMarathonOptions(flags.values);
  if (!options.ok) {
    process.stderr.write(usageError('marathon', options.error));
    return BAD_FLAG;
  }
  const clock = new SystemClock();
  const { level, logstash } = options.value.log;
  const shipper = logstash === undefined ? undefined : new LogstashShipper(logstash, clock);
  const log = createLog({ name: 'marathon', level, copyTo: shipper });
  const system = { clock, random: new SystemRandom(), log };
  let plugins: LoadedPlugins | undefined;
  try {
    plugins = await pluginsOf(flags.values, log);
  } catch (thrown) {
    process.stderr.write(`marathon: ${describeError(thrown)}\n`);
    return PLUGINS_FAILED;
  }
  const zooKeeper = zooKeeperOf(flags.values);
  const state =
    zooKeeper === undefined ? await ownState(flags.values) : openZooKeeperState(zooKeeper, system);
  const http = createHttpClient();
  const carelessHttp = createHttpClient({ tls: { isVerified: false } });
  const { storage, leadership } = state;
  try {
    const clients = { http, carelessHttp };
    const ports = {
      ...system,
      ...clients,
      levels: log,
      storage,
      writeIntervalMs: WRITE_INTERVAL_MS,
      leadership,
      plugins,
    };
    const marathon = createMarathon(options.value, ports);
    return await runDaemon(marathon, log, {
      name: 'marathon',
      flagOfPort: (port) => (port === options.value.https?.port ? '--https_port' : '--http_port'),
      failure: marathon.failure,
      stopLimitMs: flags.values.graceful_shutdown_timeout,
      exitCodeOf,
      banner: () => {
        const what = leadership === undefined ? 'is' : 'is a candidate';
        return `Marathon ${what} at ${marathon.scheme}://${marathon.address.ip}:${marathon.address.port}`;
      },
    });
  } finally {
    await http.close();
    await carelessHttp.close();
    await state.close();
    shipper?.stop();
  }
}

async function pluginsOf(flags: MarathonFlags, log: Log): Promise<LoadedPlugins | undefined> {
  const { plugin_dir: directory, plugin_conf: configuration } = flags;
  if (directory === undefined || configuration === undefined) return undefined;
  return await loadPlugins(directory, configuration, log);
}

async function ownState(flags: MarathonFlags): Promise<ZooKeeperState> {
  const inMemory = flags.internal_store_backend === 'mem';
  const storage = inMemory ? new MemoryStorage() : await openLevelStorage(flags.work_dir);
  return { storage, leadership: undefined, close: () => storage.close() };
}

function isSwitch(name: string): boolean {
  return Object.entries(MARATHON_FLAGS).some(
    ([each, { type }]) => each === name && type === 'bool',
  );
}

function exitCodeOf(failure: unknown): number | undefined {
  if (!(failure instanceof ClusterError)) return undefined;
  if (failure.code === LEADERSHIP_LOST || failure.code === 'STORAGE_FENCED') {
    return NO_LONGER_LEADING;
  }
  return failure.code.startsWith('ZK_') ? ZOOKEEPER_LOST : undefined;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
