/** Every recorded malformed or forbidden request gets the recorded status, header lines and body. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ask, compareHead } from '../operator/raw-http.ts';
import { startMaster } from './master-builder.ts';

interface Recorded {
  readonly label: string;
  readonly request: {
    readonly method: 'GET' | 'POST' | 'PUT';
    readonly path: string;
    readonly headers: Readonly<Record<string, string | number>>;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  };
}

const FILE = new URL('../../wire/golden/scheduler-errors.json', import.meta.url);
const CASES: readonly Recorded[] = JSON.parse(readFileSync(FILE, 'utf8'));

for (const { label, request, response } of CASES) {
  test(`recorded request '${label}' gets its recorded answer`, async () => {
    await using it = await startMaster();
    const { port } = await it.server.listen();
    const answer = await ask(port, { request }, () => Promise.resolve());
    compareHead(answer, { response });
    assert.equal(answer.body.toString(), response.text);
  });
}
