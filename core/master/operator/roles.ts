/** Questions about roles that quota and weights ask (spec allocator, sections 4 and 11). */
import { isStrictSubrole, reservationRole } from '../../resources/kinds.ts';
import { addQuantities, type Quantities } from '../../resources/quantities.ts';
import { fromMilli, type Milli } from '../../resources/scalar.ts';
import {
  nonRevocable,
  quantitiesOf,
  reserved,
  scalars,
  unreserved,
} from '../../resources/select.ts';
import type { Resource } from '../../wire/types/mesos.v1.ts';
import type { MasterContext } from '../context.ts';
import type { MasterState } from '../state.ts';

/** With `--roles`, only those and `*` exist. */
export function isOnWhitelist(context: MasterContext, role: string): boolean {
  const whitelist = context.options.roleWhitelist;
  return whitelist === undefined || role === '*' || whitelist.has(role);
}

export function isInSubtree(role: string, top: string): boolean {
  return role === top || isStrictSubrole(role, top);
}

/** Reservations of the role and its subroles, used or not, and what they use without reservation. */
export function consumedBy(state: MasterState, role: string): Quantities {
  let consumed: Quantities = new Map();
  for (const agent of state.agents.values()) {
    const mine = reserved(agent.totalResources).filter((each) =>
      isInSubtree(reservationRole(each), role),
    );
    if (mine.length > 0) consumed = addQuantities(consumed, quantitiesOf(mine));
  }
  for (const framework of state.frameworks.values()) {
    const mine = unreserved(state.usedBy(framework)).filter((each) => isAllocatedIn(each, role));
    if (mine.length > 0) consumed = addQuantities(consumed, quantitiesOf(mine));
  }
  return consumed;
}

export function offeredTo(state: MasterState, role: string): Quantities {
  let offered: Quantities = new Map();
  for (const framework of state.frameworks.values()) {
    const mine = state.offeredTo(framework).filter((each) => isAllocatedIn(each, role));
    if (mine.length > 0) offered = addQuantities(offered, quantitiesOf(mine));
  }
  return offered;
}

function isAllocatedIn(resource: Resource, role: string): boolean {
  return isInSubtree(resource.allocation_info?.role ?? '*', role);
}

/** Scalars of all agents, disconnected ones too, without what can be taken back. */
export function capacityOf(state: MasterState): Quantities {
  let capacity: Quantities = new Map();
  for (const agent of state.agents.values()) {
    capacity = addQuantities(capacity, quantitiesOf(scalars(nonRevocable(agent.totalResources))));
  }
  return capacity;
}

/** Names without a limit are unlimited. */
export function isWithinLimits(amounts: Quantities, limits: Quantities): boolean {
  for (const [name, limit] of limits) if ((amounts.get(name) ?? 0) > limit) return false;
  return true;
}

/** `cpus:1; mem:64`, or `{}`. */
export function formatQuantities(quantities: ReadonlyMap<string, Milli>): string {
  if (quantities.size === 0) return '{}';
  const names = [...quantities.keys()].sort();
  return names.map((name) => `${name}:${fromMilli(quantities.get(name) ?? 0)}`).join('; ');
}
