/** Multiplies: the number comes in the task's data, its factorial goes back in the status. */
import { serveTasks } from '../work-executor.ts';

const NUMBER_MAX = 5_000;

await serveTasks('factorial', (input) => {
  const number = Number(input);
  if (!Number.isInteger(number) || number < 0 || number > NUMBER_MAX) {
    throw new Error(`'${input}' is no whole number from 0 to ${NUMBER_MAX}`);
  }
  let product = 1n;
  for (let factor = 2; factor <= number; factor += 1) product *= BigInt(factor);
  return String(product);
});
