/** Who leads: contenders announce themselves, detectors tell the leader. */
import type { MasterInfo } from '../wire/types/mesos.v1.ts';

export interface LeaderDetector {
  /**
   * Calls back with the leader now and at each change; `undefined` means there is none. Gives a
   * function that stops watching.
   */
  watch(onChange: (leader: MasterInfo | undefined) => void): () => void;
  stop(): Promise<void>;
}

export interface LeaderContender {
  /** Resolves when this contender leads. */
  contend(info: MasterInfo, onLost: () => void): Promise<void>;
  withdraw(): Promise<void>;
}
