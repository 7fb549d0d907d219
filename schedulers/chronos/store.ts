/** The records of Chronos on a `Storage`, one per job, run, task and history. */
import { err, ok, type Result } from '../../core/base/result.ts';
import type { Storage, StorageOperation } from '../../core/storage/ports.ts';
import type { RecordSchema } from '../kit/record-store.ts';
import { RecordStore } from '../kit/record-store.ts';
import type { Job, JobDefaults } from './job.ts';
import { decodeJob } from './job-decode.ts';
import { encodeJob } from './job-encode.ts';
import { JsonReader } from './json-reader.ts';
import type { ChronosRecords } from './machine.ts';
import {
  type ChronosEffect,
  type HistoryEntry,
  type HistoryRecord,
  type JobRecord,
  MISSED_REASONS,
  type MissedStarts,
  type PastRun,
  RUN_CAUSES,
  type RunRecord,
  type TaskRecord,
} from './records.ts';
import { formatTaskId, parseTaskId } from './task-id.ts';

/** Every key of Chronos starts with this. */
export const STORE_PREFIX = 'chronos/';

export class ChronosStore {
  private readonly jobs: RecordStore<JobRecord>;
  private readonly runs = new RecordStore(RUNS);
  private readonly tasks = new RecordStore(TASKS);
  private readonly histories = new RecordStore(HISTORIES);
  private readonly pastRuns = new RecordStore(PAST_RUNS);

  constructor(defaults: JobDefaults) {
    this.jobs = new RecordStore(jobSchema(defaults));
  }

  /** Rejects when a record cannot be read: going on without it would lose a job. */
  async load(storage: Storage): Promise<ChronosRecords> {
    const jobs = await this.jobs.load(storage);
    const runs = await this.runs.load(storage);
    const tasks = await this.tasks.load(storage);
    const histories = await this.histories.load(storage);
    const pastRuns = [...(await this.pastRuns.load(storage)).values()];
    return { jobs: jobs.values(), runs: runs.values(), tasks: tasks.values(), histories, pastRuns };
  }

  /** The write of an effect; undefined for those that write nothing. */
  operation(effect: ChronosEffect): StorageOperation | undefined {
    switch (effect.kind) {
      case 'save-job':
        return this.jobs.put(effect.record.job.name, effect.record);
      case 'forget-job':
        return this.jobs.delete(effect.name);
      case 'save-run':
        return this.runs.put(formatTaskId(effect.run.key), effect.run);
      case 'forget-run':
        return this.runs.delete(formatTaskId(effect.run.key));
      case 'save-task':
        return this.tasks.put(effect.task.taskId, effect.task);
      case 'forget-task':
        return this.tasks.delete(effect.taskId);
      case 'save-history':
        return this.histories.put(effect.name, effect.history);
      case 'save-past-run':
        return this.pastRuns.put(effect.run.taskId, effect.run);
      case 'forget-past-run':
        return this.pastRuns.delete(effect.taskId);
      case 'forget-history':
        return this.histories.delete(effect.name);
      default:
        return undefined;
    }
  }
}

const END_STATES = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
] as const;

const JOB_SHAPE = { fillsFetch: false, isVersion2: true };

function jobSchema(defaults: JobDefaults): RecordSchema<JobRecord> {
  return {
    prefix: `${STORE_PREFIX}job/`,
    version: 1,
    encode: ({ job, setAt, missed, parentCounts }) => ({
      job: {
        ...encodeJob(job, JOB_SHAPE),
        // Plain numbers, and only what was posted.
        cpus: job.cpus,
        mem: job.mem,
        disk: job.disk,
        epsilon: job.epsilon,
        async: job.async,
      },
      ...(job.trigger.kind === 'schedule' ? { cronAfter: job.trigger.cronAfter } : {}),
      setAt,
      missed,
      parentCounts,
    }),
    decode: (value) => decodeJobRecord(value, defaults),
  };
}

function decodeJobRecord(value: unknown, defaults: JobDefaults): Result<JobRecord> {
  const read = new JsonReader(value);
  const setAt = read.number('setAt', 0);
  const job = decodeJob(memberOf(value, 'job'), defaults, setAt);
  if (!job.ok) return job;
  const counts = memberOf(value, 'parentCounts');
  const countReader = new JsonReader(counts ?? {});
  const names = Object.keys(typeof counts === 'object' && counts !== null ? counts : {});
  const cronAfter = optionalNumber(read, 'cronAfter');
  const record: JobRecord = {
    job: withCronAfter(job.value, cronAfter),
    setAt,
    missed: read.objects('missed').map(decodeMissed),
    parentCounts: Object.fromEntries(names.map((name) => [name, countReader.integer(name, 0)])),
  };
  return finish(read, record);
}

