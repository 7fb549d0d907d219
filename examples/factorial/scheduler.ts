/** Factorials, one task per number: `node examples/factorial/scheduler.ts --master=localhost:5050 5 20`. */
import { parseArgs } from 'node:util';
import { runWork } from '../work-list.ts';

const master = { type: 'string', default: '127.0.0.1:5050' } as const;
const { values, positionals } = parseArgs({ options: { master }, allowPositionals: true });
const numbers = positionals.length === 0 ? ['10'] : positionals;

await runWork(
  values.master,
  'factorial',
  numbers.map((number) => ({
    name: `factorial-${number}`,
    executor: 'factorial',
    program: 'factorial/executor.ts',
    input: number,
    onAnswer: (answer) => {
      console.log(`${number}! = ${answer}`);
      return [];
    },
  })),
);
