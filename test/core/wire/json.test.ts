import assert from 'node:assert/strict';
import { test } from 'node:test';
import { err, ok } from '../../../core/base/result.ts';
import { decodeMessage, encodeMessage, isMessageName } from '../../../core/wire/codec.ts';
import { fromJson, parseJson, toJson, toJsonValue } from '../../../core/wire/json.ts';
import { double, formatDouble, RawJson, writeJson } from '../../../core/wire/json-text.ts';
import { RecordDecoder } from '../../../core/wire/recordio.ts';
import { isRecord } from '../../../core/wire/required.ts';
import { goldenList, readGolden, text } from './golden.ts';

const EVENT = 'mesos.v1.scheduler.Event';
const CALL = 'mesos.v1.scheduler.Call';

function read(tree: unknown) {
  const result = fromJson(CALL, tree);
  return result.ok ? result.value : result.error;
}

test('recorded events are written with the same keys, order, defaults and values', () => {
  const events = goldenList('scheduler-session.json').filter(({ event }) => event !== undefined);
  assert.ok(events.length > 50, `only ${events.length} events`);
  for (const { label, event } of events) {
    const value = fromJson(EVENT, event);
    assert.ok(value.ok, `${label}: ${value.ok ? '' : value.error}`);
    const written = toJson(EVENT, value.value);
    assert.equal(JSON.stringify(JSON.parse(written)), JSON.stringify(event), text(label));
    assert.equal(writeJson(toJsonValue(EVENT, value.value)), written);
    const binary = decodeMessage(EVENT, encodeMessage(EVENT, value.value));
    assert.ok(binary.ok);
    assert.equal(toJson(EVENT, binary.value), written);
  }
});

/** Everything in a recording that looks like an event: an object with a `type` and its member. */
function eventsIn(recording: unknown, types: RegExp): readonly unknown[] {
  if (Array.isArray(recording)) return recording.flatMap((each) => eventsIn(each, types));
  if (!isRecord(recording)) return [];
  const type = text(recording['type']);
  const isEvent = types.test(type) && recording[type.toLowerCase()] !== undefined;
  return isEvent ? [recording] : Object.values(recording).flatMap((each) => eventsIn(each, types));
}

test('recorded operator and executor events are written with the same keys and values', () => {
  const streams = [
    ['mesos.v1.master.Event', 'operator-event-stream.json', /^(TASK|AGENT|FRAMEWORK)_/],
    ['mesos.v1.executor.Event', 'executor-session.json', /^(SUBSCRIBED|LAUNCH|ACKNOWLEDGED|KILL)$/],
  ] as const;
  for (const [name, file, types] of streams) {
    const events = eventsIn(readGolden(file), types);
    assert.ok(events.length >= 5, `${file} has only ${events.length} events`);
    for (const event of events) {
      const value = fromJson(name, event);
      assert.ok(value.ok, value.ok ? '' : value.error);
      assert.equal(JSON.stringify(JSON.parse(toJson(name, value.value))), JSON.stringify(event));
    }
  }
});

test('recorded raw records are written to the byte', () => {
  let count = 0;
  for (const { label, text: raw } of goldenList('json-raw-records.json')) {
    for (const record of new RecordDecoder().push(Buffer.from(text(raw)))) {
      const bytes = Buffer.from(record).toString('utf8');
      const value = fromJson(EVENT, JSON.parse(bytes));
      assert.ok(value.ok);
      assert.equal(toJson(EVENT, value.value), bytes, text(label));
      count += 1;
    }
  }
  assert.equal(count, 6);
});

test('recorded refusals of JSON calls have the same text', () => {
  for (const { label, message, tree, error } of goldenList('json-input-errors.json')) {
    const name = text(message);
    assert.ok(isMessageName(name));
    assert.deepEqual(fromJson(name, tree), { ok: false, error }, text(label));
  }
});

test('text that is no JSON is refused in the words of the original', () => {
  const refusals: readonly (readonly [string, string])[] = [
    ['{not json', 'syntax error at line 1 near: not json'],
    ['', 'syntax error at line 1 near: '],
    ['nope', 'syntax error at line 1 near: ope'],
    ['abc', 'syntax error at line 1 near: abc'],
    ['{"a":1,}', 'syntax error at line 1 near: }'],
    ['{"a":1\n,\n"b":}\n', 'syntax error at line 3 near: }'],
    ['[1,2', 'syntax error at line 1 near: '],
    ['"a\nb"', 'syntax error at line 1 near: '],
    ['"\\x"', 'syntax error at line 1 near: "'],
    ['"\\u12g4"', 'syntax error at line 1 near: g4"'],
    ['{"a":1} b', 'Parsed JSON included non-whitespace trailing characters: b'],
    ['['.repeat(100_000), `syntax error at line 1 near: ${'['.repeat(99_500)}`],
  ];
  for (const [input, error] of refusals) assert.deepEqual(parseJson(input), { ok: false, error });
});

test('numbers that only the original parser takes are taken', () => {
  assert.deepEqual(parseJson('{"a":01,"b":[1.,-2],"c":"\\u0041\\n"}x'.slice(0, -1)), {
    ok: true,
    value: { a: 1, b: [1, -2], c: 'A\n' },
  });
});

