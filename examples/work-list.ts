/**
 * What the example frameworks share: a list of work, each piece run as one task of an executor program. Lost
 * and failed tasks are run again, answers may bring more work, and the framework ends when nothing is left.
 */
import { fileURLToPath } from 'node:url';
import {
  createScheduler,
  type Offer,
  type Resource,
  systemPorts,
  type TaskInfo,
  type TaskStatus,
} from '../core/scheduler/index.ts';

export interface Work {
  /** Starts the id of its task. */
  readonly name: string;
  /** The executor that runs it: work of one name shares a process on each agent. */
  readonly executor: string;
  /** The executor's program, beside this file; it must be there on the agents, too. */
  readonly program: string;
  /** Travels in `TaskInfo.data`. */
  readonly input: string;
  /** Gets the data of TASK_FINISHED; gives work that follows from it. */
  readonly onAnswer: (answer: string) => readonly Work[];
}

interface Running {
  readonly work: Work;
  readonly attempt: number;
  readonly agentId: Offer['agent_id'];
}

const NEEDS = { cpus: 0.1, mem: 32 };
/** For the executor itself, once per agent. */
const EXECUTOR_NEEDS = { cpus: 0.1, mem: 64 };
const ATTEMPTS_MAX = 5;
const OVER = [
  'FAILED',
  'LOST',
  'ERROR',
  'KILLED',
  'DROPPED',
  'GONE',
  'GONE_BY_OPERATOR',
  'UNKNOWN',
];

/** Resolves when all work is done; rejects when the master refuses, or a task fails too often. */
export async function runWork(master: string, name: string, work: readonly Work[]): Promise<void> {
  const ports = systemPorts(name);
  const done = Promise.withResolvers<void>();
  const waiting = work.map((each) => ({ work: each, attempt: 1 }));
  const running = new Map<string, Running>();
  let taskCount = 0;

  const take = (offer: Offer): TaskInfo[] => {
    const tasks: TaskInfo[] = [];
    let [cpus, mem] = [amountOf(offer, 'cpus'), amountOf(offer, 'mem')];
    for (;;) {
      cpus -= NEEDS.cpus + EXECUTOR_NEEDS.cpus;
      mem -= NEEDS.mem + EXECUTOR_NEEDS.mem;
      const next = cpus < 0 || mem < 0 ? undefined : waiting.shift();
      if (next === undefined) return tasks;
      const id = `${next.work.name}-${taskCount++}`;
      running.set(id, { ...next, agentId: offer.agent_id });
      tasks.push(taskOf(next.work, id, offer));
    }
  };

  const update = ({ task_id, state, data, message }: TaskStatus): void => {
    const task = running.get(task_id.value);
    if (task === undefined) return;
    const isOver = OVER.some((each) => state === `TASK_${each}`);
    if (state !== 'TASK_FINISHED' && !isOver) return;
    running.delete(task_id.value);
    if (isOver && task.attempt === ATTEMPTS_MAX) {
      done.reject(new Error(`${task_id.value} failed ${ATTEMPTS_MAX} times: ${message ?? state}`));
      return;
    }
    if (isOver) {
      console.log(`${task_id.value} ended with ${state}, trying it again`);
      waiting.push({ work: task.work, attempt: task.attempt + 1 });
    } else {
      const more = task.work.onAnswer(new TextDecoder().decode(data));
      waiting.push(...more.map((each) => ({ work: each, attempt: 1 })));
    }
    if (waiting.length > 0) scheduler.revive().catch(warn);
    else if (running.size === 0) done.resolve();
  };

  const scheduler = createScheduler(
    { master, framework: { user: process.env['USER'] ?? 'root', name } },
    {
      subscribed: ({ frameworkId, isResubscription }) => {
        console.log(`${name} runs as framework ${frameworkId}`);
        if (!isResubscription) return;
        // What happened meanwhile was told to nobody: ask for all tasks that are not over.
        const tasks = [...running].map(([id, { agentId }]) => ({ taskId: { value: id }, agentId }));
        if (tasks.length > 0) scheduler.reconcile(tasks).catch(warn);
      },
      // An offer without tasks is declined by accepting nothing of it.
      offers: (offers) => {
        for (const offer of offers) scheduler.launch([offer.id], take(offer)).catch(warn);
      },
      update,
      error: (text) => done.reject(new Error(`the master refused: ${text}`)),
    },
    ports,
  );
  const stop = (): void => done.reject(new Error('stopped'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await scheduler.start();
    await done.promise;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await scheduler.stop({ teardown: true });
    await ports.http.close();
  }
}

/** A call that did not arrive is made good by the next offers, or by reconciliation. */
function warn(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
}

function taskOf(work: Work, id: string, offer: Offer): TaskInfo {
  const program = fileURLToPath(new URL(work.program, import.meta.url));
  return {
    name: work.name,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: scalars(NEEDS),
    data: new TextEncoder().encode(work.input),
    executor: {
      executor_id: { value: work.executor },
      command: { value: `exec '${process.execPath}' '${program}'` },
      resources: scalars(EXECUTOR_NEEDS),
    },
  };
}

function scalars(amounts: Readonly<Record<string, number>>): readonly Resource[] {
  return Object.entries(amounts).map(([name, value]) => ({
    name,
    type: 'SCALAR',
    scalar: { value },
  }));
}

function amountOf(offer: Offer, name: string): number {
  return offer.resources?.find((each) => each.name === name)?.scalar?.value ?? 0;
}
