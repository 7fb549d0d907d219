/** Every recorded malformed or forbidden request gets the recorded status and body. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
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
    const { body } = request;
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => name !== 'Content-Length'),
    );
    const answer = await it.server.app.inject({
      method: request.method,
      url: request.path,
      headers: headers as Record<string, string>,
      ...(body === undefined
        ? {}
        : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    assert.equal(answer.statusCode, response.status);
    assert.equal(answer.body, response.text);
    for (const name of ['content-type', 'allow']) {
      assert.equal(answer.headers[name], response.headers[name], name);
    }
    const streamId = answer.headers['mesos-stream-id'];
    assert.equal(streamId === undefined, response.headers['mesos-stream-id'] === undefined);
  });
}
