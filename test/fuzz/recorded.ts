/** The requests and messages of all recordings: what a fuzz run mutates. */
import { readdirSync, readFileSync } from 'node:fs';

export interface RecordedRequest {
  readonly target: 'master' | 'agent';
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A parsed JSON document, or text. */
  readonly body: unknown;
}

export interface RecordedMessage {
  readonly name: string;
  readonly body: Buffer;
}

const GOLDEN = new URL('../wire/golden/', import.meta.url);
const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

type Fields = Readonly<Record<string, unknown>>;

export function recordedRequests(): readonly RecordedRequest[] {
  const found = new Map<string, RecordedRequest>();
  for (const file of readdirSync(GOLDEN).sort()) {
    if (!file.endsWith('.json') || file.startsWith('libprocess-')) continue;
    const recording: unknown = JSON.parse(readFileSync(new URL(file, GOLDEN), 'utf8'));
    if (!Array.isArray(recording)) continue;
    for (const entry of recording) {
      const request = isFields(entry) ? requestIn(file, entry) : undefined;
      if (request !== undefined) found.set(JSON.stringify(request), request);
    }
  }
  return [...found.values()];
}

export function recordedMessages(): readonly RecordedMessage[] {
  const found = new Map<string, RecordedMessage>();
  for (const file of readdirSync(GOLDEN).sort()) {
    if (!file.startsWith('libprocess-')) continue;
    const recording: unknown = JSON.parse(readFileSync(new URL(file, GOLDEN), 'utf8'));
    for (const entry of Array.isArray(recording) ? recording : []) {
      if (!isFields(entry)) continue;
      const name = /^POST \/\S*?(mesos\.[\w.]+) /.exec(textOf(entry['start_line']))?.[1];
      if (name === undefined) continue;
      const base64 = textOf(entry['body_base64']);
      found.set(name + base64, { name, body: Buffer.from(base64, 'base64') });
    }
  }
  return [...found.values()];
}

function requestIn(file: string, entry: Fields): RecordedRequest | undefined {
  const { request } = entry;
  if (!isFields(request)) return undefined;
  const path = textOf(request['path']);
  const isAgent =
    / agent |^agent/.test(textOf(entry['label'])) ||
    entry['port'] === 15_051 ||
    file.startsWith('agent-') ||
    file.startsWith('executor-');
  const target = isAgent ? 'agent' : 'master';
  if (path === '') return callIn(file, request);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(
    isFields(request['headers']) ? request['headers'] : {},
  )) {
    if (!/^(content-length|host)$/i.test(name)) headers[name.toLowerCase()] = String(value);
  }
  return { target, method: textOf(request['method']), url: path, headers, body: request['body'] };
}

/** Calls that were recorded without their request. */
function callIn(file: string, body: Fields): RecordedRequest | undefined {
  if (typeof body['type'] !== 'string') return undefined;
  const isExecutor = file.startsWith('executor-');
  return {
    target: isExecutor ? 'agent' : 'master',
    method: 'POST',
    url: isExecutor ? '/slave(1)/api/v1/executor' : '/api/v1/scheduler',
    headers: JSON_HEADERS,
    body,
  };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
