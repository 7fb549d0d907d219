/**
 * Tasks of one container whose processes were asked for and have not begun: as the process waits for its
 * cgroups, the scheduler hears TASK_STARTING. That update is on disk at once, and told when the process exists,
 * with its pid.
 */
import type { HostedUpdate } from '../../executor/hosted.ts';
import type { ProcessIdentity } from './ports.ts';

interface Beginning {
  identity?: ProcessIdentity;
  /** Not told yet. */
  held?: HostedUpdate | undefined;
}

export class Beginnings {
  private readonly tasks = new Map<string, Beginning>();
  private readonly tell: (update: HostedUpdate) => void;

  constructor(tell: (update: HostedUpdate) => void) {
    this.tell = tell;
  }

  identityOf(taskId: string): ProcessIdentity | undefined {
    return this.tasks.get(taskId)?.identity;
  }

  /** To be told with the pid. */
  hold(update: HostedUpdate): void {
    this.of(update.taskId).held = update;
  }

  /** Its process exists. */
  born(taskId: string, identity: ProcessIdentity): void {
    const beginning = this.of(taskId);
    beginning.identity = identity;
    this.release(beginning);
  }

  /** It has begun, or never will. Gives its process. */
  over(taskId: string): ProcessIdentity | undefined {
    const beginning = this.tasks.get(taskId);
    if (beginning === undefined) return undefined;
    this.release(beginning);
    this.tasks.delete(taskId);
    return beginning.identity;
  }

  private of(taskId: string): Beginning {
    const known = this.tasks.get(taskId);
    if (known !== undefined) return known;
    const beginning: Beginning = {};
    this.tasks.set(taskId, beginning);
    return beginning;
  }

  private release(beginning: Beginning): void {
    const { held, identity } = beginning;
    beginning.held = undefined;
    if (held === undefined) return;
    this.tell(identity === undefined ? held : { ...held, pid: identity.pid });
  }
}
