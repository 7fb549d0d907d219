/** `thermos-observer`: shows the tasks of the agents of this machine. */
import { SystemClock } from '../../../core/base/clock.ts';
import { createLog } from '../../../core/base/log.ts';
import { runDaemon } from '../../../core/cli/daemon.ts';
import { readDaemonFlags } from '../../../core/cli/daemon-flags.ts';
import { createHttpClient } from '../../../core/net/http-client.ts';
import { compileObserverOptions, OBSERVER_FLAGS } from './options.ts';
import { Observer } from './server.ts';

const PROGRAM = 'thermos-observer';

/** Resolves with the exit code when the daemon has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: PROGRAM,
    table: OBSERVER_FLAGS,
    version: `${PROGRAM} 0.22.0`,
    argv,
    env: {},
    envPrefix: undefined,
    style: 'spaced',
  });
  if (flags.kind === 'exit') return flags.code;
  const options = compileObserverOptions(flags.values);
  const log = createLog({ name: PROGRAM, level: 'info' });
  const http = createHttpClient();
  const observer = new Observer(options, { clock: new SystemClock(), log, http });
  try {
    return await runDaemon(observer, log, {
      name: PROGRAM,
      banner: () => `Thermos observer on http://${options.ip}:${observer.address.port}`,
    });
  } finally {
    await http.close();
  }
}