function withCronAfter(job: Job, cronAfter: number | undefined): Job {
  if (cronAfter === undefined || job.trigger.kind !== 'schedule') return job;
  return { ...job, trigger: { ...job.trigger, cronAfter } };
}

function decodeMissed(read: JsonReader): MissedStarts {
  return {
    reason: read.choice('reason', MISSED_REASONS, 'older-than-epsilon'),
    from: read.number('from', 0),
    to: read.number('to', 0),
    count: read.number('count', 0),
    notedAt: read.number('notedAt', 0),
  };
}

const RUNS: RecordSchema<RunRecord> = {
  prefix: `${STORE_PREFIX}run/`,
  version: 1,
  encode: encodeRun,
  decode: (value) => decodeRun(new JsonReader(value)),
};

const TASKS: RecordSchema<TaskRecord> = {
  prefix: `${STORE_PREFIX}task/`,
  version: 1,
  encode: (task) => ({ ...task, run: encodeRun(task.run) }),
  decode: (value) => {
    const read = new JsonReader(value);
    const run = decodeRun(read.object('run') ?? new JsonReader({}));
    if (!run.ok) return run;
    return finish(read, {
      taskId: read.text('taskId', ''),
      agentId: read.text('agentId', ''),
      run: run.value,
      launchedAt: read.number('launchedAt', 0),
      isConfirmed: read.boolean('isConfirmed', true),
      startedAt: optionalNumber(read, 'startedAt'),
      isKilling: read.boolean('isKilling', false),
      isReported: read.boolean('isReported', false),
    });
  },
};

const HISTORIES: RecordSchema<HistoryRecord> = {
  prefix: `${STORE_PREFIX}history/`,
  version: 1,
  encode: (history) => history,
  decode: (value) => {
    const read = new JsonReader(value);
    return finish(read, {
      entries: read.objects('entries').map(decodeHistoryEntry),
      samples: read.list('samples').filter((each) => typeof each === 'number'),
      sampledCount: read.number('sampledCount', 0),
    });
  },
};

function decodeHistoryEntry(read: JsonReader): HistoryEntry {
  return {
    taskId: read.text('taskId', ''),
    agentId: read.text('agentId', ''),
    startedAt: optionalNumber(read, 'startedAt'),
    endedAt: optionalNumber(read, 'endedAt'),
    status: read.choice('status', ['Success', 'Fail', 'Running', 'Idle'], 'Idle'),
    elements: optionalNumber(read, 'elements'),
  };
}

const PAST_RUNS: RecordSchema<PastRun> = {
  prefix: `${STORE_PREFIX}past/`,
  version: 1,
  encode: (run) => run,
  decode: (value) => {
    const read = new JsonReader(value);
    return finish(read, {
      taskId: read.text('taskId', ''),
      jobName: read.text('jobName', ''),
      cause: read.choice('cause', RUN_CAUSES, 'manual'),
      attempt: read.integer('attempt', 0),
      due: read.number('due', 0),
      launchedAt: read.number('launchedAt', 0),
      startedAt: optionalNumber(read, 'startedAt'),
      endedAt: read.number('endedAt', 0),
      state: read.choice('state', END_STATES, 'TASK_LOST'),
      message: read.text('message', ''),
      agentId: read.text('agentId', ''),
      executorId: read.text('executorId', ''),
    });
  },
};

function encodeRun(run: RunRecord): unknown {
  const { key, ...rest } = run;
  return { ...rest, id: formatTaskId(key) };
}

function decodeRun(read: JsonReader): Result<RunRecord> {
  const key = parseTaskId(read.text('id', ''));
  if (key === undefined) return err('the run has no valid id');
  return finish(read, {
    key,
    cause: read.choice('cause', RUN_CAUSES, 'manual'),
    hasOwnArguments: read.boolean('hasOwnArguments', false),
    notBefore: read.number('notBefore', 0),
    relaunches: read.integer('relaunches', 0),
    startAt: optionalNumber(read, 'startAt'),
  });
}

function optionalNumber(read: JsonReader, name: string): number | undefined {
  return read.has(name) ? read.number(name, 0) : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function finish<T>(read: JsonReader, value: T): Result<T> {
  return read.problem === undefined ? ok(value) : err(read.problem);
}
