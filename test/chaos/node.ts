/**
 * A machine made of a network namespace: its own address on a common bridge, a cable that can be pulled,
 * a wall clock that can be set, and daemons, which are started again when they end. Needs root and `ip`.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PROJECT, type Program, startProgram } from '../e2e/support/programs.ts';

const BRIDGE = 'chaos0';
const NETWORK = '10.99.0';
const RESTART_MS = 3_000;
const ENDED_CHARS_MAX = 1_000;
const CLOCK_STEP = fileURLToPath(new URL('clock-step.ts', import.meta.url));

export function makeBridge(): void {
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('addr', 'add', `${NETWORK}.254/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
}

export function removeBridge(): void {
  ip('link', 'del', BRIDGE);
}

export class Node {
  readonly name: string;
  readonly address: string;
  isCut = false;
  /** By how much its clock is wrong. */
  clockOffsetMs = 0;
  private readonly cable: string;
  private readonly clockFile: string;
  private readonly daemons = new Map<string, Program>();
  /** The last words of each daemon's life before. */
  private readonly ended = new Map<string, string>();
  private isStopping = false;

  constructor(number: number, directory: string) {
    this.name = `chaos-n${number}`;
    this.address = `${NETWORK}.${number}`;
    this.cable = `chaosv${number}`;
    this.clockFile = `${directory}/${this.name}.clock`;
    this.setClock(0);
    const inside = `in${number}`;
    ip('netns', 'add', this.name);
    ip('link', 'add', this.cable, 'type', 'veth', 'peer', 'name', inside);
    ip('link', 'set', inside, 'netns', this.name);
    ip('link', 'set', this.cable, 'master', BRIDGE, 'up');
    ip('-n', this.name, 'addr', 'add', `${this.address}/24`, 'dev', inside);
    ip('-n', this.name, 'link', 'set', inside, 'up');
    ip('-n', this.name, 'link', 'set', 'lo', 'up');
  }

  get daemonNames(): readonly string[] {
    return [...this.daemons.keys()];
  }

  /** A daemon of the project. */
  runOrrery(name: string, flags: readonly string[]): void {
    const words = ['--import', CLOCK_STEP, `${PROJECT}orrery.ts`, name, ...flags];
    this.run(name, process.execPath, words);
  }

  /** Runs a daemon here, again and again. `ip netns exec` would hide the cgroups from it. */
  run(name: string, command: string, args: readonly string[]): void {
    const words = [`--net=/var/run/netns/${this.name}`, command, ...args];
    const program = startProgram('nsenter', words, { CHAOS_CLOCK: this.clockFile });
    this.daemons.set(name, program);
    program.child.once('exit', (code, signal) => {
      if (this.isStopping) return;
      const end = program.output().slice(-ENDED_CHARS_MAX);
      this.ended.set(name, `${end}\n[ended with ${code ?? signal}]\n`);
      setTimeout(() => {
        if (!this.isStopping) this.run(name, command, args);
      }, RESTART_MS);
    });
  }

  /** `nsenter` becomes the daemon itself, so this kills it, and nothing that it has started. */
  kill(name: string): void {
    this.daemons.get(name)?.child.kill('SIGKILL');
  }

  output(name: string): string {
    return (this.ended.get(name) ?? '') + (this.daemons.get(name)?.output() ?? '');
  }

  cut(): void {
    this.isCut = true;
    ip('link', 'set', this.cable, 'down');
  }

  heal(): void {
    this.isCut = false;
    ip('link', 'set', this.cable, 'up');
  }

  setClock(offsetMs: number): void {
    this.clockOffsetMs = offsetMs;
    writeFileSync(this.clockFile, String(offsetMs));
  }

  /** Tasks and their launcher, which outlive the agent, go with the namespace. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all([...this.daemons.values()].map((program) => program.stop('SIGKILL')));
    for (const pid of pidsIn(this.name)) kill(pid);
    ip('netns', 'del', this.name);
  }
}

function pidsIn(namespace: string): readonly number[] {
  const text = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
  return text.split('\n').filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself since it was listed.
  }
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
