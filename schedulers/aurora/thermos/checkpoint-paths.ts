/** Where the files of a checkpoint root are (spec thermos, section 2). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const DEFAULT_ROOT = '/var/run/thermos';

export type TaskKind = 'active' | 'finished';

/** Ids are path components; others name nothing. */
export function isTaskId(text: string): boolean {
  return text !== '' && !text.startsWith('.') && !/[/\0]/.test(text) && text.length <= 255;
}

export class CheckpointPaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  tasks(kind: TaskKind): string {
    return join(this.root, 'tasks', kind);
  }

  task(kind: TaskKind, taskId: string): string {
    return join(this.tasks(kind), taskId);
  }

  checkpoints(taskId: string): string {
    return join(this.root, 'checkpoints', taskId);
  }

  runner(taskId: string): string {
    return join(this.checkpoints(taskId), 'runner');
  }

  coordinator(taskId: string, process: string): string {
    return join(this.checkpoints(taskId), `coordinator.${process}`);
  }
}

export function logDirectory(logDir: string, process: string, run: number): string {
  return join(logDir, process, String(run));
}

/** Ids of the tasks of a root; none where no Thermos has been, or its sandbox has been removed since. */
export function tasksIn(paths: CheckpointPaths, kind: TaskKind): readonly string[] {
  try {
    return readdirSync(paths.tasks(kind)).filter(isTaskId);
  } catch {
    // There is no such directory.
    return [];
  }
}
