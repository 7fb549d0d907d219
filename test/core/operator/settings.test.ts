/** Verbosity of the log, and the pace of the metrics endpoint, as the environment says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../../core/base/log.ts';
import { operatorSettings } from '../../../core/operator/settings.ts';

function written() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLog({ name: 'test', level: 'info', destination }) };
}

test('a raised verbosity shows debug lines of children, too, until it falls back', () => {
  const { lines, log } = written();
  const child = log.child({ part: 'a' });
  const settings = operatorSettings({}, log);
  assert.ok(settings.ok);
  child.debug({}, 'before');
  settings.value.onVerbosity?.(1);
  child.debug({}, 'during');
  settings.value.onVerbosity?.(0);
  child.debug({}, 'after');
  child.info({}, 'always');
  const texts = lines.map((line) => JSON.parse(line).msg);
  assert.deepEqual(texts, ['during', 'always']);
});

test('the rate of the metrics endpoint comes from the environment', () => {
  const { log } = written();
  const name = 'LIBPROCESS_METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT';
  const read = (text: string) => operatorSettings({ [name]: text }, log);
  const fast = read('10/1secs');
  assert.deepEqual(fast.ok && fast.value.metricsPace, { count: 10, periodMs: 1000 });
  assert.equal(read('fast').ok, false);
});
