/** What the pages show, taken from Chronos' JSON. Pure. */
import {
  type Json,
  numberIn,
  numberOrNone,
  recordOf,
  recordsIn,
  textIn,
  textOrNone,
  textsIn,
} from '../../../core/webui/kit/reading.ts';

export interface JobRow {
  readonly name: string;
  /** `fresh`, `success` or `failure`. */
  readonly status: string;
  /** `idle`, `queued` or `<n> running`. */
  readonly state: string;
  readonly isDisabled: boolean;
  readonly owner: string;
  readonly schedule: string | undefined;
  readonly parents: readonly string[];
  /** Milliseconds of the epoch. */
  readonly nextAt: number | undefined;
  readonly epsilon: string | undefined;
}

export interface JobsView {
  /** By the server's clock. */
  readonly now: number;
  readonly jobs: readonly JobRow[];
}

export function jobsOf(answer: unknown): JobsView {
  const json = recordOf(answer);
  return {
    now: numberIn(json, 'now'),
    jobs: recordsIn(json, 'jobs').map((job) => ({
      name: textIn(job, 'name'),
      status: textIn(job, 'status'),
      state: textIn(job, 'state'),
      isDisabled: job['disabled'] === true,
      owner: textIn(job, 'owner'),
      schedule: textOrNone(job, 'schedule'),
      parents: textsIn(job, 'parents'),
      nextAt: numberOrNone(job, 'next'),
      epsilon: textOrNone(job, 'epsilon'),
    })),
  };
}

export interface Counts {
  readonly success: number;
  readonly failure: number;
  readonly fresh: number;
  readonly running: number;
  readonly queued: number;
  readonly idle: number;
}

export function countsOf(jobs: readonly JobRow[]): Counts {
  const count = (isCounted: (job: JobRow) => boolean): number => jobs.filter(isCounted).length;
  return {
    success: count(({ status }) => status === 'success'),
    failure: count(({ status }) => status === 'failure'),
    fresh: count(({ status }) => status === 'fresh'),
    running: count(({ state }) => state.endsWith('running')),
    queued: count(({ state }) => state === 'queued'),
    idle: count(({ state }) => state === 'idle'),
  };
}

/** `OVERDUE` when it should have started by now; as the original's page writes it. */
export function nextText(job: JobRow, now: number): string {
  if (job.nextAt === undefined || job.isDisabled) return '—';
  const ms = job.nextAt - now;
  if (ms <= 1_000) return 'OVERDUE';
  if (ms < 60_000) return 'in <1 minute';
  const [size, unit] =
    ms < 3_600_000
      ? [60_000, 'minutes']
      : ms < 86_400_000
        ? [3_600_000, 'hours']
        : [86_400_000, 'days'];
  return `in ~${Math.round(ms / Number(size))} ${unit}`;
}

export interface RunRow {
  readonly taskId: string;
  readonly state: string;
  readonly cause: string;
  readonly attempt: number;
  readonly startAt: number;
  /** Undefined while it runs. */
  readonly endAt: number | undefined;
  readonly message: string;
  readonly agent: string;
  readonly sandbox: string | undefined;
}

export interface HistoryView {
  readonly total: number;
  /** Newest first, those that run in front. */
  readonly runs: readonly RunRow[];
}

export function historyOf(answer: unknown): HistoryView {
  const json = recordOf(answer);
  return {
    total: numberIn(json, 'total'),
    runs: [...recordsIn(json, 'running'), ...recordsIn(json, 'runs')].map((run) => ({
      taskId: textIn(run, 'taskId'),
      state: textIn(run, 'state').replace(/^TASK_/, ''),
      cause: textIn(run, 'cause'),
      attempt: numberIn(run, 'attempt'),
      startAt: timeIn(run, 'start') ?? 0,
      endAt: timeIn(run, 'end'),
      message: textIn(run, 'message'),
      agent: textIn(run, 'agent'),
      sandbox: textOrNone(run, 'sandbox'),
    })),
  };
}

export interface ComingView {
  readonly next: readonly number[];
  readonly waiting: { readonly since: number; readonly reason: string } | undefined;
}

export function comingOf(answer: unknown): ComingView {
  const json = recordOf(answer);
  const waiting = recordOf(json['waiting']);
  const since = timeIn(waiting, 'since');
  return {
    next: textsIn(json, 'next').map((text) => Date.parse(text)),
    waiting: since === undefined ? undefined : { since, reason: textIn(waiting, 'reason') },
  };
}

export interface MissedRow {
  readonly reason: string;
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Newest first. */
export function missedOf(answer: unknown): readonly MissedRow[] {
  return recordsIn(recordOf(answer), 'missed')
    .map((each) => ({
      reason: textIn(each, 'reason'),
      from: timeIn(each, 'from') ?? 0,
      to: timeIn(each, 'to') ?? 0,
      count: numberIn(each, 'count'),
    }))
    .reverse();
}

export interface PlacedJob {
  readonly name: string;
  readonly layer: number;
  readonly row: number;
  readonly status: string;
  readonly state: string;
  readonly isDisabled: boolean;
}

export interface GraphView {
  readonly jobs: readonly PlacedJob[];
  readonly links: readonly { readonly parent: string; readonly child: string }[];
  readonly omitted: number;
}

export function graphOf(answer: unknown): GraphView {
  const json = recordOf(answer);
  return {
    jobs: recordsIn(json, 'jobs').map((job) => ({
      name: textIn(job, 'name'),
      layer: numberIn(job, 'layer'),
      row: numberIn(job, 'row'),
      status: textIn(job, 'status'),
      state: textIn(job, 'state'),
      isDisabled: job['disabled'] === true,
    })),
    links: recordsIn(json, 'links').map((link) => ({
      parent: textIn(link, 'parent'),
      child: textIn(link, 'child'),
    })),
    omitted: numberIn(json, 'omitted'),
  };
}

export interface Bar {
  readonly run: RunRow;
  /** From 0 to 1, of the time shown. */
  readonly from: number;
  readonly to: number;
  /** Runs at the same time lie under each other. */
  readonly lane: number;
}

export function timelineOf(runs: readonly RunRow[], now: number): readonly Bar[] {
  const first = Math.min(...runs.map(({ startAt }) => startAt));
  const last = Math.max(...runs.map(({ endAt }) => endAt ?? now), first + 1);
  const ends: number[] = [];
  return [...runs]
    .sort((a, b) => a.startAt - b.startAt)
    .map((run) => {
      const end = run.endAt ?? now;
      const free = ends.findIndex((each) => each <= run.startAt);
      const lane = free === -1 ? ends.length : free;
      ends[lane] = end;
      const place = (at: number): number => (at - first) / (last - first);
      return { run, from: place(run.startAt), to: place(end), lane };
    });
}

/** What the form checks before the server does; undefined when nothing is wrong. */
export function refusalOf(job: Json): string | undefined {
  if (!/^[\w.-]+$/.test(textIn(job, 'name'))) {
    return 'The name may have letters, digits, and the characters _ . -';
  }
  const { parents, schedule } = job;
  if (Array.isArray(parents)) return parents.length === 0 ? 'Name at least one parent' : undefined;
  const isSchedule = typeof schedule === 'string' && /^(R\d*\/.*\/P.*|cron\s+\S.*)$/.test(schedule);
  return isSchedule ? undefined : 'The schedule is R[n]/[start]/period, or cron and five fields';
}

function timeIn(json: Json, key: string): number | undefined {
  const at = Date.parse(textIn(json, key));
  return Number.isNaN(at) ? undefined : at;
}
