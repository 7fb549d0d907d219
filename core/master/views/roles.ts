/** `/roles` and GET_ROLES (spec operator-api, sections 4.6 and 8). */
import type { Approvers } from '../../auth/authorizer.ts';
import type { FrameworkId } from '../../base/ids.ts';
import { quantitiesModel } from '../../operator/legacy-resources.ts';
import { add, type Resources } from '../../resources/arithmetic.ts';
import { isStrictSubrole, reservationRole } from '../../resources/kinds.ts';
import { addQuantity, addScalarsOf } from '../../resources/quantities.ts';
import { roleLineage } from '../../resources/roles.ts';
import { fromMilli, type Milli, toMilli } from '../../resources/scalar.ts';
import { allocationsByRole, quantitiesOf, quantityOf, reserved } from '../../resources/select.ts';
import { double, type JsonObject } from '../../wire/json-text.ts';
import type { Resource, Role, ValueScalar } from '../../wire/types/mesos.v1.ts';
import type { MasterState } from '../state.ts';

/** With `--roles`, exactly those are listed, and `*`. */
export type RoleWhitelist = ReadonlySet<string> | undefined;

export function rolesDocument(
  state: MasterState,
  approvers: Approvers,
  whitelist: RoleWhitelist,
): JsonObject {
  const sums = sumRoles(state, whitelist);
  return { roles: visibleNames(sums, approvers).map((name) => roleModel(state, sums, name)) };
}

function roleModel(state: MasterState, sums: RoleSums, name: string): JsonObject {
  const allocated = quantitiesOf(sums.allocated.get(name) ?? []);
  const offered = quantitiesOf(sums.offered.get(name) ?? []);
  const quota = state.quotas.get(name);
  return {
    name,
    weight: double(state.weights.get(name) ?? 1),
    quota: {
      role: name,
      guarantee: quantitiesModel(scalarsMap(quota?.guarantees)),
      limit: quantitiesModel(scalarsMap(quota?.limits)),
      consumed: quantitiesModel(consumedBy(sums, name)),
    },
    resources: quantitiesModel(merge(allocated, offered)),
    allocated: quantitiesModel(allocated),
    offered: quantitiesModel(offered),
    reserved: quantitiesModel(quantitiesOf(sums.reserved.get(name) ?? [])),
    frameworks: [...(sums.frameworks.get(name) ?? [])],
  };
}

/** The v1 form shows scalars only, allocated and offered together. */
export function rolesV1(
  state: MasterState,
  approvers: Approvers,
  whitelist: RoleWhitelist,
): readonly Role[] {
  const sums = sumRoles(state, whitelist);
  return visibleNames(sums, approvers).map((name) => {
    const quantities = new Map<string, Milli>();
    addScalarsOf(quantities, sums.allocated.get(name) ?? [], 1);
    addScalarsOf(quantities, sums.offered.get(name) ?? [], 1);
    const shown = ['cpus', 'mem', 'disk', 'gpus'].filter((each) => (quantities.get(each) ?? 0) > 0);
    return {
      name,
      weight: state.weights.get(name) ?? 1,
      frameworks: [...(sums.frameworks.get(name) ?? [])].map((value) => ({ value })),
      resources: shown.map((each) => scalar(each, fromMilli(quantities.get(each) ?? 0))),
    };
  });
}

function visibleNames(sums: RoleSums, approvers: Approvers): readonly string[] {
  return sums.names.filter((name) => approvers.approved('view_roles', name));
}

interface RoleSums {
  /** All known roles with their ancestors, sorted. */
  readonly names: readonly string[];
  readonly allocated: ReadonlyMap<string, Resources>;
  readonly offered: ReadonlyMap<string, Resources>;
  readonly reserved: ReadonlyMap<string, Resources>;
  /** Subscribed to the role, or holding something of it from before. */
  readonly frameworks: ReadonlyMap<string, ReadonlySet<FrameworkId>>;
}

function sumRoles(state: MasterState, whitelist: RoleWhitelist): RoleSums {
  const allocated = new Map<string, Resources>();
  const offered = new Map<string, Resources>();
  const reservations = new Map<string, Resources>();
  const frameworks = new Map<string, Set<FrameworkId>>();
  for (const [role, subscribed] of state.roles) {
    frameworks.set(role, new Set([...subscribed].map(({ id }) => id)));
  }
  for (const framework of state.frameworks.values()) {
    const held = [
      ...addByRole(allocated, state.usedBy(framework)),
      ...addByRole(offered, state.offeredTo(framework)),
    ];
    for (const role of held) {
      frameworks.set(role, (frameworks.get(role) ?? new Set()).add(framework.id));
    }
  }
  for (const agent of state.agents.values()) {
    for (const resource of reserved(agent.totalResources)) {
      const role = reservationRole(resource);
      reservations.set(role, add(reservations.get(role) ?? [], [resource]));
    }
  }
  const names = new Set<string>();
  const known: readonly Iterable<string>[] = [
    state.roles.keys(),
    allocated.keys(),
    offered.keys(),
    reservations.keys(),
    state.weights.keys(),
    state.quotas.keys(),
  ];
  for (const source of whitelist === undefined ? known : [['*'], whitelist]) {
    for (const role of source) for (const each of roleLineage(role)) names.add(each);
  }
  return { names: [...names].sort(), allocated, offered, reserved: reservations, frameworks };
}

/** Gives the roles. */
function addByRole(sums: Map<string, Resources>, resources: Resources): Iterable<string> {
  const parts = allocationsByRole(resources);
  for (const [role, part] of parts) sums.set(role, add(sums.get(role) ?? [], part));
  return parts.keys();
}

/** Allocated to the role's subtree, plus its reservations that nobody uses. */
function consumedBy(sums: RoleSums, role: string): ReadonlyMap<string, Milli> {
  const consumed = new Map<string, Milli>();
  const inSubtree = (each: string): boolean => each === role || isStrictSubrole(each, role);
  for (const [each, resources] of sums.reserved) {
    if (inSubtree(each)) addAll(consumed, resources);
  }
  for (const [each, resources] of sums.allocated) {
    if (!inSubtree(each)) continue;
    // Allocated reservations were counted above.
    addAll(
      consumed,
      resources.filter((resource) => (resource.reservations ?? []).length === 0),
    );
  }
  return consumed;
}

function addAll(quantities: Map<string, Milli>, resources: Resources): void {
  for (const resource of resources) addQuantity(quantities, resource.name, quantityOf(resource));
}

function merge(
  left: ReadonlyMap<string, Milli>,
  right: ReadonlyMap<string, Milli>,
): ReadonlyMap<string, Milli> {
  const merged = new Map(left);
  for (const [name, milli] of right) addQuantity(merged, name, milli);
  return merged;
}

function scalarsMap(
  scalars: Readonly<Record<string, ValueScalar>> | undefined,
): ReadonlyMap<string, Milli> {
  return new Map(Object.entries(scalars ?? {}).map(([name, { value }]) => [name, toMilli(value)]));
}

function scalar(name: string, value: number): Resource {
  return { name, type: 'SCALAR', scalar: { value } };
}
