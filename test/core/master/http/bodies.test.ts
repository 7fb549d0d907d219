/** Bodies of operators' requests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeForm, messagesIn } from '../../../../core/master/http/bodies.ts';
import { withDurationObject } from '../../../../core/master/http/operator-changes.ts';

test('a grace period may be a text, as the maintenance guide writes it', () => {
  const periods = ['10mins', '600s', '1.5secs', 'soon', { seconds: 2 }].map((max_grace_period) =>
    withDurationObject({ drain_agent: { max_grace_period } }),
  );
  assert.deepEqual(periods, [
    { drain_agent: { max_grace_period: { seconds: 600, nanos: 0 } } },
    { drain_agent: { max_grace_period: { seconds: 600, nanos: 0 } } },
    { drain_agent: { max_grace_period: { seconds: 1, nanos: 500_000_000 } } },
    { drain_agent: { max_grace_period: 'soon' } },
    { drain_agent: { max_grace_period: { seconds: 2 } } },
  ]);
  assert.equal(withDurationObject('text'), 'text');
});

test('a form decodes escapes byte by byte and names a bad one', () => {
  const form = decodeForm('slaveId=a%2Fb&resources=%5B%7B%22n%22%3A%22%C3%A4+b%22%7D%5D');
  assert.ok(form.ok);
  assert.deepEqual(
    [...form.value],
    [
      ['slaveId', 'a/b'],
      ['resources', '[{"n":"ä b"}]'],
    ],
  );
  assert.deepEqual(decodeForm('slaveId=%zz'), {
    ok: false,
    error: "Unable to decode query string: Malformed % escape in '%zz': '%zz'",
  });
});

test('a list that is no list is refused as JSON, a bad element as a message', () => {
  const refusals = ['nope', '{}', '[{"weight":"x"}]', '[3]'].map((body) => {
    const read = messagesIn('mesos.v1.WeightInfo', body);
    return read.ok ? 'taken' : read.error.isJson;
  });
  assert.deepEqual(refusals, [false, false, true, true]);
});
