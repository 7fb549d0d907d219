/**
 * 1,000 real `sleep` tasks on one agent: how fast they start and are killed, what one alone takes to run,
 * and what an idle task costs outside the task itself: growth of everything that is not a task's own
 * process, per task.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Offer } from '../../core/wire/types/mesos.v1.ts';
import { eventually } from '../e2e/support/programs.ts';
import {
  BenchFramework,
  type Cluster,
  REFUSE,
  shellTask,
  startCluster,
  within,
} from './cluster.ts';
import type { Benchmark, Figure } from './figures.ts';
import { processorMs, processTree, residentKib } from './measure.ts';

const TASKS = 1_000;
const PATIENCE_MS = 120_000;
const SETTLE_MS = 3_000;
/** Tasks one after another, for the time from ACCEPT to TASK_RUNNING. */
const SINGLE_TASKS = 11;
/** Unlikely to be the argument of anybody else's `sleep`. */
const SLEEP = 'sleep 86399';

export const tasksBenchmark: Benchmark = {
  name: 'tasks',
  what: `${TASKS} idle tasks on one agent: launches and kills per second, memory per task`,
  run: measure,
};

async function measure(): Promise<readonly Figure[]> {
  const bare = await bareStarts();
  const cluster = await startCluster('cpus:1000;mem:100000;disk:100000;ports:[31000-32000]');
  const framework = new BenchFramework(cluster.masterAddress);
  try {
    await framework.scheduler.start();
    const first = await within(PATIENCE_MS, 'the first offer', framework.nextOffer());
    await runWarmUp(framework, first);
    await settle();
    const alone = residentKib(cluster.agent.pid);
    const runningMs: number[] = [];
    for (let at = 0; at < SINGLE_TASKS; at += 1) runningMs.push(await runOne(framework, at));
    const offer = await wholeOffer(framework);
    const before = overhead(cluster);
    const idle = processorUse(cluster);
    const launchSeconds = await launchAll(framework, offer);
    await settle();
    const launched = processorUse(cluster);
    const after = overhead(cluster);
    const sleeping = sleepers();
    if (sleeping.length < TASKS) throw new Error(`${sleeping.length} of ${TASKS} tasks sleep`);
    const killSeconds = await killAll(framework);
    await settle();
    const killed = processorUse(cluster);
    return [
      {
        name: `tasks: launches per second (${TASKS} tasks until TASK_RUNNING)`,
        value: TASKS / launchSeconds,
        unit: 'tasks/s',
        target: { bound: 'at least', value: 200 },
      },
      {
        name: `tasks: kills per second (${TASKS} tasks until TASK_KILLED)`,
        value: TASKS / killSeconds,
        unit: 'tasks/s',
        target: { bound: 'at least', value: 300 },
      },
      {
        name: 'tasks: ACCEPT to TASK_RUNNING, one task at a time, median',
        value: runningMs.sort((a, b) => a - b)[SINGLE_TASKS >> 1] ?? Number.NaN,
        unit: 'ms',
        target: { bound: 'at most', value: 25 },
      },
      {
        name: 'tasks: the agent alone',
        value: alone / 1_024,
        unit: 'MiB',
        target: { bound: 'at most', value: 80 },
      },
      {
        name: 'tasks: launches per bare start of the same command',
        value: TASKS / launchSeconds / bare,
        unit: 'ratio',
      },
      {
        name: 'tasks: memory per idle task outside the task',
        value: (after.kib - before.kib) / 1_024 / TASKS,
        unit: 'MiB',
        target: { bound: 'at most', value: 1 },
      },
      { name: 'tasks: bare starts of the same command here', value: bare, unit: 'tasks/s' },
      { name: 'tasks: agent and launcher before', value: before.kib / 1_024, unit: 'MiB' },
      { name: 'tasks: agent and launcher with all tasks', value: after.kib / 1_024, unit: 'MiB' },
      { name: 'tasks: processes outside the tasks', value: after.processes, unit: 'processes' },
      ...processorFigures('launch', idle, launched),
      ...processorFigures('kill', { ...launched, tasks: 0 }, killed),
    ];
  } finally {
    await framework.stop();
    await eventually('all tasks end', () => sleepers().length === 0 || undefined);
    await cluster.stop();
  }
}

