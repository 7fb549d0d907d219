import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf } from '../../../../core/master/http/operator-changes.ts';
import { encodeMessage } from '../../../../core/wire/codec.ts';

test('a grace period beyond 64 bits of nanoseconds becomes the longest that the agent can be told', () => {
  for (const seconds of [9_223_372_036_854_775_000, -9_223_372_036_854_775_000, 1e15]) {
    const change = changeOf({
      type: 'DRAIN_AGENT',
      drain_agent: { agent_id: { value: 'a' }, max_grace_period: { seconds } },
    });
    assert.ok(change?.ok && change.value.kind === 'drain-agent');
    const period = change.value.maxGracePeriod;
    assert.ok(period !== undefined);
    assert.equal(Math.sign(period.nanoseconds), Math.sign(seconds));
    assert.ok(encodeMessage('mesos.v1.DurationInfo', period).length > 0);
  }
});
