/**
 * The two forms of reservations (spec scheduler-api, section 20, rule 7): `role` + `reservation`
 * (old) and the list `reservations` (new, the only one used inside).
 *
 *   unreserved                role "*"             <-> no entries
 *   static                    role r               <-> [STATIC r]
 *   dynamic                   role r, reservation  <-> [DYNAMIC r]
 *   refined                   no old form           -  two entries and more
 */
import type { Resource } from '../wire/types/mesos.v1.ts';
import type { Resources } from './arithmetic.ts';

/** Either form in, list form out. The resource must be valid. */
export function toListForm(resource: Resource): Resource {
  // Nearly all are in it already.
  if (resource.role === undefined && resource.reservation === undefined) {
    if (resource.reservations === undefined || resource.reservations.length > 0) return resource;
  }
  const { role, reservation, reservations, ...rest } = resource;
  if (reservations !== undefined && reservations.length > 0) return { ...rest, reservations };
  if (role === undefined || role === '*') return rest;
  if (reservation === undefined) return { ...rest, reservations: [{ type: 'STATIC', role }] };
  return { ...rest, reservations: [{ ...reservation, type: 'DYNAMIC', role }] };
}

/** List form in, old form out; `undefined` for a refined reservation, which has none. */
export function toOldForm(resource: Resource): Resource | undefined {
  const { reservations = [], ...rest } = resource;
  const [only] = reservations;
  if (reservations.length > 1) return undefined;
  if (only === undefined) return { ...rest, role: '*' };
  const role = only.role ?? '*';
  if (only.type !== 'DYNAMIC') return { ...rest, role };
  const { type: _type, role: _role, ...reservation } = only;
  return { ...rest, role, reservation };
}

/** The same list when all are in list form already. */
export function toPostReservationRefinement(resources: Resources): Resources {
  return resources.every((each) => toListForm(each) === each)
    ? resources
    : resources.map(toListForm);
}

/** For peers without the RESERVATION_REFINEMENT capability; refined entries are left out. */
export function toPreReservationRefinement(resources: Resources): Resources {
  return resources.map(toOldForm).filter((each) => each !== undefined);
}

/** Both forms at once, as endpoints show resources (spec operator-api, section 3.2). */
export function toEndpointForm(resources: Resources): Resources {
  return resources.map((each) => {
    const old = toOldForm(each);
    return old === undefined || each.reservations === undefined
      ? (old ?? each)
      : { ...old, reservations: each.reservations };
  });
}
