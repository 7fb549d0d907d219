/** Failpoints: how they are named, when they kill. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILPOINTS, failpointsOf } from '../../../core/agent/failpoints.ts';
import { CountedFailpoint, parseFailpoint } from '../../../core/base/failpoints.ts';

test('a failpoint is a name, the number of its pass and a file', () => {
  const failpoint = { name: 'agent.append.before', pass: 3, file: '/tmp/a:b' };
  assert.deepEqual(parseFailpoint('agent.append.before:3:/tmp/a:b'), failpoint);
  for (const text of ['', 'a', 'a:0:/f', 'a:1:f', 'a:x:/f', ':1:/f']) {
    assert.equal(parseFailpoint(text), undefined, text);
  }
});

test('a failpoint kills when it is passed for its time, and only then', () => {
  let deaths = 0;
  const failpoint = new CountedFailpoint({ name: 'a', pass: 2, file: '/f' }, () => {
    deaths += 1;
  });
  for (const name of ['a', 'b', 'b']) failpoint.pass(name);
  assert.equal(deaths, 0);
  for (const name of ['a', 'a']) failpoint.pass(name);
  assert.equal(deaths, 1);
});

test('without the variable there are no failpoints, a wrong name is refused', () => {
  assert.equal(failpointsOf({}), undefined);
  assert.throws(() => failpointsOf({ ORRERY_FAILPOINT: 'agent.nothing.before:1:/f' }), {
    message: "ORRERY_FAILPOINT 'agent.nothing.before:1:/f' names no failpoint",
  });
  assert.equal(new Set(FAILPOINTS).size, FAILPOINTS.length);
});
