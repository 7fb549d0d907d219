/**
 * `--whitelist`: the only host names whose agents are offered, one a line, read again every 5 s
 * (spec flags-and-metrics, section 2.7; spec allocator, section 1). `*` as the file's name allows
 * all. A file that cannot be read changes nothing: all are allowed until it was read once.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

export const WHITELIST_INTERVAL_MS: DurationMs = 5_000;

export interface WhitelistPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly readText: (path: string) => Promise<string>;
  readonly onChange: (hostnames: readonly string[]) => void;
}

export class WhitelistWatcher {
  private readonly path: string;
  private readonly ports: WhitelistPorts;
  private last: string | undefined;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(path: string, ports: WhitelistPorts) {
    this.path = path;
    this.ports = ports;
  }

  /** Resolves when the file was read for the first time, or could not be. */
  async start(): Promise<void> {
    await this.look();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    const { clock, log, readText, onChange } = this.ports;
    try {
      const text = await readText(this.path);
      if (this.isStopped) return;
      if (text !== this.last) {
        this.last = text;
        onChange(hostnamesIn(text));
      }
    } catch (thrown) {
      log.error({ path: this.path, error: describeError(thrown) }, 'the whitelist cannot be read');
    }
    if (this.isStopped) return;
    // Failures are caught above, so nothing is lost here.
    this.timer = clock.setTimer(WHITELIST_INTERVAL_MS, () => void this.look());
  }
}

function hostnamesIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
