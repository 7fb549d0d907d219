/**
 * What one life of a simulated process may still do to its machine: everything while it lives, nothing
 * afterwards. A process that dies in the middle of a function runs that function to its end, and must
 * not be seen to.
 */
import type { AgentFiles } from '../agent/files-port.ts';
import type {
  BeginHandlers,
  LauncherDisk,
  Processes,
  ProcessIdentity,
  SpawnSpec,
} from '../agent/launcher/ports.ts';
import type { HostedProbe } from '../executor/hosted.ts';
import type { ProbeResult } from '../executor/task-run.ts';
import { UNKNOWN_STATUS, type WaitStatus } from '../executor/wait-status.ts';

type IsAlive = () => boolean;

/** The work directory as one life of an agent may write it. */
export function filesOfLife(files: AgentFiles, isAlive: IsAlive): AgentFiles {
  const only =
    <T extends readonly unknown[]>(act: (...values: T) => void) =>
    (...values: T): void => {
      if (isAlive()) act(...values);
    };
  return {
    read: (path) => files.read(path),
    list: (path) => files.list(path),
    readLink: (path) => files.readLink(path),
    modifiedAt: (path) => files.modifiedAt(path),
    write: only((path: string, bytes: Uint8Array, durable: boolean) =>
      files.write(path, bytes, durable),
    ),
    append: only((path: string, bytes: Uint8Array, durable: boolean) =>
      files.append(path, bytes, durable),
    ),
    truncate: only((path: string, size: number) => files.truncate(path, size)),
    symlink: only((path: string, target: string) => files.symlink(path, target)),
    makeDirectory: only((path: string) => files.makeDirectory(path)),
    remove: only((path: string) => files.remove(path)),
    empty: only((path: string) => files.empty(path)),
  };
}

/** The launcher's records as one life of it may write them. */
export function diskOfLife(disk: LauncherDisk, isAlive: IsAlive): LauncherDisk {
  return {
    load: () => disk.load(),
    save: (id, value) => {
      if (isAlive()) disk.save(id, value);
    },
    remove: (id) => {
      if (isAlive()) disk.remove(id);
    },
  };
}

/** Processes as one life of a launcher may start and signal them. */
export class ProcessesOfLife implements Processes {
  private readonly processes: Processes;
  private readonly isAlive: IsAlive;

  constructor(processes: Processes, isAlive: IsAlive) {
    this.processes = processes;
    this.isAlive = isAlive;
  }

  spawn(spec: SpawnSpec, onExit: (status: WaitStatus) => void): ProcessIdentity | undefined {
    return this.isAlive() ? this.processes.spawn(spec, this.heard(onExit)) : undefined;
  }

  begin(spec: SpawnSpec, { onBorn, onBegun, onExit }: BeginHandlers): void {
    if (!this.isAlive()) return;
    this.processes.begin?.(spec, {
      onBorn: (identity) => {
        if (this.isAlive()) onBorn(identity);
      },
      onBegun: (identity) => {
        if (this.isAlive()) onBegun(identity);
      },
      onExit: this.heard(onExit),
    });
  }

  newMark(): string | undefined {
    return this.processes.newMark?.();
  }

  startedAs(mark: string): ProcessIdentity | undefined {
    return this.processes.startedAs?.(mark);
  }

  adopt(identity: ProcessIdentity, onExit: (status: WaitStatus) => void): boolean {
    return this.isAlive() && this.processes.adopt(identity, this.heard(onExit));
  }

  endOf(identity: ProcessIdentity): WaitStatus {
    return this.isAlive() ? this.processes.endOf(identity) : UNKNOWN_STATUS;
  }

  findIn(cwd: string): ProcessIdentity | undefined {
    return this.processes.findIn(cwd);
  }

  signalTree(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.isAlive()) this.processes.signalTree(pid, signal);
  }

  sweep(pid: number): void {
    if (this.isAlive()) this.processes.sweep(pid);
  }

  probe(probe: HostedProbe, spec: Omit<SpawnSpec, 'command'>): Promise<ProbeResult | undefined> {
    return this.processes.probe(probe, spec);
  }

  private heard(onExit: (status: WaitStatus) => void): (status: WaitStatus) => void {
    return (status) => {
      if (this.isAlive()) onExit(status);
    };
  }
}
