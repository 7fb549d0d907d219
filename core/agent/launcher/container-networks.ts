/**
 * The networks that a container and those of its tasks that have their own have joined. A network is
 * left only when joining it has come to an end, whatever that is.
 */
import type { NetworkInfo } from '../../wire/types/mesos.v1.ts';
import type { NetworkPlan } from '../containerizer/cni/network-plan.ts';
import type { Processes } from './ports.ts';

export interface NetworksRecord {
  /** By task; that of the container itself has the empty name. */
  networks?: Record<string, readonly NetworkInfo[]>;
}

export class ContainerNetworks {
  private readonly record: NetworksRecord;
  private readonly processes: Processes;
  private readonly onChanged: () => void;
  /** Being joined; what waits for that. */
  private readonly joining = new Map<string, (() => void)[]>();

  constructor(record: NetworksRecord, processes: Processes, onChanged: () => void) {
    this.record = record;
    this.processes = processes;
    this.onChanged = onChanged;
  }

  of(name: string): readonly NetworkInfo[] | undefined {
    return this.record.networks?.[name];
  }

  /** `done` gets a sentence when it cannot be joined; never called when it is left meanwhile. */
  join(
    name: string,
    plan: NetworkPlan | undefined,
    done: (failure: string | undefined) => void,
  ): void {
    const { isolation } = this.processes;
    if (plan === undefined || isolation === undefined) {
      done(plan === undefined ? undefined : 'networks cannot be made here');
      return;
    }
    this.joining.set(name, []);
    isolation.attach(plan, (attached) => {
      const leaving = this.joining.get(name) ?? [];
      this.joining.delete(name);
      if (attached.ok) {
        this.record.networks = { ...this.record.networks, [name]: attached.networks };
        this.onChanged();
      }
      if (leaving.length === 0) done(attached.ok ? undefined : attached.message);
      for (const leave of leaving) leave();
    });
  }

  /** At once when there is nothing to leave. */
  leave(name: string, plan: NetworkPlan | undefined, done: () => void): void {
    const { isolation } = this.processes;
    if (plan === undefined || isolation === undefined) {
      done();
      return;
    }
    const leave = (): void => isolation.detach(plan, done);
    const joining = this.joining.get(name);
    if (joining === undefined) leave();
    else joining.push(leave);
  }
}
