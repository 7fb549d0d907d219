/** Everything that is due at some time, by what it is and whom it concerns. Not stored: made anew after a start. */
import type { Instant } from '../../../core/base/clock.ts';
import { Deadlines } from '../../../core/base/deadlines.ts';

const KINDS = [
  /** A task is stuck in a state that should pass. */
  'timeout',
  /** A task that shall die is killed again. */
  'kill',
  /** A penalty for flapping is over. */
  'throttle',
  /** A partitioned task is given up. */
  'partition',
  /** The history of a job may be too long or too old. */
  'prune',
  /** A group of equal pending tasks is tried. */
  'group',
  /** An offer has been held long enough. */
  'offer',
  /** A cron job is to run. */
  'cron',
  /** A run waits until the tasks of the one before are gone. */
  'cron-start',
  /** Places are looked for where others give way. */
  'preempt',
  /** A kill that its job's policy has put off is asked for again. */
  'sla-kill',
  /** A host that goes out of service is looked at again. */
  'maintenance',
  /** Updates that are over may be forgotten. */
  'prune-updates',
  /** An update looks at an instance again, or at its pulses. */
  'update',
] as const;

export type TimedKind = (typeof KINDS)[number];

export interface Due {
  readonly kind: TimedKind;
  readonly id: string;
}

const SEPARATOR = ' ';

export class Timetable {
  private readonly deadlines = new Deadlines();

  set(kind: TimedKind, id: string, at: Instant): void {
    this.deadlines.set(kind + SEPARATOR + id, at);
  }

  clear(kind: TimedKind, id: string): void {
    this.deadlines.clear(kind + SEPARATOR + id);
  }

  has(kind: TimedKind, id: string): boolean {
    return this.deadlines.has(kind + SEPARATOR + id);
  }

  next(): Instant | undefined {
    return this.deadlines.next();
  }

  /** Takes out what is due, the earliest first. */
  due(now: Instant): readonly Due[] {
    return this.deadlines.due(now).flatMap((key): readonly Due[] => {
      const at = key.indexOf(SEPARATOR);
      const kind = KINDS.find((each) => each === key.slice(0, at));
      return kind === undefined ? [] : [{ kind, id: key.slice(at + 1) }];
    });
  }
}
