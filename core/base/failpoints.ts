/**
 * Places at which a process can be made to die, so that tests can show what its successor makes of what
 * it leaves. Shells pass them; machines never see them.
 */

export interface Failpoints {
  /** Called where the process may die; does not return when it does. */
  pass(name: string): void;
}

/** Which failpoint kills: `<name>:<pass>:<file>`. */
export interface Failpoint {
  readonly name: string;
  /** The process dies when it passes for this time, counted from 1. */
  readonly pass: number;
  /** Made by the process that dies; where it is there already nobody dies any more. */
  readonly file: string;
}

/** Undefined when the text is none. */
export function parseFailpoint(text: string): Failpoint | undefined {
  const match = /^([a-z][a-z.-]*):([1-9]\d{0,8}):(\/.+)$/.exec(text);
  const [, name, pass, file] = match ?? [];
  if (name === undefined || pass === undefined || file === undefined) return undefined;
  return { name, pass: Number(pass), file };
}

/** Counts the passes of one failpoint and dies at the right one. */
export class CountedFailpoint implements Failpoints {
  private readonly failpoint: Failpoint;
  private readonly die: () => void;
  private passes = 0;

  constructor(failpoint: Failpoint, die: () => void) {
    this.failpoint = failpoint;
    this.die = die;
  }

  pass(name: string): void {
    if (name !== this.failpoint.name) return;
    this.passes += 1;
    if (this.passes === this.failpoint.pass) this.die();
  }
}
