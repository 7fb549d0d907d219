/** `chronos`: reads flags, opens its storage, runs the daemon. */
import { SystemClock } from '../../core/base/clock.ts';
import { describeError } from '../../core/base/errors.ts';
import { createLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { runDaemon } from '../../core/cli/daemon.ts';
import { readDaemonFlags, usageError } from '../../core/cli/daemon-flags.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { refuseMaster } from '../../core/scheduler/index.ts';
import { openLevelStorage } from '../../core/storage/level.ts';
import {
  openZooKeeperState,
  type SystemPorts,
  type ZooKeeperState,
} from '../kit/zookeeper-state.ts';
import { CHRONOS_FLAGS, compileChronosOptions, expandShortFlags } from './flags.ts';
import { LogLevels } from './log-levels.ts';
import { createMailer } from './mail.ts';
import type { CompiledChronosOptions } from './options.ts';
import { createChronos } from './server.ts';

/** Resolves with the exit code when the daemon has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: 'chronos',
    table: CHRONOS_FLAGS,
    version: 'chronos 3.0.0',
    argv: expandShortFlags(argv),
    env: process.env,
    envPrefix: undefined,
    style: 'spaced',
  });
  if (flags.kind === 'exit') return flags.code;
  const compiled = compileChronosOptions(flags.values);
  if (!compiled.ok) return refuse(compiled.error);
  const options = compiled.value;
  const refusal = refuseMaster(options.master);
  if (refusal !== undefined) return refuse(refusal);

  const logLevels = new LogLevels();
  const log = logLevels.over(createLog({ name: 'chronos', level: 'debug' }));
  const system = { clock: new SystemClock(), random: new SystemRandom(), log };
  const state = await openState(options, system).catch(describeError);
  if (typeof state === 'string') {
    process.stderr.write(`chronos: --work_dir=${options.workDirectory}: ${state}\n`);
    return 1;
  }
  const http = createHttpClient();
  const { storage, leadership } = state;
  const { mail } = options.notifications;
  const mailer = mail === undefined ? undefined : createMailer(mail);
  const chronos = createChronos(options, {
    ...system,
    http,
    storage,
    leadership,
    logLevels,
    mailer,
  });
  try {
    return await runDaemon(chronos, log, {
      name: 'chronos',
      banner: () => `chronos on http://${options.hostname}:${chronos.address.port}`,
      flagOfPort: () => '--http_port',
      failure: chronos.failure,
    });
  } finally {
    await http.close();
    await state.close();
  }
}

async function openState(
  { zooKeeper, workDirectory }: CompiledChronosOptions,
  system: SystemPorts,
): Promise<ZooKeeperState> {
  if (zooKeeper !== undefined) return openZooKeeperState(zooKeeper, system);
  const storage = await openLevelStorage(workDirectory);
  return { storage, leadership: undefined, close: () => storage.close() };
}

function refuse(sentence: string): number {
  process.stderr.write(usageError('chronos', sentence));
  return 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
