/** `-webhook_config`: who is told of the states of tasks (spec aurora-scheduler, section 10.2). */
import { optionalFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { readJsonFlag } from './flag-values.ts';
import { isScheduleStatus, type ScheduleStatus } from './machine/schedule-status.ts';
import { isTable } from './thrift/plain-json.ts';
import type { WebhookOptions } from './webhook.ts';

export const WEBHOOK_FLAGS = {
  webhook_config: optionalFlag('path', {
    help: 'File with targetURL, headers, timeoutMsec and statuses: who is told of tasks.',
  }),
} as const;

/** A hearer who takes longer holds up what is told after it. */
const TIMEOUT_MAX_MS = 600_000;
const ALL = '*';
const KEYS: ReadonlySet<string> = new Set(['headers', 'targetURL', 'timeoutMsec', 'statuses']);

export function compileWebhook(path: string | undefined): Result<WebhookOptions | undefined> {
  if (path === undefined) return ok(undefined);
  return readJsonFlag('webhook_config', path, parseWebhook);
}

export function parseWebhook(file: unknown): Result<WebhookOptions> {
  if (!isTable(file)) return flaw('the file is no object');
  const unknown = Object.keys(file).find((key) => !KEYS.has(key));
  if (unknown !== undefined) return flaw(`there is no '${unknown}'`);
  const { headers, targetURL, timeoutMsec } = file;
  if (typeof targetURL !== 'string' || !/^https?:$/.test(URL.parse(targetURL)?.protocol ?? '')) {
    return flaw(`'targetURL' is no address`);
  }
  if (typeof timeoutMsec !== 'number' || !Number.isSafeInteger(timeoutMsec) || timeoutMsec < 1) {
    return flaw(`'timeoutMsec' is no number above 0`);
  }
  if (timeoutMsec > TIMEOUT_MAX_MS) return flaw(`'timeoutMsec' is above ${TIMEOUT_MAX_MS}`);
  if (!isTable(headers)) return flaw(`'headers' is no object`);
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') return flaw(`header '${name}' is no text`);
    texts[name] = value;
  }
  const statuses = statusesOf(file['statuses']);
  if (!statuses.ok) return statuses;
  return ok({ url: targetURL, headers: texts, timeoutMs: timeoutMsec, statuses: statuses.value });
}

function statusesOf(list: unknown): Result<ReadonlySet<ScheduleStatus> | undefined> {
  if (list === undefined || list === null) return ok(undefined);
  if (!Array.isArray(list)) return flaw(`'statuses' is no list`);
  if (list.includes(ALL)) return ok(undefined);
  const statuses = new Set<ScheduleStatus>();
  for (const each of list) {
    if (!isScheduleStatus(each)) return flaw(`there is no status '${String(each)}'`);
    statuses.add(each);
  }
  return ok(statuses);
}

function flaw<T>(what: string): Result<T> {
  return err(`Flag 'webhook_config': ${what}`);
}
