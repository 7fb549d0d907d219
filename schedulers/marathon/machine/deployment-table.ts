/** Deployments under way, indexed by app or pod. */
import type { PathId } from '../model/path-id.ts';
import type { RunningDeployment } from './state.ts';

const NONE: readonly RunningDeployment[] = [];

export class DeploymentTable {
  private readonly byId = new Map<string, RunningDeployment>();
  private readonly bySpec = new Map<PathId, readonly RunningDeployment[]>();

  get size(): number {
    return this.byId.size;
  }

  get(id: string): RunningDeployment | undefined {
    return this.byId.get(id);
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  keys(): Iterable<string> {
    return this.byId.keys();
  }

  /** In the order in which they began. */
  values(): Iterable<RunningDeployment> {
    return this.byId.values();
  }

  /** Those that work on the app or pod. */
  of(id: PathId): readonly RunningDeployment[] {
    return this.bySpec.get(id) ?? NONE;
  }

  add(running: RunningDeployment): void {
    this.byId.set(running.plan.id, running);
    for (const id of running.specs) this.bySpec.set(id, [...this.of(id), running]);
  }

  remove(running: RunningDeployment): void {
    this.byId.delete(running.plan.id);
    for (const id of running.specs) {
      const others = this.of(id).filter((each) => each !== running);
      if (others.length > 0) this.bySpec.set(id, others);
      else this.bySpec.delete(id);
    }
  }
}
