/**
 * One case of the crash matrix with real processes: the agent kills itself at a failpoint somewhere between
 * the RunTask message and the acknowledgement of the task's end, others die with it, and what comes of
 * it is checked: one end, the true one, and nothing left.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILPOINT_VARIABLE } from '../../core/agent/failpoints.ts';
import { AgentMachine } from '../e2e/support/agent-machine.ts';
import { eventually, freePorts } from '../e2e/support/programs.ts';
import { RoleFramework } from '../e2e/support/role-framework.ts';

/** How the task ends when nobody disturbs it. */
export const WAYS = {
  finishes: { state: 'TASK_FINISHED', message: 'Command exited with status 0' },
  fails: { state: 'TASK_FAILED', message: 'Command exited with status 7' },
  killed: { state: 'TASK_KILLED', message: 'Command terminated with signal Terminated' },
  /** In a terminal of its own, which outlives agent and launcher. */
  terminal: { state: 'TASK_FAILED', message: 'Command exited with status 8' },
} as const;

export type Way = keyof typeof WAYS;

/** Who dies with the agent. */
export const COMPANIONS = ['nobody', 'launcher', 'machine'] as const;

export type Companion = (typeof COMPANIONS)[number];

export interface AgentCase {
  readonly way: Way;
  readonly companion: Companion;
  /** `agent.write.before`. */
  readonly step: string;
  /** From 1, counted from the offer's acceptance. */
  readonly pass: number;
}

const COMMANDS: Readonly<Record<Way, string>> = {
  finishes: 'sleep 0.3',
  fails: 'sleep 0.3; exit 7',
  killed: 'exec sleep 1000',
  terminal: '[ -t 0 ] && [ -t 1 ] && sleep 0.3 && exit 8',
};
const KILL_AFTER_MS = 200;
const KILL_AGAIN_MS = 1_000;
/** Agents start slowly where many programs share few processors. */
const PATIENCE_MS = 240_000;

/** Gives false when the agent never came to its failpoint. Throws an `AssertionError` on a wrong end. */
export async function runAgentCase(each: AgentCase, masterPort: number): Promise<boolean> {
  const [agentPort = 0] = await freePorts(1);
  const name = `matrix-${agentPort}`;
  const environment: Record<string, string> = {};
  const machine = await AgentMachine.create({
    name,
    masterPort,
    agentPort,
    resources: 'cpus:1;mem:128;disk:64',
    environment,
  });
  const file = join(machine.folder, 'dead');
  environment[FAILPOINT_VARIABLE] = `${each.step}:${each.pass}:${file}`;
  const run = new CaseRun(each, machine, new RoleFramework(`127.0.0.1:${masterPort}`, name));
  try {
    return await run.run(file);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const output = machine.agent.output().slice(-OUTPUT_SHOWN);
    throw new Error(`${describeCase(each)}: ${why}\n  ${run.history()}\n${output}`, {
      cause: thrown,
    });
  } finally {
    await run.end();
  }
}

export function describeCase({ way, companion, step, pass }: AgentCase): string {
  return `${way}, ${companion} dies too, ${step}:${pass}`;
}

/** Characters of the agent's output that a failure shows. */
const OUTPUT_SHOWN = 3_000;

class CaseRun {
  private readonly each: AgentCase;
  private readonly machine: AgentMachine;
  private readonly framework: RoleFramework;
  private killing: NodeJS.Timeout | undefined;

  constructor(each: AgentCase, machine: AgentMachine, framework: RoleFramework) {
    this.each = each;
    this.machine = machine;
    this.framework = framework;
  }

  async run(file: string): Promise<boolean> {
    const { machine, framework, each } = this;
    // Passes count from the launch.
    writeFileSync(`${file}.wait`, '');
    machine.startAgent();
    framework.onUpdate = ({ state }) => {
      if (each.way === 'killed' && state === 'TASK_RUNNING') this.killAfter(KILL_AFTER_MS);
    };
    await framework.scheduler.start();
    const offer = await framework.offer();
    rmSync(`${file}.wait`);
    const command = `echo >> ${machine.folder}/starts; ${COMMANDS[each.way]}`;
    await framework.launch(offer, [
      { id: 't', command, cpus: 0.5, memMb: 32, isTerminal: each.way === 'terminal' },
    ]);
    await this.until('the agent dies, or all is over', () => !machine.isAgentAlive || this.isOver);
    const hasDied = !machine.isAgentAlive;
    if (hasDied) this.companionDies();
    if (hasDied) machine.startAgent();
    await this.until('everything is over', () => this.isOver);
    this.check(hasDied);
    await machine.agent.stop('SIGUSR1');
    await this.until('nothing is left of the agent', () => machine.processes.length === 0);
    return hasDied && existsSync(file);
  }

  history(): string {
    const told = this.framework.statuses.map(({ state, message }) => `${state} ${message ?? ''}`);
    const { processes, records, cgroups } = this.machine;
    const left = `${processes.length} processes, ${records.length} records, ${cgroups.length} cgroups`;
    const agent = `agent ${this.machine.isAgentAlive ? 'alive' : 'dead'}`;
    return `${this.startCount} starts; ${told.join(', ')}; ${left}; ${agent}`;
  }

  async end(): Promise<void> {
    clearTimeout(this.killing);
    await this.framework.stop();
    await this.machine.remove();
  }

  private companionDies(): void {
    const { machine } = this;
    if (this.each.companion === 'machine') machine.reboot();
    if (this.each.companion === 'launcher') machine.killLauncher();
  }

  private get isOver(): boolean {
    const { machine, framework } = this;
    // The cheap questions first: this is asked all the time.
    if (framework.endsOf('t').length === 0 || machine.records.length > 0) return false;
    return machine.cgroups.length === 0 && machine.taskProcesses.length === 0;
  }

  private check(hasDied: boolean): void {
    const { way, companion } = this.each;
    const ends = this.framework.endsOf('t');
    assert.equal(ends.length, 1, `${ends.length} ends`);
    assert.ok(this.startCount <= 1, 'it was started twice');
    // What never began may end as lost; nobody knows how what a machine took along would have ended.
    const isFree = hasDied && (this.startCount === 0 || companion === 'machine');
    if (isFree) return;
    const { state, message } = ends[0] ?? {};
    assert.deepEqual({ state, message }, WAYS[way]);
  }

  private get startCount(): number {
    try {
      return readFileSync(join(this.machine.folder, 'starts'), 'utf8').length;
    } catch {
      return 0;
    }
  }

  /** Again and again: the agent may die with the message. */
  private killAfter(delayMs: number): void {
    clearTimeout(this.killing);
    this.killing = setTimeout(() => {
      if (this.framework.endsOf('t').length > 0) return;
      this.framework.scheduler.kill({ value: 't' }).catch(() => {});
      this.killAfter(KILL_AGAIN_MS);
    }, delayMs);
  }

  private async until(what: string, look: () => boolean): Promise<void> {
    const details = (): string => this.history();
    await eventually(what, () => look() || undefined, details, PATIENCE_MS);
  }
}
