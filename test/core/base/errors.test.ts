import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, defined } from '../../../core/base/assert.ts';
import { background } from '../../../core/base/background.ts';
import { ClusterError, describeError, errorCode } from '../../../core/base/errors.ts';
import { createLog, type LogFields, silentLog } from '../../../core/base/log.ts';

test('a failure is described by its message and code', () => {
  const cause = new Error('reset');
  const error = new ClusterError('MASTER_UNREACHABLE', 'no master', { retriable: true, cause });
  assert.equal(describeError(error), 'no master (MASTER_UNREACHABLE)');
  assert.equal(error.cause, cause);
  assert.equal(describeError(new Error('plain')), 'plain');
  assert.equal(describeError('a text'), 'a text');
});

test('only an error has a code, and only as a text', () => {
  assert.equal(errorCode(Object.assign(new Error('gone'), { code: 'ENOENT' })), 'ENOENT');
  assert.equal(errorCode(Object.assign(new Error('gone'), { code: 2 })), undefined);
  assert.equal(errorCode(new Error('plain')), undefined);
  assert.equal(errorCode({ code: 'ENOENT' }), undefined);
  assert.equal(errorCode(undefined), undefined);
});

test('a broken assumption dies with its sentence', () => {
  assert.throws(() => check(false, 'offer O1 has two owners'), /offer O1 has two owners/);
  assert.throws(() => defined(undefined, 'agent A1'), /agent A1 is missing/);
  assert.equal(defined(0, 'zero'), 0);
});

test('background work reports its failure', async () => {
  const lines: (readonly [LogFields, string])[] = [];
  const log = {
    ...silentLog,
    error: (fields: LogFields, text: string) => lines.push([fields, text]),
  };
  background(log, Promise.reject(new Error('gone')), 'tell the agent');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(lines, [[{ error: 'gone' }, 'background work failed: tell the agent']]);
});

test('a log line is one JSON object with name, level, fields and text', () => {
  const lines: string[] = [];
  const log = createLog({
    name: 'master',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  log.debug({}, 'not shown');
  log.child({ agentId: 'A1' }).info({ tasks: 2 }, 'agent registered');
  assert.equal(lines.length, 1);
  const line: unknown = JSON.parse(lines[0] ?? '');
  assert.ok(typeof line === 'object' && line !== null);
  const expected = { name: 'master', agentId: 'A1', tasks: 2, msg: 'agent registered' };
  assert.deepEqual({ ...line, ...expected }, line);
});
