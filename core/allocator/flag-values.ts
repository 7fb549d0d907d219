/** Values of the master's flags about allocation (spec allocator, section 1; flags-and-metrics 2.7). */
import { err, ok, type Result } from '../base/result.ts';
import { validateRole } from '../resources/roles.ts';
import type { MinAllocatable } from './types.ts';

/** `cpus:0.01|mem:32`: sets separated by `|`, their members by `;`. Empty accepts everything. */
export function parseMinAllocatable(text: string): Result<readonly MinAllocatable[]> {
  const sets: MinAllocatable[] = [];
  for (const set of text.split('|').filter((part) => part.trim() !== '')) {
    const quantities = new Map<string, number>();
    for (const member of set.split(';').filter((part) => part.trim() !== '')) {
      const [name = '', value = '', ...rest] = member.split(':').map((part) => part.trim());
      const amount = Number(value);
      if (name === '' || value === '' || rest.length > 0 || !(amount >= 0)) {
        return err(`Failed to parse resource quantities '${set}'`);
      }
      quantities.set(name, amount);
    }
    sets.push(quantities);
  }
  return ok(sets);
}

/** `role=weight,role2=weight2`. */
export function parseWeights(text: string): Result<ReadonlyMap<string, number>> {
  const weights = new Map<string, number>();
  for (const pair of text.split(',').filter((part) => part !== '')) {
    const [role = '', value = '', ...rest] = pair.split('=');
    if (role === '' || value === '' || rest.length > 0) {
      return err(
        `Invalid weight: '${pair}'. --weights should be of the form 'role=weight,role=weight'`,
      );
    }
    const why = validateRole(role);
    if (why !== undefined)
      return err(`Invalid weight: '${pair}'. '${role}' is not a valid role: ${why}`);
    const weight = Number(value);
    if (!(weight > 0)) return err(`Invalid weight: '${pair}'. Weights must be positive`);
    weights.set(role, weight);
  }
  return ok(weights);
}