test('input is read leniently', () => {
  assert.deepEqual(
    read({
      type: 'DECLINE',
      unknown: { x: 1 },
      framework_id: null,
      decline: { offer_ids: { value: 'o' }, filters: { refuse_seconds: '1.5' } },
    }),
    { type: 'DECLINE', decline: { offer_ids: [{ value: 'o' }], filters: { refuse_seconds: 1.5 } } },
  );
  assert.deepEqual(read({ type: 'NOPE' }), {});
  assert.deepEqual(
    read({
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: { user: 'u', name: 'n', checkpoint: 'true', failover_timeout: 'Infinity' },
      },
    }),
    {
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: {
          user: 'u',
          name: 'n',
          checkpoint: true,
          failover_timeout: Number.POSITIVE_INFINITY,
        },
      },
    },
  );
});

test('an unknown name of a required enum is refused', () => {
  const result = fromJson('mesos.v1.TaskStatus', { task_id: { value: 't' }, state: 'TASK_DONE' });
  assert.deepEqual(result, { ok: false, error: "Failed to find enum for 'TASK_DONE'" });
});

test('a boolean given as a wrong string is refused', () => {
  const tree = { subscribe: { framework_info: { user: 'u', name: 'n', checkpoint: 'yes' } } };
  assert.equal(
    read(tree),
    "Failed to parse 'yes' as a JSON boolean for field 'checkpoint': syntax error at line 1 near: yes",
  );
});

test('names that every object has are texts like others, and no numbers', () => {
  for (const text of ['constructor', '__proto__']) {
    assert.equal(
      read({ type: 'DECLINE', decline: { offer_ids: [], filters: { refuse_seconds: text } } }),
      `Failed to parse '${text}' as a JSON number for field 'refuse_seconds': syntax error at line 1 near: ${text}`,
    );
  }
});

test('halves of characters are refused, whole ones are not', () => {
  const tree = (name: string): string => `{"name":"${name}"}`;
  const near = (rest: string): string => `syntax error at line 1 near: ${rest}"}`;
  const rows = [
    ['\\ud83d\\ude00', '😀'],
    ['\\uD83D\\uDE00\\ud83d\\ude00', '😀😀'],
    ['\\\\ud83d', '\\ud83d'],
    ['\\ud83d', undefined, ''],
    ['\\ud83dx', undefined, 'x'],
    ['\\ud83d\\n', undefined, 'n'],
    ['\\ud83d\\ud83d', undefined, ''],
    ['\\ude00', undefined, ''],
    ['\\ud83d\\ude00\\ude00', undefined, ''],
  ] as const;
  for (const [text, name, rest] of rows) {
    const parsed = parseJson(tree(text));
    const expected = name === undefined ? err(near(rest)) : ok({ name });
    assert.deepEqual(parsed, expected, text);
  }
});

test('lists nested deeper than any stack are refused', () => {
  const ids = `${'['.repeat(40_000)}${']'.repeat(40_000)}`;
  const parsed = parseJson(`{"type":"DECLINE","decline":{"offer_ids":${ids}}}`);
  assert.ok(parsed.ok);
  assert.equal(read(parsed.value), "Field 'offer_ids' is nested too deeply");
});

test('maps are objects both ways, also with unusual keys', () => {
  const limits = JSON.parse('{"cpus":{"value":1},"__proto__":{"value":2}}');
  const tree = { name: 't', task_id: { value: 't' }, agent_id: { value: 'a' }, limits };
  const task = fromJson('mesos.v1.TaskInfo', tree);
  assert.ok(task.ok);
  assert.equal(
    toJson('mesos.v1.TaskInfo', task.value),
    '{"name":"t","task_id":{"value":"t"},"agent_id":{"value":"a"},' +
      '"limits":{"cpus":{"value":1.0},"__proto__":{"value":2.0}}}',
  );
  const again = decodeMessage('mesos.v1.TaskInfo', encodeMessage('mesos.v1.TaskInfo', task.value));
  assert.deepEqual(again, task);
});

test('doubles show a fraction or an exponent', () => {
  const texts: readonly (readonly [number, string])[] = [
    [4, '4.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1_455_643_643.42422, '1455643643.42422'],
    [1e20, '100000000000000000000.0'],
    [1e21, '1e21'],
    [1e22, '1e22'],
    [1e-7, '1e-7'],
    [1.5e-9, '1.5e-9'],
    [0.000001, '0.000001'],
    [Number.POSITIVE_INFINITY, '"Infinity"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ];
  for (const [value, expected] of texts) assert.equal(formatDouble(value), expected);
});

test('trees are written with doubles, raw fragments and without absent members', () => {
  const tree = { b: double(1), a: [1, null, 'x"\u0001/é'], no: undefined, raw: new RawJson('{}') };
  assert.equal(writeJson(tree), '{"b":1.0,"a":[1,null,"x\\"\\u0001/é"],"raw":{}}');
  assert.equal(writeJson({}), '{}');
  assert.equal(writeJson('\u000b\\u000b'), '"\\u000B\\\\u000b"');
});
