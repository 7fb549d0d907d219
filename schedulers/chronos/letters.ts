/** What owners are told, in words (spec chronos, section 7.2). */
import type { Job } from './job.ts';
import type { ChronosEffect, JobNotice } from './records.ts';

export type Notification = Extract<ChronosEffect, { readonly kind: 'notify' }>;

export interface Letter {
  readonly job: Job;
  readonly subject: string;
  /** Undefined when the subject says it all. */
  readonly message: string | undefined;
}

export function writeLetter(notification: Notification, clusterName: string | undefined): Letter {
  const { job, notice, at } = notification;
  const prefix = prefixOf(clusterName);
  const now = new Date(at).toISOString();
  switch (notice.kind) {
    case 'deleted': {
      const subject = `${prefix} Your job '${job.name}' was deleted!`;
      return { job, subject, message: undefined };
    }
    case 'exhausted':
      return {
        job,
        subject: `${prefix} job '${job.name}' disabled`,
        message:
          `JobSchedule '${job.name}' has exhausted all of its recurrences and has been disabled.\n` +
          'Please consider either removing your job, or updating its schedule and re-enabling it.',
      };
    case 'disabled': {
      const cause = `\nFailed at '${now}', ${notice.failures} failures since last success\n`;
      const message = `${cause}Task id: ${notice.taskId}\n${providedText(notice)}`;
      return { job, subject: `${prefix} job '${job.name}' disabled`, message };
    }
    case 'failed': {
      const cause = `\n'${now}'. Retries attempted: ${job.retries}.\n`;
      const message = `${cause}Task id: ${notice.taskId}\n${providedText(notice)}`;
      return { job, subject: `${prefix} job '${job.name}' failed!`, message };
    }
  }
}

/** Several letters to one recipient as one; a single one stays as it is. */
export function joinLetters(
  letters: readonly Letter[],
  droppedCount: number,
  clusterName: string | undefined,
): Letter | undefined {
  const first = letters[0];
  if (first === undefined || (letters.length === 1 && droppedCount === 0)) return first;
  const parts = letters.map(({ subject, message }) => `${subject.trim()}\n${message ?? ''}`.trim());
  if (droppedCount > 0) parts.push(`... and ${droppedCount} more`);
  const subject = `${prefixOf(clusterName)} ${letters.length + droppedCount} notifications`;
  return { job: first.job, subject, message: parts.join('\n\n') };
}

function prefixOf(clusterName: string | undefined): string {
  return `${clusterName === undefined ? '' : `[${clusterName}]`} [Chronos]`;
}

function providedText(notice: Extract<JobNotice, { readonly text: string | undefined }>): string {
  const { text } = notice;
  return text === undefined ? '' : `The scheduler provided this message:\n\n${text}`;
}
