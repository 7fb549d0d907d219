/**
 * One real agent with a work directory, a role and cgroups of its own, several of which may share this
 * machine and a master. It can be made to die in every way, and what it leaves behind is counted.
 */
import { readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readAllProcesses, readProcess } from '../../../core/agent/launcher/proc-tree.ts';
import { type Program, removeDirectory, startOrrery, temporaryDirectory } from './programs.ts';

const CGROUPS = '/sys/fs/cgroup';

export interface AgentMachineOptions {
  /** Unique on this machine; also the role all its resources are for. */
  readonly name: string;
  readonly masterPort: number;
  readonly agentPort: number;
  readonly resources: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export class AgentMachine {
  readonly folder: string;
  private readonly options: AgentMachineOptions;
  private program: Program | undefined;
  private bootCount = 0;

  private constructor(folder: string, options: AgentMachineOptions) {
    this.folder = folder;
    this.options = options;
  }

  static async create(options: AgentMachineOptions): Promise<AgentMachine> {
    return new AgentMachine(await temporaryDirectory(`machine-${options.name}`), options);
  }

  get workDirectory(): string {
    return join(this.folder, 'agent');
  }

  get agent(): Program {
    if (this.program === undefined) throw new Error('the agent was not started');
    return this.program;
  }

  get isAgentAlive(): boolean {
    const child = this.program?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  startAgent(resources = this.options.resources): void {
    const { name, masterPort, agentPort, flags = [], environment } = this.options;
    this.program = startOrrery(
      [
        'agent',
        `--master=127.0.0.1:${masterPort}`,
        '--ip=127.0.0.1',
        `--port=${agentPort}`,
        `--hostname=${name}`,
        `--default_role=${name}`,
        `--resources=${resources}`,
        `--work_dir=${this.workDirectory}`,
        `--cgroups_root=${basename(this.folder)}`,
        '--registration_backoff_factor=10ms',
        ...flags,
      ],
      { ...environment },
    );
  }

  get launcher(): number | undefined {
    try {
      return Number(readFileSync(join(this.workDirectory, 'launcher', 'pid'), 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** The launcher, its keeper and its starter, those that live. */
  get launcherFamily(): readonly number[] {
    const { launcher } = this;
    const keeper = launcher === undefined ? undefined : readProcess(launcher)?.parent;
    return this.processes.filter(
      (pid) =>
        pid === launcher ||
        (pid === keeper && keeper !== 1) ||
        commandOf(pid).startsWith('orrery-'),
    );
  }

  killLauncher(): void {
    if (this.launcher !== undefined) kill(this.launcher);
  }

  /** The launcher follows it by itself. */
  killStarter(): void {
    const { starter } = this;
    if (starter !== undefined) kill(starter);
  }

  /** With the launcher, so that both come back. */
  killKeeper(): void {
    const { launcher } = this;
    const keeper = launcher === undefined ? undefined : readProcess(launcher)?.parent;
    if (keeper === undefined || !commandOf(keeper).startsWith('orrery-launcher-keeper')) return;
    kill(keeper);
    this.killLauncher();
  }

  /** Whether a process was started for a task, by the name of its sandbox. */
  isOfTask(pid: number, taskId: string): boolean {
    return linkOf(pid, 'cwd').includes(`/executors/${taskId}/`);
  }

  private get starter(): number | undefined {
    const { launcher } = this;
    const keeper = launcher === undefined ? undefined : readProcess(launcher)?.parent;
    return this.launcherFamily.find(
      (pid) =>
        readProcess(pid)?.parent === keeper && commandOf(pid).startsWith('orrery-launcher-starter'),
    );
  }

  /** Everything dies; the next agent finds that the machine was started meanwhile. */
  reboot(): void {
    this.bootCount += 1;
    // Whoever starts others first.
    for (const pid of this.launcherFamily) kill(pid);
    for (let left = this.processes; left.length > 0; left = this.processes) left.forEach(kill);
    const path = join(this.workDirectory, 'meta', 'boot_id');
    try {
      readFileSync(path);
    } catch {
      // It died before its first start was over.
      return;
    }
    writeFileSync(path, `00000000-0000-4000-8000-${String(this.bootCount).padStart(12, '0')}`);
  }

  /** All living processes that were started in or for this machine's folder. */
  get processes(): readonly number[] {
    return readAllProcesses()
      .filter(({ pid, isZombie }) => !isZombie && pid !== process.pid && this.owns(pid))
      .map(({ pid }) => pid);
  }

  /** Processes that are neither the agent's nor the launcher's own. */
  get taskProcesses(): readonly number[] {
    const own = new Set<number>([...this.launcherFamily, this.program?.pid ?? 0]);
    return this.processes.filter((pid) => !own.has(pid));
  }

  /** Cgroups of containers, over all hierarchies. */
  get cgroups(): readonly string[] {
    return this.cgroupRoots.flatMap((root) =>
      foldersIn(root)
        .filter((name) => name !== 'agent')
        .map((name) => join(root, name)),
    );
  }

  /** Containers of which the launcher has a record. */
  get records(): readonly string[] {
    return namesIn(join(this.workDirectory, 'launcher', 'containers'));
  }

  /** For good: ends what is left, and removes what was made. */
  async remove(): Promise<void> {
    if (this.isAgentAlive) await this.agent.stop('SIGUSR1');
    this.reboot();
    for (const path of [...this.cgroups, ...this.cgroupRoots]) {
      try {
        rmdirSync(path);
      } catch {
        // Something is in it still; the tests have said so.
      }
    }
    await removeDirectory(this.folder);
  }

  private get cgroupRoots(): readonly string[] {
    const name = basename(this.folder);
    return foldersIn(CGROUPS)
      .map((hierarchy) => join(CGROUPS, hierarchy))
      .filter((path) => foldersIn(path).includes(name))
      .map((path) => join(path, name));
  }

  private owns(pid: number): boolean {
    if (commandOf(pid).includes(this.folder)) return true;
    return ['cwd', 'fd/1', 'fd/2'].some((name) => linkOf(pid, name).startsWith(this.folder));
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone, which is what was wanted.
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function linkOf(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return '';
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}
