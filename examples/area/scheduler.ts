/**
 * The area under a curve in a rectangle, each tile by an executor of its own:
 * `node examples/area/scheduler.ts --master=localhost:5050 --tasks=4 x 0 10 0 10 100`.
 */
import { parseArgs } from 'node:util';
import { runWork } from '../work-list.ts';
import { parseExpression } from './expression.ts';
import { tilesOf } from './tiles.ts';

const TASKS_MAX = 100;
const POINTS_MAX = 10_000;

const master = { type: 'string', default: '127.0.0.1:5050' } as const;
const tasks = { type: 'string', default: '4' } as const;
const { values, positionals } = parseArgs({ options: { master, tasks }, allowPositionals: true });
const [expression = 'x', ...rest] = positionals;
const [left = 0, right = 10, bottom = 0, top = 10, points = 100] = rest.map(Number);
const count = Number(values.tasks);
parseExpression(expression);
const isCount = (value: number, max: number): boolean =>
  Number.isInteger(value) && value > 0 && value <= max;
if (!(left < right && bottom < top) || !isCount(points, POINTS_MAX) || !isCount(count, TASKS_MAX)) {
  throw new Error('usage: [--tasks=4] EXPRESSION LEFT RIGHT BOTTOM TOP POINTS');
}

const whole = { expression, x: [left, right], y: [bottom, top], points } as const;
const areas: number[] = [];
await runWork(
  values.master,
  'area',
  tilesOf(whole, count).map((tile, at) => ({
    name: `tile-${at}`,
    executor: `area-${at}`,
    program: 'area/executor.ts',
    input: JSON.stringify(tile),
    onAnswer: (answer) => {
      areas[at] = Number(answer);
      console.log(`tile ${at}, x ${tile.x.join(' to ')}, y ${tile.y.join(' to ')}: ${answer}`);
      return [];
    },
  })),
);
console.log(`the area under ${expression} is ${areas.reduce((sum, area) => sum + area, 0)}`);
