/** Requests of pages: JSON to the own server, and JSONP to other daemons of the cluster. */

import { isJson } from './reading.ts';

/** An answer that is none of 2xx, or none at all (`status` 0). */
export class RequestError extends Error {
  readonly status: number;
  /** One line for each thing that was wrong. */
  readonly details: readonly string[];

  constructor(status: number, message: string, details: readonly string[] = []) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Addresses are relative to the page, so that it also works behind a proxy's prefix. */
export async function requestJson(url: string, options: RequestOptions = {}): Promise<unknown> {
  const { method = 'GET', body, signal } = options;
  const response = await fetch(url, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  }).catch((thrown: unknown) => {
    throw new RequestError(0, `No answer: ${thrown instanceof Error ? thrown.message : thrown}`);
  });
  const text = await response.text();
  const answer = parsed(text);
  if (response.ok) return answer;
  throw new RequestError(response.status, messageOf(answer, text, response), detailsOf(answer));
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(answer: unknown, text: string, response: Response): string {
  if (isJson(answer) && typeof answer['message'] === 'string') return answer['message'];
  return text === '' ? `${response.status} ${response.statusText}` : text;
}

/** Marathon's `details`: a text, or `[{path, errors}]`. */
function detailsOf(answer: unknown): readonly string[] {
  if (!isJson(answer)) return [];
  const { details } = answer;
  if (typeof details === 'string') return [details];
  if (!Array.isArray(details)) return [];
  return details.flatMap((detail: unknown) => {
    if (!isJson(detail) || !Array.isArray(detail['errors'])) return [];
    return detail['errors'].map((error) => `${detail['path']}: ${error}`);
  });
}

const JSONP_LIMIT_MS = 10_000;
let lastCallback = 0;

/**
 * Reads JSON from another daemon, whose answers carry no leave for other origins: as a script, which the
 * originals' own pages do, too. It can tell no status: whatever goes wrong is one error.
 */
export function readJsonp(url: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  lastCallback += 1;
  const name = `orreryJsonp${lastCallback}`;
  const script = document.createElement('script');
  const finish = (): void => {
    clearTimeout(timer);
    script.remove();
    Reflect.deleteProperty(window, name);
  };
  const fail = (): void => {
    finish();
    reject(new RequestError(0, `Failed to connect to ${new URL(script.src).host}!`));
  };
  const timer = setTimeout(fail, JSONP_LIMIT_MS);
  Reflect.set(window, name, (value: unknown) => {
    finish();
    resolve(value);
  });
  script.onerror = fail;
  script.src = `${url}${url.includes('?') ? '&' : '?'}jsonp=${name}`;
  document.head.append(script);
  return promise;
}
