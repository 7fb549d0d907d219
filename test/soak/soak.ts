/**
 * Real minutes of one agent: tasks of all kinds come and go, some are killed; agent, launcher, starter and
 * keeper are killed, the agent comes back with more resources than before. Each task comes to one end,
 * the true one; what the machine holds at rest afterwards is what it held at rest after a warm-up.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';
import type { Offer, TaskStatus } from '../../core/wire/types/mesos.v1.ts';
import { type AgentMachine, kill } from '../e2e/support/agent-machine.ts';
import { eventually } from '../e2e/support/programs.ts';
import type { RoleFramework, RoleTask } from '../e2e/support/role-framework.ts';
import { type Census, takeCensus } from './census.ts';

export const GC_DELAY_MS = 15_000;

const TASKS_MAX = 20;
const TASK_CPUS = 0.1;
const TASK_MEM_MB = 32;
const PATIENCE_MS = 300_000;
const FIRST_CPUS = 8;
const NOTES_MAX = 200;
const KINDS = ['exits', 'killed', 'deaf', 'background', 'struck'] as const;
const FAULTS = ['agent', 'upgrade', 'launcher', 'starter', 'keeper', 'none'] as const;

type Kind = (typeof KINDS)[number];

interface Wanted {
  readonly kind: Kind;
  /** Natural, and that of a kill that came first. */
  readonly ends: readonly string[];
}

export class Soak {
  readonly counts: Record<string, number> = {};
  private readonly random: Random;
  private readonly machine: AgentMachine;
  private readonly framework: RoleFramework;
  private readonly masterPid: number;
  private readonly wanted = new Map<string, Wanted>();
  private readonly live = new Set<string>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly notes: string[] = [];
  private cpus = FIRST_CPUS;
  private isLaunching = true;

  constructor(
    seed: number,
    parts: {
      readonly machine: AgentMachine;
      readonly framework: RoleFramework;
      readonly masterPid: number;
    },
  ) {
    this.random = new SeededRandom(seed * 104_729);
    this.machine = parts.machine;
    this.framework = parts.framework;
    this.masterPid = parts.masterPid;
  }

  get taskCount(): number {
    return this.wanted.size;
  }

  async start(): Promise<void> {
    mkdirSync(join(this.machine.folder, 'starts'));
    this.startAgent();
    this.framework.onUpdate = (status) => this.updated(status);
    await this.framework.scheduler.start();
  }