/** The same shell command started without a cluster, one after another: what the machine allows. */
async function bareStarts(): Promise<number> {
  const count = 100;
  const start = performance.now();
  const children = Array.from({ length: count }, () =>
    spawn('/bin/sh', ['-c', SLEEP], { detached: true, stdio: 'ignore' }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const ended = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of children) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await Promise.all(ended);
  return count / seconds;
}

/** One task first: starting the launcher is not what is measured. */
async function runWarmUp(framework: BenchFramework, offer: Offer): Promise<void> {
  const task = shellTask(offer, 'warm-up', 'true', { cpus: 1, mem: 32 });
  await framework.scheduler.launch([offer.id], [task], { refuse_seconds: 0 });
}

/** Milliseconds from the ACCEPT of one short task until it runs. */
async function runOne(framework: BenchFramework, at: number): Promise<number> {
  const offer = await wholeOffer(framework);
  const { promise, resolve } = Promise.withResolvers<void>();
  framework.onUpdate = (status) => {
    if (status.state === 'TASK_RUNNING') resolve();
  };
  const task = shellTask(offer, `single-${at}`, 'sleep 0.2', { cpus: 1, mem: 32 });
  const start = performance.now();
  await framework.scheduler.launch([offer.id], [task], { refuse_seconds: 0 });
  await within(PATIENCE_MS, 'TASK_RUNNING of a single task', promise);
  return performance.now() - start;
}

/** An offer of everything the agent has: nothing runs any more. */
async function wholeOffer(framework: BenchFramework): Promise<Offer> {
  for (;;) {
    const next = await within(PATIENCE_MS, 'the offer after the first task', framework.nextOffer());
    const cpus = (next.resources ?? []).find(({ name }) => name === 'cpus')?.scalar?.value ?? 0;
    if (cpus === 1_000) return next;
    await framework.scheduler.decline([next.id], { refuse_seconds: 1 });
  }
}

/** Seconds from the ACCEPT until the last TASK_RUNNING. */
async function launchAll(framework: BenchFramework, offer: Offer): Promise<number> {
  const running = new Set<string>();
  const done = new Promise<void>((resolve, reject) => {
    framework.onUpdate = (status) => {
      if (status.state === 'TASK_RUNNING') running.add(status.task_id.value);
      else if (status.state !== 'TASK_STARTING') reject(new Error(`a task is ${status.state}`));
      if (running.size === TASKS) resolve();
    };
  });
  const tasks = Array.from({ length: TASKS }, (_, at) =>
    shellTask(offer, `sleep-${at}`, SLEEP, { cpus: 0.1, mem: 32 }),
  );
  const start = performance.now();
  await framework.scheduler.launch([offer.id], tasks, REFUSE);
  await within(PATIENCE_MS, 'TASK_RUNNING of all tasks', done);
  return (performance.now() - start) / 1_000;
}

/** Seconds from the first KILL until the last TASK_KILLED. */
async function killAll(framework: BenchFramework): Promise<number> {
  const killed = new Set<string>();
  const done = new Promise<void>((resolve) => {
    framework.onUpdate = (status) => {
      if (status.state === 'TASK_KILLED') killed.add(status.task_id.value);
      if (killed.size === TASKS) resolve();
    };
  });
  const start = performance.now();
  const calls = Array.from({ length: TASKS }, (_, at) =>
    framework.scheduler.kill({ value: `sleep-${at}` }),
  );
  await Promise.all(calls);
  await within(PATIENCE_MS, 'TASK_KILLED of all tasks', done);
  return (performance.now() - start) / 1_000;
}

/** Everything of the agent and its launcher that is not a task. */
function overhead(cluster: Cluster): { readonly kib: number; readonly processes: number } {
  const roots = new Set([cluster.agent.pid, ...launchers(cluster.workDirectory)]);
  const pids = new Set<number>();
  for (const root of roots) {
    for (const { pid, command } of processTree(root)) if (!command.includes(SLEEP)) pids.add(pid);
  }
  let kib = 0;
  for (const pid of pids) kib += residentKib(pid);
  return { kib, processes: pids.size };
}

/** Milliseconds of processor time by who has used them; what the tasks took to become their program, too. */
type ProcessorUse = Readonly<Record<(typeof PARTIES)[number], number>>;

const PARTIES = ['framework', 'master', 'agent', 'launcher', 'starter', 'tasks'] as const;

function processorUse(cluster: Cluster): ProcessorUse {
  const sum = (pids: readonly number[]): number =>
    pids.reduce((total, pid) => total + processorMs(pid), 0);
  const others = launchers(cluster.workDirectory).filter((pid) => pid !== cluster.agent.pid);
  const starters = processes().filter((pid) => commandOf(pid).startsWith('orrery-launcher-'));
  return {
    framework: processorMs(process.pid),
    master: processorMs(cluster.master.pid),
    agent: processorMs(cluster.agent.pid),
    launcher: sum(others),
    starter: sum(starters),
    tasks: sum(sleepers()),
  };
}

function processorFigures(what: string, from: ProcessorUse, to: ProcessorUse): readonly Figure[] {
  const figures = PARTIES.map((who) => ({
    name: `tasks: processor time per ${what}, ${who}`,
    value: (to[who] - from[who]) / TASKS,
    unit: 'cpu-ms',
  }));
  const whole = figures.reduce((sum, { value }) => sum + value, 0);
  return [{ name: `tasks: processor time per ${what}`, value: whole, unit: 'cpu-ms' }, ...figures];
}

/** The launcher outlives the agent, so it need not be its child; its arguments name the directory. */
function launchers(workDirectory: string): readonly number[] {
  return processes().filter((pid) => commandOf(pid).includes(workDirectory));
}

function sleepers(): readonly number[] {
  return processes().filter((pid) => commandOf(pid).trim() === SLEEP);
}

function processes(): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It has ended since the folder was listed.
    return '';
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
