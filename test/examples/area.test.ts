import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression } from '../../examples/area/expression.ts';
import { areaUnder, tilesOf } from '../../examples/area/tiles.ts';

const VALUES: readonly (readonly [text: string, x: number, value: number])[] = [
  ['x', 3, 3],
  ['2*x+1', 3, 7],
  ['1+2*x^2', 3, 19],
  ['-x^2', 3, -9],
  ['2^-x', 1, 0.5],
  ['2^3^2', 0, 512],
  ['10 - 4 - 3', 0, 3],
  ['12 / 3 / 2', 0, 2],
  ['sqrt(x) * (x - 1)', 4, 6],
  ['sin(pi / 2) + log(e)', 0, 2],
  ['.5 + 1.', 0, 1.5],
];

test('expressions of x are read by the rules of arithmetic', () => {
  for (const [text, x, value] of VALUES) assert.equal(parseExpression(text)(x), value, text);
});

test('what is no expression is refused, and nothing of it is run', () => {
  for (const text of [
    '',
    'y',
    'x x',
    '(x',
    'x)',
    'process',
    'constructor(x)',
    '1..2',
    'x;x',
    'sin',
  ]) {
    assert.throws(() => parseExpression(text), Error, text);
  }
});

test('tiles cover the rectangle, and finer grids come closer to the area', () => {
  const whole = { expression: 'x^2', x: [0, 3], y: [0, 9], points: 300 } as const;
  for (const count of [1, 2, 3, 4, 6, 7, 9]) {
    const tiles = tilesOf(whole, count);
    const covered = tiles.map(({ x, y }) => (x[1] - x[0]) * (y[1] - y[0]));
    assert.ok(Math.abs(covered.reduce((a, b) => a + b) - 27) < 1e-9);
    const area = tiles.reduce((sum, tile) => sum + areaUnder(tile), 0);
    assert.ok(Math.abs(area - 9) < 0.1, `${count} tiles: ${area}`);
  }
});
