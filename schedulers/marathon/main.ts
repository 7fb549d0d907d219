/** Starts Marathon as a daemon. */
import { SystemClock } from '../../core/base/clock.ts';
import { createLog, type LogLevel } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { runDaemon } from '../../core/cli/daemon.ts';
import { readDaemonFlags, usageError } from '../../core/cli/daemon-flags.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { openLevelStorage } from '../../core/storage/level.ts';
import { compileMarathonOptions, MARATHON_FLAGS, withoutDisable } from './flags.ts';
import { VERSION } from './http/system.ts';
import { createMarathon } from './server.ts';

/** The original's exit code for a bad flag. */
const BAD_FLAG = 112;

/** Resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: 'marathon',
    table: MARATHON_FLAGS,
    version: VERSION,
    argv: withoutDisable(argv),
    env: process.env,
    envPrefix: 'MARATHON_',
    style: 'spaced',
  });
  if (flags.kind === 'exit') return flags.code === 0 ? 0 : BAD_FLAG;
  const options = compileMarathonOptions(flags.values);
  if (!options.ok) {
    process.stderr.write(usageError('marathon', options.error));
    return BAD_FLAG;
  }
  const log = createLog({ name: 'marathon', level: levelOf(flags.values.logging_level) });
  const storage = await openLevelStorage(flags.values.work_dir);
  const http = createHttpClient();
  try {
    const marathon = createMarathon(options.value, {
      clock: new SystemClock(),
      random: new SystemRandom(),
      http,
      storage,
      log,
    });
    return await runDaemon(marathon, log, {
      name: 'marathon',
      flagOfPort: () => '--http_port',
      failure: marathon.failure,
      banner: () => `Marathon is at http://${marathon.address.ip}:${marathon.address.port}`,
    });
  } finally {
    await http.close();
    await storage.close();
  }
}

function levelOf(text: string): LogLevel {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
  return levels.find((level) => level === text.toLowerCase()) ?? 'info';
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
