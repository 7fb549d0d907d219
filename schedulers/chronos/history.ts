/** The last runs of each job and a sample of their times (spec chronos, section 4.2.11). */
import type { Instant } from '../../core/base/clock.ts';
import type { Random } from '../../core/base/random.ts';
import type { ChronosEffect, HistoryEntry, HistoryRecord, TaskRecord } from './records.ts';
import type { ChronosState } from './state.ts';

/** Run times kept per job; later ones replace a random one (reservoir sampling). */
const SAMPLES_MAX = 256;

export class HistoryBook {
  private readonly state: ChronosState;
  private readonly random: Random;
  private readonly limit: number;

  /** `limit` runs are kept per job. */
  constructor(state: ChronosState, random: Random, limit: number) {
    this.state = state;
    this.random = random;
    this.limit = limit;
  }

  started(task: TaskRecord): readonly ChronosEffect[] {
    return this.note(task, {
      taskId: task.taskId,
      agentId: task.agentId,
      startedAt: task.startedAt ?? task.launchedAt,
      endedAt: undefined,
      status: task.startedAt === undefined ? 'Idle' : 'Running',
      elements: this.elementsOf(task),
    });
  }

  ended(task: TaskRecord, isSuccess: boolean, now: Instant): readonly ChronosEffect[] {
    if (isSuccess) this.sample(task.run.key.jobName, now - task.run.key.due);
    return this.note(task, {
      taskId: task.taskId,
      agentId: task.agentId,
      startedAt: task.startedAt ?? task.launchedAt,
      endedAt: now,
      status: isSuccess ? 'Success' : 'Fail',
      elements: this.elementsOf(task),
    });
  }

  /** Adds to the number of elements a run has processed; false when the run is not known. */
  addElements(name: string, taskId: string, count: number): readonly ChronosEffect[] | undefined {
    const history = this.state.history(name);
    const found = history.entries.find((each) => each.taskId === taskId);
    if (found === undefined) return undefined;
    const changed = { ...found, elements: (found.elements ?? 0) + count };
    const entries = history.entries.map((each) => (each === found ? changed : each));
    return this.save(name, { ...history, entries });
  }

  private elementsOf(task: TaskRecord): number | undefined {
    const { entries } = this.state.history(task.run.key.jobName);
    return entries.find((each) => each.taskId === task.taskId)?.elements;
  }

  private note(task: TaskRecord, entry: HistoryEntry): readonly ChronosEffect[] {
    const name = task.run.key.jobName;
    const history = this.state.history(name);
    const others = history.entries.filter((each) => each.taskId !== task.taskId);
    const entries = [entry, ...others].slice(0, this.limit);
    return this.save(name, { ...history, entries });
  }

  private sample(name: string, tookMs: number): void {
    const history = this.state.history(name);
    const sampledCount = history.sampledCount + 1;
    const samples = [...history.samples];
    if (samples.length < SAMPLES_MAX) samples.push(tookMs);
    else {
      const at = Math.floor(this.random.float() * sampledCount);
      if (at < SAMPLES_MAX) samples[at] = tookMs;
    }
    this.state.putHistory(name, { ...history, samples, sampledCount });
  }

  private save(name: string, history: HistoryRecord): readonly ChronosEffect[] {
    this.state.putHistory(name, history);
    return [{ kind: 'save-history', name, history }];
  }
}
