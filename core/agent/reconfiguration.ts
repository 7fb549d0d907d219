/**
 * What of an agent may differ from its first registration when it starts again under the same id
 * (`--reconfiguration_policy`, spec agent-runtime, section 2).
 */
import { contains, equals } from '../resources/arithmetic.ts';
import { containsRanges } from '../resources/ranges.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import type { AgentInfo, Attribute } from '../wire/types/mesos.v1.ts';

export type ReconfigurationPolicy = 'equal' | 'additive';

/** Why the recorded info does not allow to go on as `now` under its id; undefined when it does. */
export function incompatibility(
  policy: ReconfigurationPolicy,
  known: AgentInfo,
  now: AgentInfo,
): string | undefined {
  const part = changedPart(policy === 'additive', known, now);
  if (part === undefined) return undefined;
  return policy === 'additive'
    ? `Configuration change not permitted under 'additive' policy: ${part} changed`
    : `Incompatible agent info detected. ${part} changed`;
}

/** Whether there is any difference, permitted or not; the master must be able to take it. */
export function isReconfigured(known: AgentInfo, now: AgentInfo): boolean {
  return changedPart(false, known, now) !== undefined;
}

function changedPart(mayGrow: boolean, known: AgentInfo, now: AgentInfo): string | undefined {
  if (known.hostname !== now.hostname) return 'hostname';
  if ((known.port ?? 5051) !== (now.port ?? 5051)) return 'port';
  const before = toPostReservationRefinement(known.resources ?? []);
  const after = now.resources ?? [];
  if (mayGrow ? !contains(after, before) : !equals(after, before)) return 'resources';
  if (!areAttributesKept(mayGrow, known.attributes ?? [], now.attributes ?? [])) {
    return 'attributes';
  }
  if (mayGrow && known.domain === undefined) return undefined;
  return JSON.stringify(known.domain) === JSON.stringify(now.domain) ? undefined : 'domain';
}

function areAttributesKept(
  mayGrow: boolean,
  before: readonly Attribute[],
  after: readonly Attribute[],
): boolean {
  if (!mayGrow && before.length !== after.length) return false;
  return before.every((known) => after.some((each) => isKept(mayGrow, known, each)));
}

function isKept(mayGrow: boolean, known: Attribute, now: Attribute): boolean {
  if (known.name !== now.name || known.type !== now.type) return false;
  if (mayGrow && known.type === 'RANGES') {
    return containsRanges(now.ranges?.range ?? [], known.ranges?.range ?? []);
  }
  return JSON.stringify(known) === JSON.stringify(now);
}
