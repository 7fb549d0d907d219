/** Creating, replacing and deleting jobs (spec chronos, sections 4.2.1, 4.2.2, 4.2.5, 6.4). */
import type { Instant } from '../../core/base/clock.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { isCron } from './cron.ts';
import { closesCycle } from './graph.ts';
import type { Job } from './job.ts';
import { killTasks } from './kills.ts';
import { parsePeriod } from './period.ts';
import type { ChronosEffect, JobRecord, Refusal } from './records.ts';
import {
  doesNotExist,
  invalidName,
  parentMissing,
  parentsUndefined,
  refuse,
  requirementFailed,
} from './refusals.ts';
import { parseSchedule, startAt } from './schedule.ts';
import type { Starts } from './starts.ts';
import { type ChronosState, type JobEntry, parentsOf } from './state.ts';
import { JOB_NAME } from './task-id.ts';

type Answer = Result<readonly ChronosEffect[], Refusal>;

/** 1970-01-01T00:00:01Z. */
const START_MIN_MS = 1_000;

export class Definitions {
  private readonly state: ChronosState;
  private readonly starts: Starts;

  constructor(state: ChronosState, starts: Starts) {
    this.state = state;
    this.starts = starts;
  }

  putScheduled(job: Job, now: Instant): Answer {
    const { trigger } = job;
    if (trigger.kind !== 'schedule') {
      return err(refuse(`job '${job.name}' has parents, post it to .../dependency`));
    }
    const before = this.state.stored(job.name);
    if (before === undefined && !JOB_NAME.test(job.name)) return err(invalidName());
    const schedule = parseSchedule(trigger.schedule, trigger.timeZone, now);
    if (schedule === undefined) {
      return err(refuse(`Cannot parse schedule '${trigger.schedule}' (wtf bro)`));
    }
    const start = startAt(schedule, now);
    if (before === undefined && start < START_MIN_MS) {
      const text = new Date(start).toISOString();
      return err(refuse(`Scheduled start date '${text}' is before 1970!`));
    }
    const refused = checkCommon(job, before);
    if (refused !== undefined) return err(refused);
    return ok(this.put(job, before, now));
  }

  putDependent(job: Job, now: Instant): Answer {
    const { trigger } = job;
    if (trigger.kind !== 'parents') {
      return err(refuse(`job '${job.name}' has no parents, post it to .../iso8601`));
    }
    const before = this.state.stored(job.name);
    if (before === undefined && !JOB_NAME.test(job.name)) return err(invalidName());
    if (trigger.parents.length === 0) return err(parentMissing(before === undefined));
    const areAllThere = trigger.parents.every((name) => this.state.job(name) !== undefined);
    if (before !== undefined && !areAllThere) return err(parentsUndefined(job.name));
    if (closesCycle(this.state, job.name, trigger.parents)) {
      return err(requirementFailed(`JobSchedule ${job.name} would be its own ancestor`));
    }
    const refused = checkCommon(job, before);
    if (refused !== undefined) return err(refused);
    return ok(this.put(job, before, now));
  }

  delete(name: string, now: Instant): Answer {
    const entry = this.state.job(name);
    if (entry === undefined) return err(doesNotExist('JobSchedule', name));
    const effects: ChronosEffect[] = [];
    for (const child of this.state.children(name)) effects.push(...this.orphan(child, entry));
    effects.push(...killTasks(this.state, name));
    for (const run of [this.state.queue.get(name), ...this.state.retriesOf(name)]) {
      if (run !== undefined) effects.push({ kind: 'forget-run', run });
    }
    const children = this.state.children(name);
    this.state.deleteJob(name);
    effects.push({ kind: 'forget-job', name }, { kind: 'forget-history', name });
    for (const taskId of this.state.past.forget(name)) {
      effects.push({ kind: 'forget-past-run', taskId });
    }
    for (const child of children) effects.push(...this.starts.consider(child, now));
    return ok([...effects, notifyDeleted(entry.job, now)]);
  }

  private put(job: Job, before: JobEntry | undefined, now: Instant): readonly ChronosEffect[] {
    const kept = before !== undefined && hasSameSchedule(before.job, job) ? before : undefined;
    const record: JobRecord = {
      job: withCronAfter(job, kept?.job, now),
      setAt: kept?.setAt ?? now,
      missed: before?.missed ?? [],
      parentCounts: {},
    };
    this.state.putJob(record);
    const saved: ChronosEffect = { kind: 'save-job', record };
    return [saved, ...this.starts.consider(job.name, now)];
  }

  /** What becomes of a child whose parent is deleted (section 6.4). */
  private orphan(child: string, parent: JobEntry): readonly ChronosEffect[] {
    const entry = this.state.stored(child);
    if (entry === undefined) return [];
    const { trigger } = parent.job;
    const parents = parentsOf(entry.job).filter((name) => name !== parent.job.name);
    const inherited =
      trigger.kind === 'parents' ? [...new Set([...parents, ...trigger.parents])] : [];
    const record: JobRecord = {
      job: {
        ...entry.job,
        trigger: trigger.kind === 'schedule' ? trigger : { kind: 'parents', parents: inherited },
      },
      setAt: parent.setAt,
      missed: entry.missed,
      parentCounts: {},
    };
    this.state.putJob(record);
    return [{ kind: 'save-job', record }];
  }
}

function checkCommon(job: Job, before: JobEntry | undefined): Refusal | undefined {
  if (before === undefined && job.uris.length > 0 && job.fetch.length > 0) {
    return requirementFailed(
      `Tried to add both uri (deprecated) and fetch parameters on ${job.name}`,
    );
  }
  if (job.epsilon !== undefined && parsePeriod(job.epsilon) === undefined) {
    return refuse(`Cannot parse epsilon '${job.epsilon}'`);
  }
  return undefined;
}

/** A cron expression starts with its first time from now on; when it stays, it goes on. */
function withCronAfter(job: Job, kept: Job | undefined, now: Instant): Job {
  if (job.trigger.kind !== 'schedule' || !isCron(job.trigger.schedule)) return job;
  const before = kept?.trigger.kind === 'schedule' ? kept.trigger.cronAfter : undefined;
  return { ...job, trigger: { ...job.trigger, cronAfter: before ?? now } };
}

function hasSameSchedule(before: Job, after: Job): boolean {
  const [a, b] = [before.trigger, after.trigger];
  if (a.kind !== 'schedule' || b.kind !== 'schedule') return false;
  return a.schedule === b.schedule && a.timeZone === b.timeZone;
}

function notifyDeleted(job: Job, at: Instant): ChronosEffect {
  return { kind: 'notify', job, notice: { kind: 'deleted' }, at };
}
