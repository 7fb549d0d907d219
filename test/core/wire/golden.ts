/** Reads recorded exchanges from `test/wire/golden`. */
import { readFileSync } from 'node:fs';
import { isRecord } from '../../../core/wire/required.ts';

const FOLDER = new URL('../../wire/golden/', import.meta.url);

export type GoldenEntry = Readonly<Record<string, unknown>>;

export function readGolden(name: string): unknown {
  const value: unknown = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
  return value;
}

export function goldenList(name: string): readonly GoldenEntry[] {
  const list = readGolden(name);
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export interface RecordedMessage {
  /** File and message name, for failure texts. */
  readonly label: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** Every libprocess message of the recordings (their answers and HTTP calls left out). */
export function recordedMessages(): readonly RecordedMessage[] {
  const found: RecordedMessage[] = [];
  for (const name of ['agent-and-tasks', 'agent-restart', 'driver', 'authentication']) {
    for (const entry of goldenList(`libprocess-${name}.json`)) {
      const [method, path = ''] = text(entry['start_line']).split(' ');
      const headers = Array.isArray(entry['headers']) ? entry['headers'].map(text) : [];
      const isMessage = headers.some((header) => header.startsWith('Libprocess-From'));
      if (method !== 'POST' || !isMessage) continue;
      const body = Buffer.from(text(entry['body_base64']), 'base64');
      found.push({ label: `${name} ${path}`, path, headers, body });
    }
  }
  return found;
}
