/** From a request to the pod it wants, at its place in the tree. Pure; refusals are values. */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { UpdateContext } from './app-updates.ts';
import type { PathId } from './path-id.ts';
import type { Pod } from './pod.ts';
import { normalizePod } from './pod-normalize.ts';
import type { RawPod } from './pod-schema.ts';
import { validatePod } from './pod-validate.ts';
import type { Refusal } from './refusal.ts';
import { appIn, type Root, rolesFor } from './root.ts';
import { violation } from './violations.ts';

export function buildPod(
  raw: RawPod,
  id: PathId,
  root: Root,
  { settings, version }: UpdateContext,
): Result<Pod, Refusal> {
  const roles = rolesFor(root, id, settings.defaultRole);
  const placed = { ...settings, defaultRole: roles.defaultRole };
  const pod = normalizePod(raw, placed, { id, version });
  const violations = validatePod(pod, settings, roles);
  if (appIn(root, id) !== undefined) violations.push(violation('/', SHARED_ID_TEXT));
  return violations.length > 0 ? err({ kind: 'invalid', violations }) : ok(pod);
}

export const SHARED_ID_TEXT = 'Applications and Pods may not share the same id';
