/** The real clock, network and log, for frameworks that are programs of their own. */
import { SystemClock } from '../base/clock.ts';
import { createLog, type LogLevel } from '../base/log.ts';
import { SystemRandom } from '../base/random.ts';
import { createHttpClient } from '../net/http-client.ts';
import type { SchedulerPorts } from './driver.ts';

/** Log lines go to standard error. Close `http` at the end, or its connections keep the process. */
export function systemPorts(name: string, level: LogLevel = 'warn'): SchedulerPorts {
  return {
    clock: new SystemClock(),
    random: new SystemRandom(),
    http: createHttpClient(),
    log: createLog({ name, level }),
  };
}
