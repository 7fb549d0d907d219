/** The ports of an executor that is a process of its own. */
import { SystemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { SystemRandom } from '../base/random.ts';
import { createHttpClient } from '../net/http-client.ts';
import type { ExecutorPorts } from './driver.ts';

export function systemPorts(name = 'executor'): ExecutorPorts {
  return {
    clock: new SystemClock(),
    random: new SystemRandom(),
    // The agent's own, where it says that there is one.
    http: createHttpClient({ socketPath: process.env['MESOS_DOMAIN_SOCKET'] }),
    log: createLog({ name, level: 'info' }),
    die: () => {
      // The executor leads its own process group: this ends its tasks, too.
      process.kill(0, 'SIGKILL');
    },
  };
}
