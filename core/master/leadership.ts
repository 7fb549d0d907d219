/**
 * Whether this master leads: what follows from the reports of the contender and the detector (spec
 * ha-and-security, section 1.4). A leader never becomes a standby again: it ends, and its supervisor
 * starts a new process, so that nothing it knew and nothing it was about to do outlives its term.
 *
 *   standby --own info detected--> leading --nobody or another detected, candidacy lost--> ended
 *   standby --candidacy lost--> standby, entered again by the contender
 *   any --detection failed--> ended
 */
import { ClusterError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { LeaderContender, LeaderDetector } from '../election/ports.ts';
import type { DomainInfo, MasterInfo } from '../wire/types/mesos.v1.ts';

export interface ElectionPorts {
  readonly contender: LeaderContender;
  readonly detector: LeaderDetector;
}

export interface LeadershipListener {
  readonly onElected: () => void;
  /** This master must not act any more. */
  readonly onEnded: (error: ClusterError) => void;
}

export class Leadership {
  private readonly info: MasterInfo;
  private readonly election: ElectionPorts | undefined;
  private readonly log: Log;
  private readonly listener: LeadershipListener;
  private standing: 'standby' | 'leading' | 'ended' = 'standby';
  private detected: MasterInfo | undefined;
  private unwatch: (() => void) | undefined;

  /** Without an election the only master leads from `start` on. */
  constructor(
    info: MasterInfo,
    ports: { readonly election: ElectionPorts | undefined; readonly log: Log },
    listener: LeadershipListener,
  ) {
    this.info = info;
    this.election = ports.election;
    this.log = ports.log;
    this.listener = listener;
  }

  get isLeading(): boolean {
    return this.standing === 'leading';
  }

  /** Who leads as far as this master knows. */
  get leader(): MasterInfo | undefined {
    return this.detected;
  }

  start(): void {
    const { election } = this;
    if (election === undefined) {
      this.detect(this.info);
      return;
    }
    this.unwatch = election.detector.watch(
      (leader) => this.detect(leader),
      (error) => {
        this.end(`Failed to detect the leading master: ${error.message}; committing suicide!`);
      },
    );
    election.contender
      .contend(this.info, () => {
        if (this.isLeading) this.end('Lost candidacy as a leader... committing suicide!');
      })
      .catch((thrown: unknown) => {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        this.end(`Failed to contend: ${why}; committing suicide!`);
      });
  }

  /** Gives up the candidacy, so that the next master leads at once. */
  async stop(): Promise<void> {
    this.standing = 'ended';
    this.unwatch?.();
    await this.election?.contender.withdraw();
  }

  private detect(leader: MasterInfo | undefined): void {
    if (this.standing === 'ended') return;
    this.detected = leader;
    const isSelf = leader !== undefined && leader.id === this.info.id;
    if (!this.isLeading) {
      if (isSelf) this.becomeLeading();
      else this.checkRegion(leader?.domain);
      return;
    }
    if (isSelf) {
      this.log.info({}, 'Re-elected as the leading master');
      return;
    }
    if (leader === undefined) {
      this.log.error({}, 'No master was elected.');
      this.end('Lost leadership after indecisive election... committing suicide!');
      return;
    }
    this.end('Conceded leadership to another master... committing suicide!');
  }

  private becomeLeading(): void {
    this.standing = 'leading';
    if (this.election !== undefined) this.log.info({}, 'Elected as the leading master!');
    this.listener.onElected();
  }

  private checkRegion(theirs: DomainInfo | undefined): void {
    const region = theirs?.fault_domain?.region.name;
    const own = this.info.domain?.fault_domain?.region.name;
    if (region === undefined || own === undefined || region === own) return;
    this.end(
      `The leading master is in region '${region}', this one in '${own}': all masters in the same cluster must use the same region`,
    );
  }

  private end(why: string): void {
    if (this.standing === 'ended') return;
    this.standing = 'ended';
    this.detected = undefined;
    this.listener.onEnded(new ClusterError('LEADERSHIP_LOST', why, { retriable: false }));
  }
}
