/**
 * What a container, and those of its tasks that have something for themselves, got from outside: networks they have
 * joined, volumes that were mounted for them. It is given back only when getting it has come to an end, whatever
 * that is.
 */
export type Attached<Got> =
  | { readonly ok: true; readonly got: Got }
  | { readonly ok: false; readonly message: string };

export interface AttachmentPorts<Plan, Got> {
  /** Undefined: nothing can be had here. */
  readonly attach: ((plan: Plan, done: (attached: Attached<Got>) => void) => void) | undefined;
  readonly detach: ((plan: Plan, done: () => void) => void) | undefined;
  /** Said where nothing can be had. */
  readonly refusal: string;
  /** What was got is written down. */
  readonly onGot: (name: string, got: Got) => void;
}

export class Attachments<Plan, Got> {
  private readonly ports: AttachmentPorts<Plan, Got>;
  /** Being attached; what waits for that. */
  private readonly coming = new Map<string, (() => void)[]>();

  constructor(ports: AttachmentPorts<Plan, Got>) {
    this.ports = ports;
  }

  /** `done` gets a sentence when it cannot be had; never called when it is given back meanwhile. */
  attach(name: string, plan: Plan | undefined, done: (failure: string | undefined) => void): void {
    const { attach, refusal, onGot } = this.ports;
    if (plan === undefined || attach === undefined) {
      done(plan === undefined ? undefined : refusal);
      return;
    }
    this.coming.set(name, []);
    attach(plan, (attached) => {
      const leaving = this.coming.get(name) ?? [];
      this.coming.delete(name);
      if (attached.ok) onGot(name, attached.got);
      if (leaving.length === 0) done(attached.ok ? undefined : attached.message);
      for (const leave of leaving) leave();
    });
  }

  /** At once when there is nothing to give back. */
  detach(name: string, plan: Plan | undefined, done: () => void): void {
    const { detach } = this.ports;
    if (plan === undefined || detach === undefined) {
      done();
      return;
    }
    const leave = (): void => detach(plan, done);
    const coming = this.coming.get(name);
    if (coming === undefined) leave();
    else coming.push(leave);
  }
}
