/** Task ids (spec chronos, section 5.3), a line per form. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { formatTaskId, parseTaskId } from '../../../schedulers/chronos/task-id.ts';

const AT = 1_420_843_781_398;

const FORMATS: readonly (readonly [text: string, id: string])[] = [
  ['', `ct:${AT}:0:backup:`],
  ['-a 1 -b 2', `ct:${AT}:0:backup:-a 1 -b 2`],
  ['-c 1 ; ./evil.sh', `ct:${AT}:0:backup:-c 1  ./evil.sh`],
  ['a:b;;c', `ct:${AT}:0:backup:a:bc`],
];

for (const [text, id] of FORMATS) {
  test(`a run with the arguments '${text}' is ${id}`, () => {
    const key = { due: AT, attempt: 0, jobName: 'backup', arguments: text };
    assert.equal(formatTaskId(key), id);
    assert.deepEqual(parseTaskId(id), { ...key, arguments: text.replaceAll(';', '') });
  });
}

const PARSED: readonly (readonly [id: string, key: readonly unknown[] | undefined])[] = [
  ['ct:1:0:x', [1, 0, 'x', '']],
  ['ct:1:0:x:', [1, 0, 'x', '']],
  ['ct:1:3:x.y-z_1:a', [1, 3, 'x.y-z_1', 'a']],
  ['ct:1:0:x:a:b', [1, 0, 'x', 'a:b']],
  ['ct:1:0:x:a\nb', [1, 0, 'x', 'a\nb']],
  ['ct::0:x:', undefined],
  ['ct:1::x:', undefined],
  ['ct:1:0::', undefined],
  ['ct:-1:0:x:', undefined],
  ['ct:1:0', undefined],
  ['xct:1:0:x:', undefined],
  ['web.1', undefined],
  ['', undefined],
];

for (const [id, expected] of PARSED) {
  test(`${JSON.stringify(id)} ${expected === undefined ? 'is no id of a run' : `is a run of ${expected[2]}`}`, () => {
    const key = parseTaskId(id);
    const fields = key && [key.due, key.attempt, key.jobName, key.arguments];
    assert.deepEqual(fields, expected);
  });
}
