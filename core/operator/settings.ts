/** What the environment and the log of a daemon give its operator endpoints. */
import type { LevelledLog } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { OperatorSettings } from './globals.ts';
import { DEFAULT_PACE, parsePace } from './request-pace.ts';

const RATE = 'LIBPROCESS_METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT';

export function operatorSettings(
  env: Readonly<Record<string, string | undefined>>,
  log: LevelledLog,
): Result<OperatorSettings> {
  const rate = env[RATE];
  const pace = rate === undefined ? ok(DEFAULT_PACE) : parsePace(rate);
  if (!pace.ok) return err(`Failed to parse ${RATE}: ${pace.error}`);
  return ok({ metricsPace: pace.value, onVerbosity: (level) => log.setVerbose(level > 0) });
}
