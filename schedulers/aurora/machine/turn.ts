/**
 * One turn of the machine: what an input has changed so far and what is to be done about it. Every change of
 * stored state goes through here, so that none can be forgotten to be written.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { Random } from '../../../core/base/random.ts';
import type { ScheduledTask } from '../thrift/types.ts';
import type { AuroraEffect, Counter, StoreOperation } from './effects.ts';
import type { MachineSettings } from './settings.ts';
import type { AuroraState } from './state.ts';
import { idOf } from './task-table.ts';
import type { Timetable } from './timetable.ts';

/** A task that is new, is another than before, or has gone. */
export interface TaskChange {
  readonly before: ScheduledTask | undefined;
  readonly after: ScheduledTask | undefined;
}

export interface TurnParts {
  readonly state: AuroraState;
  readonly settings: MachineSettings;
  readonly random: Random;
  readonly timetable: Timetable;
}

export class Turn {
  readonly now: Instant;
  readonly state: AuroraState;
  readonly settings: MachineSettings;
  readonly random: Random;
  readonly timetable: Timetable;
  private changes: TaskChange[] = [];
  private readonly operations: StoreOperation[] = [];
  private readonly rest: AuroraEffect[] = [];

  constructor(parts: TurnParts, now: Instant) {
    this.state = parts.state;
    this.settings = parts.settings;
    this.random = parts.random;
    this.timetable = parts.timetable;
    this.now = now;
  }

  persist(operation: StoreOperation): void {
    this.operations.push(operation);
  }

  act(effect: AuroraEffect): void {
    this.rest.push(effect);
  }

  count(counter: Counter, by = 1): void {
    this.rest.push({ kind: 'count', counter, by });
  }

  putTask(after: ScheduledTask): void {
    const before = this.state.tasks.get(idOf(after));
    this.persist(this.state.putTask(after));
    this.changes.push({ before, after });
    const from = before?.status ?? 'INIT';
    if (this.settings.tellsChanges && from !== after.status) {
      this.act({ kind: 'task-changed', task: after, from });
    }
  }

  removeTask(before: ScheduledTask): void {
    this.persist(this.state.removeTask(before));
    this.changes.push({ before, after: undefined });
  }

  /** Hands over the changes since the last call, for those who follow tasks. */
  takeChanges(): readonly TaskChange[] {
    const taken = this.changes;
    this.changes = [];
    return taken;
  }

  /** All effects, the writes first. */
  effects(): AuroraEffect[] {
    const writes = coalesced(this.operations).map(
      (operation): AuroraEffect => ({ kind: 'persist', operation }),
    );
    return [...writes, ...this.rest];
  }
}

/** Of several writes of one task only the last counts. */
function coalesced(operations: readonly StoreOperation[]): StoreOperation[] {
  const last = new Map<string, number>();
  operations.forEach((operation, index) => {
    const id = taskOf(operation);
    if (id !== undefined) last.set(id, index);
  });
  return operations.filter((operation, index) => {
    const id = taskOf(operation);
    return id === undefined || last.get(id) === index;
  });
}

function taskOf(operation: StoreOperation): string | undefined {
  if (operation.kind === 'put-task') return idOf(operation.task);
  return operation.kind === 'delete-task' ? operation.id : undefined;
}
