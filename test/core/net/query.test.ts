import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integerIn, queryIn } from '../../../core/net/query.ts';

test('the parts of a query are separated by ampersands and semicolons, and the last of a name counts', () => {
  const rows: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ['/state', []],
    ['/state?', []],
    ['/state?jsonp=cb', [['jsonp', 'cb']]],
    ['/state?jsonp=', [['jsonp', '']]],
    ['/state?jsonp', [['jsonp', '']]],
    [
      '/tasks?limit=1;offset=2',
      [
        ['limit', '1'],
        ['offset', '2'],
      ],
    ],
    ['/tasks?limit=1&limit=2', [['limit', '2']]],
    ['/x?a=%3B%26+b%2B=c', [['a', ';& b+=c']]],
    ['/x?&;&a=b;;', [['a', 'b']]],
    ['/x?a=b?c', [['a', 'b?c']]],
  ];
  for (const [url, expected] of rows) assert.deepEqual([...queryIn(url)], expected, url);
});

test('numbers of 32 bits are taken, decimal and hexadecimal', () => {
  const rows = [
    ...[
      ['0', 0],
      ['-1', -1],
      ['+5', 5],
      ['007', 7],
      ['0x10', 16],
      ['-0XfF', -255],
    ],
    ...[
      ['2147483647', 2 ** 31 - 1],
      ['-2147483648', -(2 ** 31)],
    ],
  ] as const;
  for (const [text, value] of rows) assert.equal(integerIn(text), value, text);
  const none = [null, '', ' 1', '1 ', '1.0', '1e3', '--1', '0x', '+0x1', 'true'];
  none.push('2147483648', '-2147483649', '99999999999999999999', '0x80000000');
  for (const text of none) assert.equal(integerIn(text), undefined, String(text));
  assert.equal(integerIn('99999999999999999999', 64), undefined);
  assert.equal(integerIn('2147483648', 64), 2 ** 31);
});
