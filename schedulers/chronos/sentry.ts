/** Notifications as events of Sentry, in version 7 of its protocol (spec chronos, section 7.2). */
import type { Instant } from '../../core/base/clock.ts';
import { double, type JsonObject } from '../../core/wire/json-text.ts';
import type { Letter } from './letters.ts';

/** Where events go, out of an address `https://key[:secret]@host[:port][/path]/project`. */
export interface SentryTarget {
  readonly url: string;
  readonly key: string;
  readonly secret: string | undefined;
}

const VERSION = 7;
const CLIENT = 'orrery/1.0';

/** Undefined when it is no such address. */
export function parseSentryAddress(text: string): SentryTarget | undefined {
  if (!URL.canParse(text)) return undefined;
  // Clients of the original may have options for themselves before and behind.
  const { protocol, host, pathname, username, password } = new URL(text);
  const parts = pathname.split('/').filter((part) => part !== '');
  const project = parts.pop();
  if (!/^https?:$/.test(protocol) || username === '' || project === undefined) return undefined;
  const path = ['', ...parts, 'api', project, 'store', ''].join('/');
  return {
    url: `${protocol}//${host}${path}`,
    key: decodeURIComponent(username),
    secret: password === '' ? undefined : decodeURIComponent(password),
  };
}

export function sentryHeaders({ key, secret }: SentryTarget): Readonly<Record<string, string>> {
  const fields = [
    `sentry_version=${VERSION}`,
    `sentry_client=${CLIENT}`,
    `sentry_key=${key}`,
    ...(secret === undefined ? [] : [`sentry_secret=${secret}`]),
  ];
  return { 'content-type': 'application/json', 'x-sentry-auth': `Sentry ${fields.join(', ')}` };
}

/** `id` is a UUID. */
export function sentryEvent(letter: Letter, owner: string, id: string, at: Instant): JsonObject {
  const { job, subject, message = '' } = letter;
  return {
    event_id: id.replaceAll('-', ''),
    timestamp: new Date(at).toISOString().slice(0, 19),
    level: 'error',
    platform: 'other',
    message: `${subject}\n\n${message}`,
    tags: { owner, job: job.name, command: job.command },
    extra: {
      cpus: double(job.cpus),
      softError: job.softError,
      errorCount: job.errorCount,
      errorsSinceLastSuccess: job.errorsSinceLastSuccess,
      executor: job.executor,
      executorFlags: job.executorFlags,
      lastError: job.lastError,
      lastSuccess: job.lastSuccess,
      mem: double(job.mem),
      retries: job.retries,
      successCount: job.successCount,
      uris: [...job.fetch.map(({ uri }) => uri), ...job.uris].join(','),
    },
  };
}
