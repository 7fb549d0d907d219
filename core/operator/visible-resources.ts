/** Which resources somebody may see: those of roles they may see (spec ha-and-security, section 6). */
import { APPROVES_ALL, type Approvers } from '../auth/authorizer.ts';
import type { Resource } from '../wire/types/mesos.v1.ts';

/** Who sees a resource must see each role it is reserved or allocated to. */
export function mayViewResource(approvers: Approvers, resource: Resource): boolean {
  const roles = (resource.reservations ?? []).map(({ role }) => role);
  if (resource.role !== undefined && resource.role !== '*') roles.push(resource.role);
  if (resource.allocation_info?.role !== undefined) roles.push(resource.allocation_info.role);
  return roles.every((role) => approvers.approved('view_roles', role ?? '*'));
}

/** The same list when nothing is hidden. */
export function visibleResources(
  approvers: Approvers,
  resources: readonly Resource[],
): readonly Resource[] {
  if (approvers === APPROVES_ALL) return resources;
  const isVisible = (each: Resource): boolean => mayViewResource(approvers, each);
  return resources.every(isVisible) ? resources : resources.filter(isVisible);
}
