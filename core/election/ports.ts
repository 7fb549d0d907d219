/** Who leads: contenders announce themselves, detectors tell the leader. */
import type { ClusterError } from '../base/errors.ts';
import type { MasterInfo } from '../wire/types/mesos.v1.ts';

export interface LeaderDetector {
  /** How many contenders there are; undefined as long as it is not known. */
  readonly memberCount?: number | undefined;
  /**
   * Calls back with the leader as soon as it is known and at each change; `undefined` means there is
   * none. `onFailed` is told when it cannot be found out for good. Gives a function that stops
   * watching.
   */
  watch(
    onChange: (leader: MasterInfo | undefined) => void,
    onFailed?: (error: ClusterError) => void,
  ): () => void;
  /**
   * Calls back with all masters, whether they lead or not, and at each change. Not there where the
   * masters do not announce themselves.
   */
  watchMembers?(onMembers: (masters: readonly MasterInfo[]) => void): () => void;
  stop(): Promise<void>;
}

export interface LeaderContender {
  /**
   * Resolves when this contender leads. `onLost` is called when it leads no longer; a candidacy that
   * is lost before is entered again.
   */
  contend(info: MasterInfo, onLost: () => void): Promise<void>;
  withdraw(): Promise<void>;
}
