/** Which instances go when an app or pod is scaled down (spec marathon-behaviour, section 2). */
import { type Condition, type Instance, startedAtOf } from '../model/instance.ts';
import type { RunSpec } from '../model/run-spec.ts';
import { constraintValue } from '../offers/constraint-values.ts';

const STATE_ORDER: readonly Condition[] = ['Unreachable', 'Staging', 'Starting', 'Running'];

/** `count` of the candidates, those named by the request first. */
export function chooseVictims(
  spec: RunSpec,
  candidates: readonly Instance[],
  count: number,
  named: readonly string[] = [],
): Instance[] {
  if (count <= 0) return [];
  const victims = candidates.filter(({ id }) => named.includes(id)).slice(0, count);
  const rest = candidates.filter((instance) => !victims.includes(instance));
  const ordered = inKillOrder(spec, rest);
  while (victims.length < count && ordered.length > 0) {
    const index = indexInLargestGroup(spec, ordered);
    victims.push(...ordered.splice(index, 1));
  }
  return victims;
}

function inKillOrder(spec: RunSpec, instances: readonly Instance[]): Instance[] {
  const youngestFirst = spec.killSelection === 'YOUNGEST_FIRST';
  return [...instances].sort((a, b) => {
    const byScheduled = Number(b.condition === 'Scheduled') - Number(a.condition === 'Scheduled');
    if (byScheduled !== 0) return byScheduled;
    const byState = stateRank(a.condition) - stateRank(b.condition);
    if (byState !== 0) return byState;
    const [left, right] = [startOf(a), startOf(b)];
    return youngestFirst ? right - left : left - right;
  });
}

function stateRank(condition: Condition): number {
  const rank = STATE_ORDER.indexOf(condition);
  return rank === -1 ? STATE_ORDER.length : rank;
}

/** Instances that have not started count as the youngest. */
function startOf(instance: Instance): number {
  return startedAtOf(instance) ?? Number.MAX_SAFE_INTEGER;
}

/** With GROUP_BY the next victim comes from the biggest group, so that the spread stays even. */
function indexInLargestGroup(spec: RunSpec, ordered: readonly Instance[]): number {
  const constraint = spec.constraints.find((each) => each[1] === 'GROUP_BY');
  if (constraint === undefined) return 0;
  const sizes = new Map<string, number>();
  const groups = ordered.map((instance) => {
    const agent = instance.agent;
    return agent === undefined ? undefined : constraintValue(constraint[0] ?? '', agent);
  });
  for (const group of groups) {
    if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const largest = Math.max(...sizes.values());
  const index = groups.findIndex((group) => group === undefined || sizes.get(group) === largest);
  return Math.max(index, 0);
}
