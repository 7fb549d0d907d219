/**
 * The list of masters when ZooKeeper tells who leads (spec mesos-dns, section 6.3): the leader first,
 * or nothing in its place, then the others that are announced there; until these are known, the
 * configured ones.
 */
import type { Clock, Timer } from '../core/base/clock.ts';
import type { DurationMs } from '../core/base/duration.ts';
import { masterAddress } from '../core/election/master-address.ts';
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
  /** Empty while nobody leads. */
  private leader = '';
  private others: readonly string[];
  private timer: Timer | undefined;
  private readonly unwatch: (() => void)[] = [];

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
    this.unwatch.push(
      this.detector.watch(
        (leader) => this.leaderChanged(leader),
        (error) => this.listener.onFailed(error.message),
      ),
    );
    const unwatch = this.detector.watchMembers?.((members) => this.membersChanged(members));
    if (unwatch !== undefined) this.unwatch.push(unwatch);
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    for (const unwatch of this.unwatch.splice(0)) unwatch();
    await this.detector.stop();
  }

  private leaderChanged(leader: MasterInfo | undefined): void {
    this.leader = leader === undefined ? '' : masterAddress(leader);
    if (this.leader === '') {
      this.expectLeader();
    } else {
      this.timer?.cancel();
      this.timer = undefined;
      this.others = this.others.filter((each) => each !== this.leader);
    }
    this.listener.onMasters([this.leader, ...this.others]);
  }

  private membersChanged(members: readonly MasterInfo[]): void {
    // Nobody is announced when ZooKeeper is lost, too: whom we knew may still answer.
    if (members.length === 0) return;
    const others = members.map(masterAddress).filter((each) => each !== this.leader);
    if (others.join() === this.others.join()) return;
    this.others = others;
    this.listener.onMasters([this.leader, ...others]);
  }

  private expectLeader(): void {
    const { timeoutMs } = this.options;
    if (timeoutMs === 0 || this.timer !== undefined) return;
    this.timer = this.clock.setTimer(timeoutMs, () => {
      const text = goDuration(timeoutMs / 1_000);
      this.listener.onFailed(`master detection timed out after ${text}`);
    });
  }
}

/** Whole seconds as the original prints them: `30s`, `1m30s`, `1h0m0s`. */
function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : '';
  return `${head}${seconds % 60}s`;
}
