/** Tells owners what has become of their jobs: Slack, Mattermost, HTTP (spec chronos, section 7.2). */
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { Job } from './job.ts';
import type { NotificationOptions } from './options.ts';
import type { ChronosEffect, JobNotice } from './records.ts';

type Notification = Extract<ChronosEffect, { readonly kind: 'notify' }>;

interface Letter {
  readonly subject: string;
  /** Undefined when the subject says it all. */
  readonly message: string | undefined;
}

/** Notifications under way; more are dropped and logged, so that a dead server cannot pile them up. */
const UNDER_WAY_MAX = 100;
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

export class Notifier {
  private readonly options: NotificationOptions;
  private readonly http: HttpClient;
  private readonly log: Log;
  private underWay = 0;

  constructor(options: NotificationOptions, http: HttpClient, log: Log) {
    this.options = options;
    this.http = http;
    this.log = log;
  }

  /** One notification per owner and channel; failures are logged only. */
  notify(notification: Notification): void {
    const letter = write(notification, this.options.clusterName);
    for (const owner of notification.job.owner.split(/\s*,\s*/)) {
      const { slackUrl, mattermostUrl, httpUrl } = this.options;
      const chat = JSON.stringify(
        letter.message === undefined ? {} : { text: `${letter.subject}: ${letter.message}` },
      );
      const json = { 'content-type': 'application/json' };
      if (slackUrl !== undefined) this.post(slackUrl, chat, {});
      if (mattermostUrl !== undefined) this.post(mattermostUrl, chat, json);
      if (httpUrl !== undefined) {
        const body = JSON.stringify(document(notification.job, letter, owner));
        this.post(httpUrl, body, { ...json, ...authorization(this.options.httpCredentials) });
      }
    }
  }

  private post(url: string, body: string, headers: Readonly<Record<string, string>>): void {
    if (this.underWay >= UNDER_WAY_MAX) {
      this.log.warn({ url }, 'a notification was dropped, too many are under way');
      return;
    }
    this.underWay += 1;
    this.http
      .request({ method: 'POST', url, headers, body, headTimeoutMs: TIMEOUT_MS })
      .then((response) => response.text(ANSWER_BYTES_MAX))
      .catch((thrown: unknown) => {
        this.log.warn({ url, error: describeError(thrown) }, 'a notification was not delivered');
      })
      .finally(() => {
        this.underWay -= 1;
      });
  }
}

function write(notification: Notification, clusterName: string | undefined): Letter {
  const { job, notice, at } = notification;
  const prefix = `${clusterName === undefined ? '' : `[${clusterName}]`} [Chronos]`;
  const now = new Date(at).toISOString();
  switch (notice.kind) {
    case 'deleted':
      return { subject: `${prefix} Your job '${job.name}' was deleted!`, message: undefined };
    case 'exhausted':
      return {
        subject: `${prefix} job '${job.name}' disabled`,
        message:
          `JobSchedule '${job.name}' has exhausted all of its recurrences and has been disabled.\n` +
          'Please consider either removing your job, or updating its schedule and re-enabling it.',
      };
    case 'disabled': {
      const cause = `\nFailed at '${now}', ${notice.failures} failures since last success\n`;
      const message = `${cause}Task id: ${notice.taskId}\n${providedText(notice)}`;
      return { subject: `${prefix} job '${job.name}' disabled`, message };
    }
    case 'failed': {
      const cause = `\n'${now}'. Retries attempted: ${job.retries}.\n`;
      const message = `${cause}Task id: ${notice.taskId}\n${providedText(notice)}`;
      return { subject: `${prefix} job '${job.name}' failed!`, message };
    }
  }
}

function providedText(notice: Extract<JobNotice, { readonly text: string | undefined }>): string {
  const { text } = notice;
  return text === undefined ? '' : `The scheduler provided this message:\n\n${text}`;
}

/** All members are texts. */
function document(job: Job, letter: Letter, owner: string): Readonly<Record<string, string>> {
  return {
    subject: letter.subject,
    ...(letter.message === undefined ? {} : { message: letter.message }),
    ...(owner === '' ? {} : { to: owner }),
    job: job.name,
    command: job.command,
    cpus: String(job.cpus),
    softError: String(job.softError),
    errorCount: String(job.errorCount),
    errorsSinceLastSuccess: String(job.errorsSinceLastSuccess),
    executor: job.executor,
    executorFlags: job.executorFlags,
    lastError: job.lastError,
    lastSuccess: job.lastSuccess,
    mem: String(job.mem),
    retries: String(job.retries),
    successCount: String(job.successCount),
    uris: [...job.fetch.map((each) => each.uri), ...job.uris].join(','),
  };
}

function authorization(credentials: string | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}
