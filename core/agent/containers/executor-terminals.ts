/**
 * Who is attached to executors and tasks that run in terminals. Their terminals belong to processes that outlive
 * the launcher; who reads asks the next launcher again.
 */
import type { ContainerLauncher } from './port.ts';

/** What containers that can be attached to have in common. */
export interface Attachable {
  readonly id: string;
  phase: 'starting' | 'running' | 'ended';
  hasInput: boolean;
  readonly readers: Set<OutputReader>;
}

export interface OutputReader {
  output(stream: 'STDOUT' | 'STDERR', bytes: Buffer): void;
  /** The container has ended; nothing follows. */
  ended(): void;
}

export class ExecutorTerminals {
  private readonly launcher: Pick<ContainerLauncher, 'request'>;
  private readonly byId = new Map<string, Attachable>();

  constructor(launcher: Pick<ContainerLauncher, 'request'>) {
    this.launcher = launcher;
  }

  get(id: string): Attachable | undefined {
    return this.byId.get(id);
  }

  get ids(): readonly string[] {
    return [...this.byId.keys()];
  }

  /** For an executor or a task that lives. */
  of(id: string): Attachable {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    const terminal: Attachable = { id, phase: 'running', hasInput: false, readers: new Set() };
    this.byId.set(id, terminal);
    return terminal;
  }

  ended(id: string): void {
    const terminal = this.byId.get(id);
    this.byId.delete(id);
    if (terminal === undefined) return;
    terminal.phase = 'ended';
    for (const reader of terminal.readers) reader.ended();
    terminal.readers.clear();
  }

  /** Another launcher, or a new connection: it does not know who reads. */
  reconnected(): void {
    for (const { id, readers } of this.byId.values()) {
      if (readers.size > 0) {
        this.launcher.request({ kind: 'plain-watch', id, isWatched: true });
      }
    }
  }
}
