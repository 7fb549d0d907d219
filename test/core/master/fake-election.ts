/** An election whose outcome the test tells. */
import { ClusterError } from '../../../core/base/errors.ts';
import type { LeaderContender, LeaderDetector } from '../../../core/election/ports.ts';
import type { ElectionPorts } from '../../../core/master/leadership.ts';
import type { MasterInfo } from '../../../core/wire/types/mesos.v1.ts';

export class FakeElection implements ElectionPorts {
  /** What the master announces; undefined before it contends. */
  candidate: MasterInfo | undefined;
  hasWithdrawn = false;
  private onChange: ((leader: MasterInfo | undefined) => void) | undefined;
  private onFailed: ((error: ClusterError) => void) | undefined;
  private onLost: (() => void) | undefined;

  readonly contender: LeaderContender = {
    contend: (info, onLost) => {
      this.candidate = info;
      this.onLost = onLost;
      return new Promise(() => {});
    },
    withdraw: async () => {
      this.hasWithdrawn = true;
    },
  };

  readonly detector: LeaderDetector & { memberCount: number | undefined } = {
    memberCount: undefined,
    watch: (onChange, onFailed) => {
      this.onChange = onChange;
      this.onFailed = onFailed;
      return () => {
        this.onChange = undefined;
      };
    },
    stop: async () => {},
  };

  tell(leader: MasterInfo | undefined): void {
    this.onChange?.(leader);
  }

  elect(): void {
    this.tell(this.candidate);
  }

  loseCandidacy(): void {
    this.onLost?.();
  }

  failDetection(why: string): void {
    this.onFailed?.(new ClusterError('LEADER_UNREADABLE', why, { retriable: false }));
  }
}
