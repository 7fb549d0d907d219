/** What is done with loaded jobs counts against the limits of their file, and may reach them. */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { ConfigError } from './interpreter/source.ts';

export function withinLimits<T>(action: () => T): Result<T> {
  try {
    return ok(action());
  } catch (thrown) {
    if (thrown instanceof ConfigError) return err(`${thrown.kind}: ${thrown.message}`);
    throw thrown;
  }
}
