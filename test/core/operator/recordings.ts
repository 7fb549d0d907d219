/** Recorded exchanges with an original master and agent, and how ours are compared with them. */
import { readFileSync } from 'node:fs';

export interface Exchange {
  readonly label: string;
  readonly request: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
    readonly path: string;
    readonly headers: Readonly<Record<string, string | number>>;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly json?: unknown;
    readonly text?: string;
    readonly same_body_as?: string;
  };
}

export function exchangesOf(file: string): readonly Exchange[] {
  const url = new URL(`../../wire/golden/${file}`, import.meta.url);
  const list: readonly Exchange[] = JSON.parse(readFileSync(url, 'utf8'));
  const bodies = new Map<string, unknown>();
  return list.map((exchange) => {
    const { response, request, label } = exchange;
    const who = label.split(' ').slice(0, 2).join(' ');
    if (response.json !== undefined) bodies.set(`${who} ${request.path}`, response.json);
    if (response.same_body_as === undefined) return exchange;
    return {
      ...exchange,
      response: { ...response, json: bodies.get(`${who} ${response.same_body_as}`) },
    };
  });
}

/** Whether the body was recorded as JSON. */
export function isJson(response: Exchange['response']): boolean {
  return response.json !== undefined;
}

const CASED = /^(WWW-Authenticate|[A-Z][a-z]*(-[A-Z][a-z]*)*)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

export type HeaderLine = readonly [name: string, value: string];

/** What Node gives as one flat list, name after value. */
export function headerLines(rawHeaders: readonly string[]): readonly HeaderLine[] {
  return rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
  );
}

/**
 * Where header lines differ: none more, none less, in the recorded order, names in the original's case,
 * values equal but for dates and lengths, which must be a date and the length. Streams have no length.
 */
export function headerDifferences(
  recorded: Readonly<Record<string, string>>,
  ours: readonly HeaderLine[],
  bodyLength = -1,
): string[] {
  const names = ours.map(([name]) => name);
  const expected = Object.keys(recorded).join();
  const lower = names.map((name) => name.toLowerCase()).join();
  if (expected !== lower) return [`headers ${expected} recorded, ${lower} here`];
  const odd = names.filter((name) => !CASED.test(name)).map((name) => `odd case of ${name}`);
  const wrong = ours.flatMap(([name, value]) => {
    return valueDifferences(recorded, [name.toLowerCase(), value], bodyLength);
  });
  return [...odd, ...wrong];
}

function valueDifferences(
  recorded: Readonly<Record<string, string>>,
  [name, value]: HeaderLine,
  bodyLength: number,
): string[] {
  if (name === 'date') return DATE.test(value) ? [] : [`date ${value}`];
  if (name === 'mesos-stream-id') return UUID.test(value) ? [] : [`stream id ${value}`];
  const wanted = name === 'content-length' ? String(bodyLength) : recorded[name];
  return wanted === value ? [] : [`${name}: ${wanted} recorded, ${value} here`];
}

/** How numbers were written, by the key before them, in texts that were recorded raw. */
export type NumberForms = ReadonlyMap<string, 'double' | 'integer'>;

export function formsIn(texts: readonly string[]): NumberForms {
  const found = new Map<string, 'double' | 'integer'>();
  for (const text of texts) {
    for (const [, key = '', number = ''] of text.matchAll(/"(\w+)":(-?\d[\d.eE+-]*)/g)) {
      found.set(key, /[.e]/.test(number) ? 'double' : 'integer');
    }
  }
  return found;
}

/** Numbers that are written in another form than under the same key in a raw text. */
export function formDifferences(forms: NumberForms, text: string): string[] {
  return [...text.matchAll(/"([^"\\]+)":(-?\d[\d.eE+-]*)/g)].flatMap(
    ([shown, key, number = '']) => {
      const form = forms.get(key ?? '');
      const ours = /[.e]/.test(number) ? 'double' : 'integer';
      return form === undefined || form === ours ? [] : [`${shown} should be a ${form}`];
    },
  );
}

/** Values under these keys differ from run to run; only their type is compared. */
const MASKED: ReadonlySet<string> = new Set([
  'build_date',
  'build_time',
  'build_user',
  'start_time',
  'elected_time',
  'registered_time',
  'reregistered_time',
  'unregistered_time',
  'estimated_drain_start_time_seconds',
  'timestamp',
  'nanoseconds',
  'uuid',
  'status_update_uuid',
  'mtime',
  'executor_pid',
  'avg_load_1min',
  'avg_load_5min',
  'avg_load_15min',
  'cpus_total',
  'mem_free_bytes',
  'mem_total_bytes',
]);

/** Keys of the original's build that ours does not have; all of them are optional. */
const LEFT_OUT: ReadonlySet<string> = new Set(['git_sha', 'git_branch']);

/** Where two documents differ: paths with what was recorded and what came. Order counts. */
export function differences(recorded: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(recorded) && Array.isArray(ours)) {
    if (recorded.length !== ours.length) {
      return [`${path}: ${recorded.length} elements recorded, ${ours.length} here`];
    }
    return recorded.flatMap((each, at) => differences(each, ours[at], `${path}[${at}]`));
  }
  if (isRecord(recorded) && isRecord(ours)) {
    const expected = Object.keys(recorded).filter((key) => !LEFT_OUT.has(key));
    const keys = Object.keys(ours);
    if (expected.join() !== keys.join()) {
      return [`${path}: keys ${expected.join()} recorded, ${keys.join()} here`];
    }
    return keys.flatMap((key) => {
      if (MASKED.has(key) && typeof recorded[key] === typeof ours[key]) {
        if (typeof ours[key] !== 'object') return [];
      }
      return differences(recorded[key], ours[key], `${path}.${key}`);
    });
  }
  if (recorded === ours) return [];
  return [`${path}: ${JSON.stringify(recorded)} recorded, ${JSON.stringify(ours)} here`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
