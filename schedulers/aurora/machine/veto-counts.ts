/** How often offers were refused, and why, as figures name it (spec aurora-scheduler, section 10.3). */
import type { Turn } from './turn.ts';
import { RESOURCES, type Veto } from './veto.ts';

export type VetoName =
  | 'insufficient_resources'
  | 'limit_not_satisfied'
  | 'constraint_mismatch'
  | 'maintenance'
  | 'dedicated_constraint_mismatch';

type CountName = VetoName | 'static' | 'dynamic';

const LACKS: ReadonlySet<string> = new Set(RESOURCES.map(([, reason]) => reason));

/** Of one try; told at its end, as there may be thousands of offers. */
export class VetoCounts {
  private readonly counts = new Map<CountName, number>();
  private readonly counted = new Set<object>();

  /** The reasons of one offer: all of one class, as the filter ends with the first. An offer counts once. */
  add(offer: object, found: readonly Veto[]): void {
    const [first] = found;
    if (first === undefined || this.counted.has(offer)) return;
    this.counted.add(offer);
    this.increase(first.kind === 'dynamic' ? 'dynamic' : 'static', 1);
    this.increase(nameOf(first), found.length);
  }

  report(turn: Turn): void {
    for (const [name, by] of this.counts) turn.count(`scheduling_veto_${name}`, by);
  }

  private increase(name: CountName, by: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }
}

function nameOf({ kind, reason }: Veto): VetoName {
  if (kind === 'maintenance') return 'maintenance';
  if (kind === 'dynamic') return 'limit_not_satisfied';
  if (LACKS.has(reason)) return 'insufficient_resources';
  return reason.startsWith('Constraint') ? 'constraint_mismatch' : 'dedicated_constraint_mismatch';
}
