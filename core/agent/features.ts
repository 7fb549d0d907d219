/** What the agent says it can do, and `--agent_features` (spec flags-and-metrics, section 5). */
import { err, ok, type Result } from '../base/result.ts';
import { fromJson } from '../wire/json.ts';
import type { AgentInfoCapability } from '../wire/types/mesos.v1.ts';

/** In the order of the recordings. */
export const AGENT_CAPABILITIES: readonly AgentInfoCapability[] = [
  { type: 'MULTI_ROLE' },
  { type: 'HIERARCHICAL_ROLE' },
  { type: 'RESERVATION_REFINEMENT' },
  { type: 'RESOURCE_PROVIDER' },
  { type: 'RESIZE_VOLUME' },
  { type: 'AGENT_OPERATION_FEEDBACK' },
  { type: 'AGENT_DRAINING' },
  { type: 'TASK_RESOURCE_LIMITS' },
];

const REQUIRED: readonly AgentInfoCapability['type'][] = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'AGENT_OPERATION_FEEDBACK',
  'RESOURCE_PROVIDER',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
];

/** The capabilities that are left on. */
export function compileFeatures(tree: unknown): Result<readonly AgentInfoCapability[]> {
  if (tree === undefined) return ok(AGENT_CAPABILITIES);
  const features = fromJson('mesos.internal.SlaveCapabilities', tree);
  if (!features.ok) return err(`Failed to load flag 'agent_features': ${features.error}`);
  const wanted = new Set((features.value.capabilities ?? []).map((each) => each.type));
  if (REQUIRED.some((type) => !wanted.has(type))) {
    return err(`At least the following agent features need to be enabled: ${REQUIRED.join(', ')}`);
  }
  return ok(AGENT_CAPABILITIES.filter(({ type }) => wanted.has(type)));
}
