/** Calls recorded from scheduler libraries that others wrote: each must be understood as it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJson, parseJson, toJson } from '../../../core/wire/json.ts';
import { isRecord } from '../../../core/wire/required.ts';
import { readGolden, text } from './golden.ts';

function callsOf(client: string): readonly string[] {
  const recording = readGolden(`clients/${client}.json`);
  const requests = isRecord(recording) ? recording['requests'] : undefined;
  return Array.isArray(requests)
    ? requests.filter(isRecord).map((request) => text(request['body']))
    : [];
}

/** A tree without its nulls and empty lists: both mean that nothing is set. */
function withoutNulls(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(withoutNulls);
  if (!isRecord(tree)) return tree;
  const isSet = (value: unknown): boolean =>
    value !== null && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => isSet(value))
      .map(([name, value]) => [name, withoutNulls(value)]),
  );
}

for (const [client, count] of [
  ['mesos-framework', 5],
  ['pymesos', 10],
] as const) {
  test(`every call that ${client} makes is read, and null means absent`, () => {
    const calls = callsOf(client);
    assert.equal(calls.length, count);
    for (const body of calls) {
      const tree = parseJson(body);
      assert.ok(tree.ok, body);
      const call = fromJson('mesos.v1.scheduler.Call', tree.value);
      assert.ok(call.ok, `${call.ok ? '' : call.error}: ${body}`);
      const written: unknown = JSON.parse(toJson('mesos.v1.scheduler.Call', call.value));
      assertCovers(withoutNulls(written), withoutNulls(tree.value), body);
    }
  });
}

/** Everything expected is there; defaults that the codec writes may be there too. */
function assertCovers(actual: unknown, expected: unknown, where: string): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual) && actual.length === expected.length, where);
    expected.forEach((each, index) => {
      assertCovers(actual[index], each, `${where}[${index}]`);
    });
    return;
  }
  if (!isRecord(expected)) {
    assert.equal(actual, expected, where);
    return;
  }
  assert.ok(isRecord(actual), where);
  for (const [name, value] of Object.entries(expected)) {
    assertCovers(actual[name], value, `${where} at ${name}`);
  }
}
