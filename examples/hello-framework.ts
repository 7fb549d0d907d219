/** The smallest useful framework: runs some tasks, waits for them, ends. Flags: --master --tasks. */
import { parseArgs } from 'node:util';
import {
  createScheduler,
  type Offer,
  systemPorts,
  type TaskInfo,
} from '../core/scheduler/index.ts';

const master = { type: 'string', default: '127.0.0.1:5050' } as const;
const tasks = { type: 'string', default: '3' } as const;
const { values } = parseArgs({ options: { master, tasks } });
const count = Number(values.tasks);
const needs = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
] as const;
let launched = 0;
let finished = 0;
const ports = systemPorts('hello');

function take(offer: Offer): TaskInfo[] {
  const amount = (name: string) =>
    offer.resources?.find((each) => each.name === name)?.scalar?.value ?? 0;
  const fits = Math.floor(Math.min(amount('cpus') / 0.1, amount('mem') / 32));
  return Array.from({ length: Math.min(fits, count - launched) }, () => ({
    name: 'hello',
    task_id: { value: `hello-${launched++}` },
    agent_id: offer.agent_id,
    resources: needs,
    command: { value: 'echo "hello from $(hostname)"' },
  }));
}

async function end(code: number): Promise<void> {
  await scheduler.stop({ teardown: true });
  await ports.http.close();
  process.exitCode = code;
}

const scheduler = createScheduler(
  { master: values.master, framework: { user: process.env['USER'] ?? 'root', name: 'hello' } },
  {
    subscribed: ({ frameworkId }) => console.log(`subscribed as ${frameworkId}`),
    offers: (offers) => {
      for (const offer of offers) scheduler.launch([offer.id], take(offer)).catch(console.error);
    },
    update: ({ task_id, state, message }) => {
      console.log(`${task_id.value} ${state}${message === undefined ? '' : `: ${message}`}`);
      if (state === 'TASK_FINISHED') finished += 1;
      else if (/FAILED|LOST|ERROR|KILLED/.test(state)) void end(1);
      if (finished === count) void end(0);
    },
    error: (message) => console.error(`refused: ${message}`),
  },
  ports,
);
await scheduler.start();
