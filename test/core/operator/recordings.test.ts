/** The comparison with recordings notices what it is there for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, formDifferences, formsIn, headerDifferences } from './recordings.ts';

const DATE = 'Sat, 21 Nov 2026 02:47:15 GMT';
const RECORDED = { date: DATE, 'content-type': 'text/plain', 'content-length': '3' };
const SAME = [
  ['Date', 'Sun, 22 Nov 2026 10:00:00 GMT'],
  ['Content-Type', 'text/plain'],
  ['Content-Length', '5'],
] as const;

test('header lines differ by order, case, number, value, and a length that is not the length', () => {
  const [date, type, length] = SAME;
  assert.deepEqual(headerDifferences(RECORDED, SAME, 5), []);
  const wrong = [
    [type, date, length],
    [date, type],
    [date, type, length, ['Connection', 'close']],
    [date, ['content-type', 'text/plain'], length],
    [date, ['Content-Type', 'text/html'], length],
    [['Date', 'today'], type, length],
  ] as const;
  for (const lines of wrong) assert.equal(headerDifferences(RECORDED, lines, 5).length, 1);
  assert.equal(headerDifferences(RECORDED, SAME, 4).length, 1);
});

test('documents differ by order, presence and values of keys, and by masked values of another type', () => {
  const recorded = { a: 1, list: [{ b: 'x' }], timestamp: 1.5 };
  assert.deepEqual(differences(recorded, { a: 1, list: [{ b: 'x' }], timestamp: 2.5 }), []);
  const wrong = [
    { list: [{ b: 'x' }], a: 1, timestamp: 1.5 },
    { a: 1, list: [{ b: 'x' }] },
    { a: 1, list: [{ b: 'x' }], timestamp: 1.5, more: 1 },
    { a: 2, list: [{ b: 'x' }], timestamp: 1.5 },
    { a: 1, list: [{ b: 'x' }, { b: 'x' }], timestamp: 1.5 },
    { a: 1, list: [{ b: 'y' }], timestamp: 1.5 },
    { a: 1, list: [{ b: 'x' }], timestamp: '1.5' },
  ];
  for (const ours of wrong) assert.equal(differences(recorded, ours).length, 1);
});

test('numbers differ by the form in which they are written', () => {
  const forms = formsIn(['{"value":4.0,"port":5051}']);
  assert.deepEqual(formDifferences(forms, '{"value":1e22,"port":80,"unknown":1}'), []);
  assert.equal(formDifferences(forms, '{"value":4,"port":5051.0}').length, 2);
});
