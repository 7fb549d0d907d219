/** `aurora-scheduler`: reads flags, opens its storage, runs the daemon. */
import { assert } from '../../core/base/assert.ts';
import { SystemClock } from '../../core/base/clock.ts';
import { describeError } from '../../core/base/errors.ts';
import { createLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { runDaemon } from '../../core/cli/daemon.ts';
import { readDaemonFlags, usageError } from '../../core/cli/daemon-flags.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { refuseMaster } from '../../core/scheduler/index.ts';
import { openLevelStorage } from '../../core/storage/level.ts';
import type { Storage } from '../../core/storage/ports.ts';
import { openZooKeeperState, type SystemPorts } from '../kit/zookeeper-state.ts';
import type { ElectionOptions } from './election-flags.ts';
import { AURORA_FLAGS, compileAuroraOptions, withTwoDashes } from './flags.ts';
import type { AuroraElection } from './leading.ts';
import type { AuroraOptions } from './options.ts';
import { processFigures } from './process-figures.ts';
import { createAurora } from './server.ts';
import { ServerSet } from './server-set.ts';
import { backupDirectory } from './store/backup-files.ts';

const PROGRAM = 'aurora-scheduler';

/** Resolves with the exit code when the daemon has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: PROGRAM,
    table: AURORA_FLAGS,
    version: `${PROGRAM} 0.22.0`,
    argv: withTwoDashes(argv),
    env: process.env,
    envPrefix: undefined,
    style: 'spaced',
  });
  if (flags.kind === 'exit') return flags.code;
  const compiled = compileAuroraOptions(flags.values);
  if (!compiled.ok) return refuse(compiled.error);
  const options = compiled.value;
  const refusal = refuseMaster(options.master);
  if (refusal !== undefined) return refuse(refusal);
  const log = createLog({ name: PROGRAM, level: 'info' });
  const system = { clock: new SystemClock(), random: new SystemRandom(), log };
  const state = await openState(options, system).catch(describeError);
  if (typeof state === 'string') {
    process.stderr.write(`${PROGRAM}: -native_log_file_path=${options.workDirectory}: ${state}\n`);
    return 1;
  }
  const http = createHttpClient();
  const { storage, election } = state;
  const own = {
    levels: log,
    quit: () => process.kill(process.pid, 'SIGTERM'),
    activeResources: () => process.getActiveResourcesInfo(),
    figures: processFigures,
  };
  const { directory, keptMax } = options.backups;
  const backups = directory === undefined ? undefined : backupDirectory(directory, keptMax);
  const aurora = createAurora(options, {
    ...system,
    ...{ http, storage, election, backups },
    process: own,
  });
  try {
    return await runDaemon(aurora, log, {
      name: PROGRAM,
      banner: () => `Aurora on http://${options.hostname}:${aurora.address.port}`,
      flagOfPort: () => '-http_port',
      failure: aurora.failure,
    });
  } finally {
    await http.close();
    await state.close();
  }
}

interface OpenState {
  readonly storage: Storage;
  readonly election: AuroraElection | undefined;
  close(): Promise<void>;
}

/** The state in ZooKeeper is everybody's; that in a directory is this process' alone. */
async function openState(
  { election, workDirectory }: AuroraOptions,
  system: SystemPorts,
): Promise<OpenState> {
  const own = election?.sharesState === true ? undefined : await openLevelStorage(workDirectory);
  const shared =
    election === undefined ? undefined : openZooKeeperState(election.zooKeeper, system);
  const storage = own ?? shared?.storage;
  assert(storage !== undefined, 'neither ZooKeeper nor a directory keeps the state');
  return {
    storage,
    election: election === undefined ? undefined : electionOver(election, shared, system),
    close: async () => {
      await own?.close();
      await shared?.close();
    },
  };
}

function electionOver(
  { serverSet }: ElectionOptions,
  shared: ReturnType<typeof openZooKeeperState> | undefined,
  system: SystemPorts,
): AuroraElection | undefined {
  const leadership = shared?.leadership;
  if (shared === undefined || leadership === undefined) return undefined;
  return { leadership, serverSet: new ServerSet(shared.client, serverSet, system) };
}

function refuse(sentence: string): number {
  process.stderr.write(usageError(PROGRAM, sentence));
  return 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
