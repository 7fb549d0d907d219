/**
 * The crash matrix: something is launched, and at one numbered step on the way to the acknowledgement of
 * its end the agent, the launcher, both or the machine die. What comes of it is checked: one end,
 * the true one, and nothing left.
 */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { SimulatedCluster } from '../../core/testing/cluster.ts';
import type { SpawnedProcess } from '../../core/testing/processes.ts';
import type { TaskStatus } from '../../core/wire/types/mesos.v1.ts';
import { MatrixExecutor } from './matrix-executor.ts';
import { MatrixFramework, type MatrixTask } from './matrix-framework.ts';

export type Victim = 'agent' | 'launcher' | 'both' | 'machine';

export interface MatrixCase {
  readonly task: MatrixTask;
  readonly checkpoint: boolean;
  readonly victim: Victim;
  /** Whether the launcher reads what the dying agent has written. */
  readonly hearsLastWords: boolean;
}

const AGENT = 'a1';
const RESTART_MS = seconds(1);
const NATURAL: Readonly<Record<MatrixTask, readonly [state: string, message: string | undefined]>> =
  {
    finishes: ['TASK_FINISHED', 'Command exited with status 0'],
    fails: ['TASK_FAILED', 'Command exited with status 7'],
    killed: ['TASK_KILLED', 'Command terminated with signal Terminated'],
    group: ['TASK_FINISHED', 'Command exited with status 0'],
    executor: ['TASK_FINISHED', undefined],
  };

/** The names of all steps that `victim` could die at, in their order. */
export async function stepsOf(matrixCase: MatrixCase): Promise<readonly string[]> {
  const run = new MatrixRun(matrixCase, undefined);
  await run.run();
  return run.steps;
}

/** Dies at the step of this number (from 0) and checks what comes of it. */
export async function runMatrixCase(matrixCase: MatrixCase, step: number): Promise<void> {
  const run = new MatrixRun(matrixCase, step);
  try {
    await run.run();
  } catch (thrown) {
    const { task, checkpoint, victim, hearsLastWords } = matrixCase;
    const what = `${task}, ${checkpoint ? '' : 'not '}checkpointing, ${victim} dies at step ${step} (${run.steps[step]}), last words ${hearsLastWords ? '' : 'not '}heard`;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${what}: ${why}\n  ${run.framework?.history()}`, { cause: thrown });
  }
}

class MatrixRun {
  readonly steps: string[] = [];
  framework: MatrixFramework | undefined;
  private readonly matrixCase: MatrixCase;
  private readonly fatalStep: number | undefined;
  private readonly cluster: SimulatedCluster;
  private readonly spawned: string[] = [];
  private isCounting = false;

  constructor(matrixCase: MatrixCase, fatalStep: number | undefined) {
    this.matrixCase = matrixCase;
    this.fatalStep = fatalStep;
    this.cluster = new SimulatedCluster({
      seed: 1,
      failpoints: () => ({ pass: (name) => this.pass(name) }),
      onSpawn: (_agent, process) => this.onSpawn(process),
    });
  }

  async run(): Promise<void> {
    const { cluster, matrixCase } = this;
    await cluster.startMaster();
    await cluster.startAgent(AGENT);
    cluster.machine(AGENT).hearsLastWords = matrixCase.hearsLastWords;
    await cluster.until(() => cluster.master?.state.agents.size === 1, seconds(10));
    const framework = new MatrixFramework(cluster, {
      ...matrixCase,
      onLaunch: () => {
        this.isCounting = true;
      },
    });
    this.framework = framework;
    assert.ok(await cluster.until(() => framework.isOver, minutes(30)), 'a task has no end');
    await cluster.until(() => this.leftovers().length === 0, minutes(20));
    assert.deepEqual(this.leftovers(), []);
    for (const id of framework.taskIds) this.checkEnd(id);
  }

  private pass(name: string): void {
    if (!this.isCounting) return;
    const { victim } = this.matrixCase;
    if ((victim === 'agent' || victim === 'launcher') && !name.startsWith(victim)) return;
    this.steps.push(name);
    if (this.steps.length - 1 === this.fatalStep) this.kill();
  }

  private kill(): void {
    const { cluster } = this;
    const { victim } = this.matrixCase;
    this.isCounting = false;
    if (victim === 'machine') cluster.rebootMachine(AGENT);
    if (victim === 'agent' || victim === 'both') cluster.crashAgent(AGENT);
    if (victim === 'launcher' || victim === 'both') cluster.machine(AGENT).crashLauncher();
    if (victim === 'launcher') return;
    cluster.clock.setTimer(RESTART_MS, () => void cluster.startAgent(AGENT));
  }

  private onSpawn({ pid, command }: SpawnedProcess): void {
    const task = /task (\S+);/.exec(command)?.[1] ?? command;
    assert.ok(!this.spawned.includes(task), `${task} was started twice`);
    this.spawned.push(task);
    if (task !== 'custom-executor') return;
    const { processes } = this.cluster.machine(AGENT);
    new MatrixExecutor({
      clock: this.cluster.clock,
      random: this.cluster.fork(),
      frameworkId: this.framework?.frameworkId ?? '',
      executorId: 'custom',
      agent: () => this.cluster.agent(AGENT),
      onTask: (id) => this.spawned.push(id),
      isAlive: () => processes.isRunning(pid),
      exit: () => processes.exit(pid, 0),
    });
  }

  /** What must be gone when all has been acknowledged. */
  private leftovers(): readonly string[] {
    const machine = this.cluster.machine(AGENT);
    const agent = this.cluster.agent(AGENT);
    const { state } = agent ?? {};
    const counts: readonly (readonly [what: string, count: number])[] = [
      ['processes', machine.processes.runningCount],
      ['records', machine.recordCount],
      ['containers', state?.containers.size ?? 1],
      ['frameworks', state?.frameworks.size ?? 1],
      ['streams', agent?.updateStreamCount ?? 1],
      ['registered agents', (this.cluster.master?.state.agents.size ?? 0) - 1],
    ];
    return counts.flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
  }

  private checkEnd(id: string): void {
    const { task, checkpoint, victim } = this.matrixCase;
    const ends = this.framework?.endsOf(id) ?? [];
    const uuids = new Set(ends.flatMap(({ uuid }) => (uuid === undefined ? [] : [String(uuid)])));
    assert.ok(uuids.size <= 1, `${id} came to ${uuids.size} ends`);
    const end = this.endOf(id);
    const mayBeLost = victim === 'machine' || (!checkpoint && victim !== 'launcher');
    const isFree = !this.spawned.includes(id) || mayBeLost;
    if (this.fatalStep !== undefined && isFree) return;
    const [state, message] = NATURAL[task];
    assert.equal(end?.state, state, `${id} was started and must come to its own end`);
    if (message !== undefined) assert.equal(end?.message, message);
  }

  private endOf(id: string): TaskStatus | undefined {
    const ends = this.framework?.endsOf(id) ?? [];
    return ends.find(({ uuid }) => uuid !== undefined) ?? ends.at(-1);
  }
}
