/**
 * One direction of a job update: takes instances up as its strategy says, follows each until it has settled,
 * and says when the whole has succeeded or failed (spec aurora-scheduler, sections 6.3 and 6.4). Keeps nothing
 * that a new leader could not find again by looking at the tasks and at the history of the update.
 */
import { assert } from '../../../core/base/assert.ts';
import type { Instant } from '../../../core/base/clock.ts';
import {
  type ActualTask,
  evaluateInstance,
  type InstanceRule,
  type InstanceVerdict,
} from './update-instance.ts';
import {
  nextGroup,
  pausesBefore,
  type UpdateProgress,
  type UpdateStrategy,
} from './update-strategy.ts';

export interface RollingUpdateOptions {
  readonly strategy: UpdateStrategy;
  readonly rule: InstanceRule;
  readonly maxFailedInstances: number;
  readonly isRollingBack: boolean;
  /** In the order in which they are taken up; true for those that shall exist in the end. */
  readonly instances: ReadonlyMap<number, boolean>;
  /** Of an update that is taken up again: what must not be forgiven by that. */
  readonly failed?: ReadonlySet<number>;
  /** Begun and not finished: they count in their group. */
  readonly working?: ReadonlySet<number>;
  /** Those of which the history tells something. */
  readonly told?: ReadonlySet<number>;
  /** Ends that were counted, by instance. */
  readonly failureCounts?: ReadonlyMap<number, number>;
}

export type UpdateStep =
  | { readonly kind: 'add' | 'kill'; readonly instance: number }
  | { readonly kind: 'look-again'; readonly instance: number; readonly at: Instant }
  /** For the history of the update. */
  | { readonly kind: 'updating' | 'updated' | 'failed'; readonly instance: number };

export interface UpdateOutcome {
  readonly status: 'working' | 'succeeded' | 'failed' | 'paused';
  readonly steps: readonly UpdateStep[];
  /** The instance whose failure was the last one too many. */
  readonly failedInstance?: number;
}

type InstanceState = 'idle' | 'working' | 'succeeded' | 'failed';

interface Followed {
  readonly isWanted: boolean;
  state: InstanceState;
  failureCount: number;
}

export class RollingUpdate {
  private readonly options: RollingUpdateOptions;
  private readonly followed = new Map<number, Followed>();

  constructor(options: RollingUpdateOptions) {
    this.options = options;
    for (const [id, isWanted] of options.instances) {
      const state = stateBefore(options, id);
      const failureCount = options.failureCounts?.get(id) ?? 0;
      this.followed.set(id, { isWanted, state, failureCount });
    }
  }

  /**
   * @param taskOf the newest task of an instance that has not ended; of `changed`, the one that has changed,
   *   ended or not
   * @param changed an instance whose task has changed or whose time has come; none at the start and when the
   *   update goes on after a pause
   */
  evaluate(
    taskOf: (instance: number) => ActualTask | undefined,
    changed: number | undefined,
    now: Instant,
  ): UpdateOutcome {
    const steps: UpdateStep[] = [];
    const follow = (instance: number): void => this.follow(instance, taskOf(instance), now, steps);
    const hadWorking = this.progress().workingCount > 0;
    for (const working of changed === undefined ? this.inState('working') : [changed]) {
      if (this.followed.get(working)?.state === 'working') follow(working);
    }
    for (;;) {
      const failed = this.inState('failed');
      if (failed.length > this.options.maxFailedInstances) {
        const last = steps.findLast((step) => step.kind === 'failed')?.instance ?? failed.at(-1);
        assert(last !== undefined, 'an update failed without a failed instance');
        return { status: 'failed', steps, failedInstance: last };
      }
      const progress = this.progress();
      // A group that was finished just now is what the pause comes after; when the update is resumed or read
      // again, nothing was working and it goes on. A successor knows of those done before only by their tasks.
      const isUndone = (id: number): boolean =>
        this.verdictOn(id, taskOf(id), now).kind !== 'succeeded';
      if (
        hadWorking &&
        pausesBefore(this.options.strategy, progress) &&
        progress.idle.some(isUndone)
      ) {
        return { status: 'paused', steps };
      }
      const group = nextGroup(this.options.strategy, progress);
      if (group.length === 0) {
        const isOver = progress.workingCount === 0 && progress.idle.length === 0;
        return { status: isOver ? 'succeeded' : 'working', steps };
      }
      for (const instance of group) {
        follow(instance);
      }
    }
  }

  has(instance: number): boolean {
    return this.followed.has(instance);
  }

  private follow(
    instance: number,
    actual: ActualTask | undefined,
    now: Instant,
    steps: UpdateStep[],
  ): void {
    const followed = this.of(instance);
    const verdict = this.verdictOn(instance, actual, now);
    const isNew = followed.state === 'idle';
    followed.state = 'working';
    // What is as it shall be when the update comes to it was never updated.
    const isSilent =
      isNew && verdict.kind === 'succeeded' && this.options.told?.has(instance) !== true;
    if (isNew && !isSilent) steps.push({ kind: 'updating', instance });
    switch (verdict.kind) {
      case 'succeeded':
        followed.state = 'succeeded';
        if (!isSilent) steps.push({ kind: 'updated', instance });
        return;
      case 'failed':
        followed.state = 'failed';
        followed.failureCount += 1;
        steps.push({ kind: 'failed', instance });
        return;
      case 'wait':
        if (verdict.isFailure) followed.failureCount += 1;
        if (verdict.at !== undefined) steps.push({ kind: 'look-again', instance, at: verdict.at });
        return;
      default:
        steps.push({ kind: verdict.kind, instance });
    }
  }

  private of(instance: number): Followed {
    const followed = this.followed.get(instance);
    assert(followed !== undefined, `instance ${instance} is no part of the update`);
    return followed;
  }

  private verdictOn(
    instance: number,
    actual: ActualTask | undefined,
    now: Instant,
  ): InstanceVerdict {
    const { isWanted, failureCount } = this.of(instance);
    return evaluateInstance({ isWanted, actual, failureCount }, this.options.rule, now);
  }

  private progress(): UpdateProgress {
    const idle = this.inState('idle');
    const workingCount = this.inState('working').length;
    return {
      idle,
      workingCount,
      doneCount: this.followed.size - idle.length - workingCount,
      isRollingBack: this.options.isRollingBack,
    };
  }

  private inState(state: InstanceState): number[] {
    return [...this.followed].filter(([, each]) => each.state === state).map(([id]) => id);
  }
}

function stateBefore({ failed, working }: RollingUpdateOptions, id: number): InstanceState {
  if (failed?.has(id) === true) return 'failed';
  return working?.has(id) === true ? 'working' : 'idle';
}
