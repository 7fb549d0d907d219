/** Tells owners what has become of their jobs: mail, Slack, Mattermost, HTTP, Sentry (spec chronos, 7.2). */
import type { Clock, Timer } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import { formatDouble, writeJson } from '../../core/wire/json-text.ts';
import { LetterBatches } from './letter-batches.ts';
import { joinLetters, type Letter, type Notification, writeLetter } from './letters.ts';
import type { Mailer } from './mail.ts';
import type { NotificationOptions } from './options.ts';
import { sentryEvent, sentryHeaders } from './sentry.ts';

export interface NotifierPorts {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly log: Log;
  readonly random: Random;
  readonly mailer?: Mailer | undefined;
}

/** Notifications under way; more are dropped and logged, so that a dead server cannot pile them up. */
const UNDER_WAY_MAX = 100;
const TIMEOUT_MS = seconds(10);
const STOP_GRACE_MS = seconds(2);
const ANSWER_BYTES_MAX = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };

type Channel = 'mail' | 'slack' | 'mattermost' | 'http' | 'sentry';

export class Notifier {
  private readonly options: NotificationOptions;
  private readonly ports: NotifierPorts;
  private readonly batches: LetterBatches;
  private readonly channels: readonly Channel[];
  private readonly underWay = new Set<Promise<void>>();
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(options: NotificationOptions, ports: NotifierPorts) {
    this.options = options;
    this.ports = ports;
    this.batches = new LetterBatches(options);
    this.channels = [
      ...(ports.mailer === undefined ? [] : ['mail' as const]),
      ...(options.slackUrl === undefined ? [] : ['slack' as const]),
      ...(options.mattermostUrl === undefined ? [] : ['mattermost' as const]),
      ...(options.httpUrl === undefined ? [] : ['http' as const]),
      ...(options.sentry === undefined ? [] : ['sentry' as const]),
    ];
  }

  /** One notification per owner and channel, as long as they are not too many; failures are logged only. */
  notify(notification: Notification): void {
    const letter = writeLetter(notification, this.options.clusterName);
    const now = this.ports.clock.now();
    for (const owner of notification.job.owner.split(/\s*,\s*/)) {
      for (const channel of this.channels) {
        if (this.batches.admit(`${channel} ${owner}`, letter, now)) {
          this.deliver(channel, owner, letter);
        }
      }
    }
    this.wake();
  }

  /** Sends what was gathered and waits a short while for what is under way. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.cancel();
    this.flush(true);
    if (this.underWay.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.ports.clock.setTimer(STOP_GRACE_MS, resolve);
      void Promise.allSettled(this.underWay).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  private flush(isLast: boolean): void {
    for (const batch of this.batches.take(this.ports.clock.now(), isLast)) {
      const [channelName = '', owner = ''] = batch.recipient.split(/ (.*)/s);
      const channel = this.channels.find((each) => each === channelName);
      const { letters, droppedCount } = batch;
      const letter = joinLetters(letters, droppedCount, this.options.clusterName);
      if (channel !== undefined && letter !== undefined) this.deliver(channel, owner, letter);
    }
  }

  private wake(): void {
    const at = this.batches.nextAt;
    this.timer?.cancel();
    if (at === undefined || this.isStopped) return;
    this.timer = this.ports.clock.setTimer(Math.max(0, at - this.ports.clock.now()), () => {
      this.flush(false);
      this.wake();
    });
  }

  private deliver(channel: Channel, owner: string, letter: Letter): void {
    if (this.underWay.size >= UNDER_WAY_MAX) {
      this.ports.log.warn({ channel }, 'a notification was dropped, too many are under way');
      return;
    }
    const sent = this.send(channel, owner, letter).catch((thrown: unknown) => {
      const fields = { channel, job: letter.job.name, error: describeError(thrown) };
      this.ports.log.warn(fields, 'a notification was not delivered');
    });
    this.underWay.add(sent);
    void sent.finally(() => this.underWay.delete(sent));
  }

  private async send(channel: Channel, owner: string, letter: Letter): Promise<void> {
    const { subject, message } = letter;
    const { slackUrl, mattermostUrl, httpUrl, httpCredentials, sentry } = this.options;
    const chat = JSON.stringify(message === undefined ? {} : { text: `${subject}: ${message}` });
    if (channel === 'mail') {
      await this.ports.mailer?.send({ to: owner, subject, text: message ?? '' });
    } else if (channel === 'slack' && slackUrl !== undefined) {
      await this.post(slackUrl, chat, {});
    } else if (channel === 'mattermost' && mattermostUrl !== undefined) {
      await this.post(mattermostUrl, chat, JSON_TYPE);
    } else if (channel === 'sentry' && sentry !== undefined) {
      const { random, clock } = this.ports;
      const event = sentryEvent(letter, owner, random.uuid(), clock.now());
      await this.post(sentry.url, writeJson(event), sentryHeaders(sentry));
    } else if (httpUrl !== undefined) {
      const headers = { ...JSON_TYPE, ...authorization(httpCredentials) };
      await this.post(httpUrl, JSON.stringify(document(letter, owner)), headers);
    }
  }

  private async post(
    url: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { http } = this.ports;
    const request = { method: 'POST', url, headers, body, headTimeoutMs: TIMEOUT_MS } as const;
    const response = await http.request(request);
    await response.text(ANSWER_BYTES_MAX);
    if (response.status >= 400) throw new Error(`the server answered ${response.status}`);
  }
}

/** All members are texts. */
function document(letter: Letter, owner: string): Readonly<Record<string, string>> {
  const { job } = letter;
  return {
    subject: letter.subject,
    ...(letter.message === undefined ? {} : { message: letter.message }),
    ...(owner === '' ? {} : { to: owner }),
    job: job.name,
    command: job.command,
    cpus: formatDouble(job.cpus),
    softError: String(job.softError),
    errorCount: String(job.errorCount),
    errorsSinceLastSuccess: String(job.errorsSinceLastSuccess),
    executor: job.executor,
    executorFlags: job.executorFlags,
    lastError: job.lastError,
    lastSuccess: job.lastSuccess,
    mem: formatDouble(job.mem),
    retries: String(job.retries),
    successCount: String(job.successCount),
    uris: [...job.fetch.map((each) => each.uri), ...job.uris].join(','),
  };
}

function authorization(credentials: string | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}
