/**
 * The list of masters when ZooKeeper tells who leads (spec mesos-dns, section 6.3): the leader first,
 * or nothing in its place, then the configured ones.
 */
import type { Clock, Timer } from '../core/base/clock.ts';
import type { DurationMs } from '../core/base/duration.ts';
import { formatDuration } from '../core/base/duration.ts';
import type { LeaderDetector } from '../core/election/ports.ts';
import type { MasterInfo } from '../core/wire/types/mesos.v1.ts';

export interface MasterListOptions {
  readonly masters: readonly string[];
  /** Longest time without a leader; 0 is for ever. */
  readonly timeoutMs: DurationMs;
}

export interface MasterListListener {
  onMasters(masters: readonly string[]): void;
  /** The process must end. */
  onFailed(why: string): void;
}

export class MasterList {
  private readonly detector: LeaderDetector;
  private readonly clock: Clock;
  private readonly options: MasterListOptions;
  private readonly listener: MasterListListener;
  private others: readonly string[];
  private timer: Timer | undefined;
  private unwatch: (() => void) | undefined;

  constructor(
    ports: { readonly detector: LeaderDetector; readonly clock: Clock },
    options: MasterListOptions,
    listener: MasterListListener,
  ) {
    this.detector = ports.detector;
    this.clock = ports.clock;
    this.options = options;
    this.listener = listener;
    this.others = options.masters;
  }

  start(): void {
    this.expectLeader();
    this.unwatch = this.detector.watch(
      (leader) => this.changed(leader),
      (error) => this.listener.onFailed(error.message),
    );
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    this.unwatch?.();
    await this.detector.stop();
  }

  private changed(leader: MasterInfo | undefined): void {
    const address = leader === undefined ? '' : addressOf(leader);
    if (address === '') {
      this.expectLeader();
      this.listener.onMasters(['', ...this.others]);
      return;
    }
    this.timer?.cancel();
    this.timer = undefined;
    this.others = this.others.filter((each) => each !== address);
    this.listener.onMasters([address, ...this.others]);
  }

  private expectLeader(): void {
    const { timeoutMs } = this.options;
    if (timeoutMs === 0 || this.timer !== undefined) return;
    this.timer = this.clock.setTimer(timeoutMs, () => {
      const text = formatDuration(timeoutMs).replace(/secs$/, 's').replace(/mins$/, 'm0s');
      this.listener.onFailed(`master detection timed out after ${text}`);
    });
  }
}

function addressOf(leader: MasterInfo): string {
  const ip = leader.address?.ip ?? dottedQuad(leader.ip);
  const port = leader.address?.port ?? leader.port ?? 5_050;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Old infos have the address as a number, its bytes from the low end. */
function dottedQuad(ip: number): string {
  return [0, 8, 16, 24].map((shift) => (ip >>> shift) & 0xff).join('.');
}