  /** Tasks and faults for some time, then rest, then what is held. */
  async run(durationMs: number): Promise<Census> {
    const endsAt = Date.now() + durationMs;
    this.isLaunching = true;
    const launching = this.launchTasks();
    while (Date.now() < endsAt) {
      await pause(1_500 + randomInteger(this.random, 5_000));
      await this.fault();
    }
    this.isLaunching = false;
    await launching;
    await this.comeToRest();
    return takeCensus(this.machine, this.masterPid);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async launchTasks(): Promise<void> {
    while (this.isLaunching) {
      const offer = await this.framework.offer();
      if (roomIn(offer) === 0) this.note(`ODD ${JSON.stringify(offer)}`);
      const room = this.isLaunching ? Math.min(TASKS_MAX - this.live.size, roomIn(offer)) : 0;
      const tasks = Array.from({ length: Math.min(room, 1 + randomInteger(this.random, 4)) }, () =>
        this.nextTask(),
      );
      for (const { id } of tasks) this.live.add(id);
      // Refused or lost: the offer has gone with its agent, and the tasks with it.
      if (tasks.length > 0) {
        await this.framework.launch(offer, tasks).catch(() =>
          tasks.forEach(({ id }) => {
            this.live.delete(id);
            this.wanted.delete(id);
          }),
        );
      } else
        await this.framework.scheduler.decline([offer.id], { refuse_seconds: 1 }).catch(() => {});
      await pause(100 + randomInteger(this.random, 400));
    }
  }

  private nextTask(): RoleTask {
    const id = `t${this.wanted.size + 1}`;
    const kind = KINDS[randomInteger(this.random, KINDS.length)] ?? 'exits';
    const code = randomInteger(this.random, 3);
    const sleepMs = randomInteger(this.random, 4_000);
    const { command, ends } = taskOf(kind, code, sleepMs);
    this.wanted.set(id, { kind, ends });
    this.count(`task ${kind}`);
    const begun = `: > ${join(this.machine.folder, 'starts', id)}; `;
    return { id, command: begun + command, cpus: TASK_CPUS, memMb: TASK_MEM_MB };
  }

  private updated({ task_id, state, message }: TaskStatus): void {
    const id = task_id.value;
    this.note(`${id} ${this.wanted.get(id)?.kind} ${state} ${message ?? ''}`);
    const wanted = this.wanted.get(id);
    if (this.framework.endsOf(id).length > 0) this.live.delete(id);
    if (state !== 'TASK_RUNNING' || wanted === undefined) return;
    const isAsked = ['killed', 'deaf', 'background'].includes(wanted.kind);
    if (isAsked) this.killLater(id, randomInteger(this.random, 2_000));
    if (wanted.kind === 'struck') this.strikeLater(id);
  }

  /** The agent may die with the message. */
  private killLater(id: string, delayMs: number): void {
    this.later(delayMs, () => {
      if (!this.live.has(id)) return;
      this.framework.scheduler.kill({ value: id }).catch(() => {});
      this.killLater(id, 2_000);
    });
  }

  /** Somebody else of this machine kills it. */
  private strikeLater(id: string): void {
    this.later(randomInteger(this.random, 2_000), () => {
      const pid = this.machine.taskProcesses.find((each) => this.machine.isOfTask(each, id));
      if (pid !== undefined) {
        this.note(`struck ${pid} of ${id}`);
        kill(pid);
      } else if (this.live.has(id)) this.strikeLater(id);
    });
  }

  private async fault(): Promise<void> {
    const fault = FAULTS[randomInteger(this.random, FAULTS.length)] ?? 'none';
    const { machine } = this;
    this.count(`fault ${fault}`);
    this.note(fault);
    if (fault === 'agent') machine.agent.child.kill('SIGKILL');
    if (fault === 'upgrade') {
      this.cpus += 1;
      await machine.agent.stop('SIGTERM');
    }
    if (fault === 'launcher') machine.killLauncher();
    if (fault === 'starter') machine.killStarter();
    if (fault === 'keeper') machine.killKeeper();
    if (fault !== 'agent' && fault !== 'upgrade') return;
    await machine.agent.stop('SIGKILL');
    await pause(randomInteger(this.random, 3_000));
    this.startAgent();
  }

  private startAgent(): void {
    this.machine.startAgent(`cpus:${this.cpus};mem:4096;disk:4096`);
  }

  private async comeToRest(): Promise<void> {
    const waiting = (): string => [...this.live].map((id) => this.historyOf(id)).join('\n');
    const isOver = (): true | undefined => (this.live.size === 0 ? true : undefined);
    await eventually('all tasks end', isOver, waiting, PATIENCE_MS);
    for (const [id, { ends }] of this.wanted) this.checkEnd(id, ends);
    const isEmpty = (): true | undefined => {
      const { taskProcesses, records, cgroups } = this.machine;
      return taskProcesses.length + records.length + cgroups.length === 0 || undefined;
    };
    const left = (): string => {
      const { taskProcesses, records, cgroups } = this.machine;
      return JSON.stringify({ taskProcesses, records, cgroups });
    };
    await eventually('nothing is left of the tasks', isEmpty, left, PATIENCE_MS);
    // The collector takes what has ended this long ago; its keeper has no children left.
    await pause(2 * GC_DELAY_MS);
  }

  private checkEnd(id: string, allowed: readonly string[]): void {
    const ends = this.framework.endsOf(id);
    assert.equal(ends.length, 1, this.historyOf(id));
    this.count(`end ${ends[0]?.state}`);
    if (!/^Command/.test(ends[0]?.message ?? '')) this.count(ends[0]?.message ?? '');
    // What never began may end as lost.
    if (!existsSync(join(this.machine.folder, 'starts', id))) return;
    const message = ends[0]?.message ?? '';
    assert.ok(allowed.includes(message), `${this.historyOf(id)}; wanted ${allowed.join(' or ')}`);
  }

  private historyOf(id: string): string {
    const own = this.framework.statuses.filter(({ task_id }) => task_id.value === id);
    const told = own.map(({ state, message }) => `${state} ${message ?? ''}`).join(', ');
    return `${id} (${this.wanted.get(id)?.kind}): ${told}`;
  }

  /** The last faults and what was told of tasks, in their order. */
  log(): string {
    return this.notes.slice(-NOTES_MAX).join('\n');
  }

  private note(text: string): void {
    this.notes.push(`${new Date().toISOString()} ${text}`);
    if (this.notes.length > 2 * NOTES_MAX) this.notes.splice(0, NOTES_MAX);
  }

  private later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, delayMs);
    this.timers.add(timer);
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

/** What an agent got with an upgrade may be offered alone. */
function roomIn({ resources = [] }: Offer): number {
  const amountOf = (wanted: string): number =>
    resources
      .filter(({ name }) => name === wanted)
      .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
  return Math.floor(Math.min(amountOf('cpus') / TASK_CPUS, amountOf('mem') / TASK_MEM_MB));
}

function taskOf(
  kind: Kind,
  code: number,
  sleepMs: number,
): { readonly command: string; readonly ends: readonly string[] } {
  const terminated = 'Command terminated with signal Terminated';
  const killed = 'Command terminated with signal Killed';
  switch (kind) {
    case 'exits':
      return {
        command: `sleep ${sleepMs / 1_000}; exit ${code}`,
        ends: [`Command exited with status ${code}`],
      };
    case 'killed':
      return { command: 'exec sleep 1000', ends: [terminated] };
    case 'deaf':
      return { command: "trap '' TERM; while :; do sleep 1; done", ends: [killed] };
    case 'background':
      return {
        command: 'setsid sleep 1000 & setsid sleep 1000 & exec sleep 1000',
        ends: [terminated],
      };
    case 'struck':
      return { command: 'exec sleep 1000', ends: [killed] };
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
