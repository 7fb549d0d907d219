/**
 * Asks the coordinators of jobs whether a task may be taken away (spec aurora-scheduler, section 8): one question at
 * a time for each address, only so many in all. What is no clear yes is a no.
 */
import { background } from '../../core/base/background.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { AuroraEffect } from './machine/effects.ts';
import { keyText } from './machine/job-key.ts';
import { jobOf } from './machine/task-table.ts';
import { toSimpleJson } from './thrift/simple-json.ts';

export interface CoordinatorOptions {
  readonly clusterName: string;
  readonly timeoutMs: DurationMs;
  readonly parallelMax: number;
}

type Question = Extract<AuroraEffect, { kind: 'ask-coordinator' }>;

/** Longer answers are no yes. */
const ANSWER_MAX_BYTES = 64 * 1024;

export class Coordinators {
  private readonly options: CoordinatorOptions;
  private readonly ports: { readonly http: HttpClient; readonly log: Log };
  private readonly onAnswer: (taskId: string, isPermitted: boolean) => void;
  private readonly asking = new Set<string>();
  private waiting: Question[] = [];
  private readonly stopped = new AbortController();

  constructor(
    options: CoordinatorOptions,
    ports: { readonly http: HttpClient; readonly log: Log },
    onAnswer: (taskId: string, isPermitted: boolean) => void,
  ) {
    this.options = options;
    this.ports = ports;
    this.onAnswer = onAnswer;
  }

  /** The machine asks once about a task, so that no more wait than there are tasks. */
  ask(question: Question): void {
    this.waiting.push(question);
    this.next();
  }

  stop(): void {
    this.waiting = [];
    this.stopped.abort(new Error('the scheduler stops'));
  }

  private next(): void {
    for (const question of [...this.waiting]) {
      if (this.asking.size >= this.options.parallelMax) return;
      if (this.asking.has(question.url)) continue;
      this.waiting = this.waiting.filter((each) => each !== question);
      this.asking.add(question.url);
      background(this.ports.log, this.askOne(question), 'ask a coordinator');
    }
  }

  private async askOne(question: Question): Promise<void> {
    let isPermitted = false;
    try {
      isPermitted = await this.answerTo(question);
    } catch (thrown) {
      const fields = { url: question.url, error: describeError(thrown) };
      this.ports.log.warn(fields, 'a coordinator could not be asked');
    }
    this.asking.delete(question.url);
    if (this.stopped.signal.aborted) return;
    this.onAnswer(question.task.assignedTask.taskId, isPermitted);
    this.next();
  }

  private async answerTo({ url, statusKey, task, forcedInMs }: Question): Promise<boolean> {
    const { instanceId } = task.assignedTask;
    const name = `${this.options.clusterName}/${keyText(jobOf(task))}/${instanceId}`;
    const body = {
      taskConfig: toSimpleJson('ScheduledTask', task),
      task: name,
      ...(forcedInMs === undefined ? {} : { forceMaintenanceCountdownMs: String(forcedInMs) }),
    };
    const target = new URL(url);
    target.searchParams.set('task', name);
    const answer = await this.ports.http.request({
      method: 'POST',
      url: target.href,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
      headTimeoutMs: this.options.timeoutMs,
      signal: AbortSignal.any([this.stopped.signal, AbortSignal.timeout(this.options.timeoutMs)]),
    });
    if (answer.status !== 200) {
      answer.cancel();
      return false;
    }
    const said: unknown = JSON.parse(await answer.text(ANSWER_MAX_BYTES));
    if (typeof said !== 'object' || said === null) return false;
    return new Map<string, unknown>(Object.entries(said)).get(statusKey) === true;
  }
}
