/** `aurora-scheduler`: reads flags, opens its storage, runs the daemon. */
import { SystemClock } from '../../core/base/clock.ts';
import { describeError } from '../../core/base/errors.ts';
import { createLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { runDaemon } from '../../core/cli/daemon.ts';
import { readDaemonFlags, usageError } from '../../core/cli/daemon-flags.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { refuseMaster } from '../../core/scheduler/index.ts';
import { openLevelStorage } from '../../core/storage/level.ts';
import { AURORA_FLAGS, compileAuroraOptions, withTwoDashes } from './flags.ts';
import { createAurora } from './server.ts';

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
  const storage = await openLevelStorage(options.workDirectory).catch(describeError);
  if (typeof storage === 'string') {
    process.stderr.write(
      `${PROGRAM}: -native_log_file_path=${options.workDirectory}: ${storage}\n`,
    );
    return 1;
  }
  const http = createHttpClient();
  const system = { clock: new SystemClock(), random: new SystemRandom(), log };
  const aurora = createAurora(options, { ...system, http, storage });
  try {
    return await runDaemon(aurora, log, {
      name: PROGRAM,
      banner: () => `Aurora on http://${options.hostname}:${aurora.address.port}`,
      flagOfPort: () => '-http_port',
      failure: aurora.failure,
    });
  } finally {
    await http.close();
    await storage.close();
  }
}

function refuse(sentence: string): number {
  process.stderr.write(usageError(PROGRAM, sentence));
  return 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
