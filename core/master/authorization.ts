/**
 * What frameworks, agents and operators may do, asked of the pure authorizer (spec ha-and-security,
 * section 6; spec scheduler-api, sections 6.2, 11.4, 11.5 and 12). Each gives the refusal, or undefined.
 */
import type { Action } from '../auth/actions.ts';
import type { Approvers } from '../auth/authorizer.ts';
import { reservationOf, reservationRole } from '../resources/kinds.ts';
import { reserved } from '../resources/select.ts';
import { toJson } from '../wire/json.ts';
import type {
  AgentInfo,
  FrameworkInfo,
  OfferOperation,
  Resource,
  TaskInfo,
} from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import { rolesOf } from './framework-info.ts';
import type { Framework } from './records.ts';

/** What a registration is refused with where the authorizer could not answer. */
export const REGISTRATION_FAILURE = 'Authorization failure: ';

/** Row 14 of section 6.2; all roles or none. */
export function refuseRegistration(
  context: MasterContext,
  info: FrameworkInfo,
): string | undefined {
  const approvers = context.approversOf(info.principal);
  const roles = [...rolesOf(info)];
  if (roles.every((role) => approvers.approved('register_frameworks', role))) return undefined;
  const failure = approvers.failure?.();
  if (failure !== undefined) {
    const what = failure.isMade ? '' : 'could not create ObjectApprovers for a framework: ';
    return `${REGISTRATION_FAILURE}${what}${failure.why}`;
  }
  const id = info.id?.value ?? '';
  return `Not authorized to register framework ${id} with roles { ${roles.join(', ')} }`;
}

/** The user a task runs as, unless the agent runs all tasks as its own. */
export function userOfTaskInfo(task: TaskInfo, info: FrameworkInfo): string {
  return task.command?.user ?? task.executor?.command?.user ?? info.user;
}

export function refuseLaunch(
  context: MasterContext,
  framework: Framework,
  task: TaskInfo,
): string | undefined {
  const { principal } = framework.info;
  const user = userOfTaskInfo(task, framework.info);
  const approvers = context.approversOf(principal);
  if (approvers.approved('run_tasks', user)) return undefined;
  const why = failureText(approvers);
  if (why !== undefined) {
    return `Failed to authorize principal '${principal ?? ''}' to perform LAUNCH: ${why}`;
  }
  // The missing letter is the original's.
  return `Principal '${principal ?? ''}' no authorized to ${launchText(framework, task, user)}`;
}

/** The last task that is refused speaks for all. */
export function refuseGroupLaunch(
  context: MasterContext,
  framework: Framework,
  tasks: readonly TaskInfo[],
): string | undefined {
  const approvers = context.approversOf(framework.info.principal);
  const task = tasks.findLast(
    (each) => !approvers.approved('run_tasks', userOfTaskInfo(each, framework.info)),
  );
  if (task === undefined) return undefined;
  const why = failureText(approvers);
  if (why !== undefined) return `Failed to authorize task '${task.task_id.value}': ${why}`;
  const user = userOfTaskInfo(task, framework.info);
  // The missing blank is the original's.
  return `Task '${task.task_id.value}' is not authorized to${launchText(framework, task, user)}`;
}

function failureText(approvers: Approvers): string | undefined {
  const failure = approvers.failure?.();
  if (failure === undefined) return undefined;
  return failure.isMade ? failure.why : `could not create ObjectApprovers: ${failure.why}`;
}

function launchText(framework: Framework, task: TaskInfo, user: string): string {
  return `launch task ${task.task_id.value} of framework ${framework.id} under user '${user}'`;
}

/** One thing that must be allowed for an operation. */
interface Need {
  readonly action: Action;
  /** The action's name on the wire. */
  readonly name: string;
  readonly object: string | undefined;
  readonly resource: Resource | undefined;
}

/** An operation on offered or free resources, already in the list form. */
export function refuseOperation(
  approvers: Approvers,
  principal: string | undefined,
  operation: OfferOperation,
): string | undefined {
  const missing = needsOf(operation).find(
    ({ action, object }) => !approvers.approved(action, object),
  );
  if (missing === undefined) return undefined;
  const why = failureText(approvers);
  if (why !== undefined) {
    return `Failed to authorize principal '${principal ?? ''}' to perform ${operation.type}: ${why}`;
  }
  return `Principal '${principal ?? ''}' no authorized to ${needText(missing)}`;
}

function needText({ name, object: value, resource }: Need): string {
  if (resource === undefined) return `perform action ${name} on ANY object`;
  // The authorizer's message holds the old type of a resource; the two differ in names only.
  const object = toJson('mesos.authorization.Object', { value, resource });
  return `perform action ${name} on object ${object}`;
}

function needsOf(operation: OfferOperation): readonly Need[] {
  const { reserve, unreserve, create, destroy, grow_volume: grow } = operation;
  const { shrink_volume: shrink, create_disk, destroy_disk } = operation;
  if (reserve !== undefined) return reserveNeeds(reserve.source ?? [], reserve.resources ?? []);
  if (unreserve !== undefined) return unreserveNeeds(unreserve.resources ?? []);
  if (create !== undefined) {
    return orAnyone(byRole('create_volumes', 'CREATE_VOLUME', create.volumes ?? []), {
      ...{ action: 'create_volumes', name: 'CREATE_VOLUME' },
      ...{ object: undefined, resource: undefined },
    });
  }
  if (destroy !== undefined) return destroyNeeds(destroy.volumes ?? []);
  if (grow !== undefined) return byRole('resize_volumes', 'RESIZE_VOLUME', [grow.volume]);
  if (shrink !== undefined) return byRole('resize_volumes', 'RESIZE_VOLUME', [shrink.volume]);
  if (create_disk !== undefined) {
    const isBlock = create_disk.target_type === 'BLOCK';
    return isBlock
      ? byRole('create_block_disks', 'CREATE_BLOCK_DISK', [create_disk.source])
      : byRole('create_mount_disks', 'CREATE_MOUNT_DISK', [create_disk.source]);
  }
  return destroy_disk === undefined ? [] : destroyDiskNeeds(destroy_disk.source);
}

function destroyDiskNeeds(source: Resource): readonly Need[] {
  switch (source.disk?.source?.type) {
    case 'BLOCK':
      return byRole('destroy_block_disks', 'DESTROY_BLOCK_DISK', [source]);
    case 'MOUNT':
      return byRole('destroy_mount_disks', 'DESTROY_MOUNT_DISK', [source]);
    default:
      return byRole('destroy_raw_disks', 'DESTROY_RAW_DISK', [source]);
  }
}

/** Once for each role, that of the most refined reservation. */
function byRole(action: Action, name: string, resources: readonly Resource[]): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const resource of resources) {
    const object = reservationRole(resource);
    if (!needs.has(object)) needs.set(object, { action, name, object, resource });
  }
  return [...needs.values()];
}

function orAnyone(needs: readonly Need[], anyone: Need): readonly Need[] {
  return needs.length > 0 ? needs : [anyone];
}

/** With a source, what is not common to both is unreserved, then reserved again, one level at a time. */
function reserveNeeds(source: readonly Resource[], target: readonly Resource[]): readonly Need[] {
  const [first] = target;
  if (source.length === 0 || first === undefined) {
    return byRole('reserve_resources', 'RESERVE_RESOURCES', target);
  }
  const common = commonDepth(source[0]?.reservations ?? [], first.reservations ?? []);
  const needs: Need[] = [];
  const depth = source[0]?.reservations?.length ?? 0;
  for (let level = depth; level > common; level -= 1) {
    needs.push(...unreserveNeeds(source.map((each) => cutTo(each, level))));
  }
  for (let level = common + 1; level <= (first.reservations?.length ?? 0); level += 1) {
    const cut = target.map((each) => cutTo(each, level));
    needs.push(...byRole('reserve_resources', 'RESERVE_RESOURCES', cut));
  }
  return needs;
}

type Reservations = NonNullable<Resource['reservations']>;

function commonDepth(a: Reservations, b: Reservations): number {
  let depth = 0;
  while (depth < a.length && depth < b.length && sameReservation(a[depth], b[depth])) depth += 1;
  return depth;
}

function sameReservation(
  a: Reservations[number] | undefined,
  b: Reservations[number] | undefined,
): boolean {
  return a?.role === b?.role && a?.type === b?.type && a?.principal === b?.principal;
}

function cutTo(resource: Resource, level: number): Resource {
  return { ...resource, reservations: (resource.reservations ?? []).slice(0, level) };
}

function unreserveNeeds(resources: readonly Resource[]): readonly Need[] {
  const common = { action: 'unreserve_resources', name: 'UNRESERVE_RESOURCES' } as const;
  const needs: Need[] = [];
  for (const resource of resources) {
    const object = reservationOf(resource)?.principal;
    if (object !== undefined) needs.push({ ...common, object, resource });
  }
  if (needs.length === resources.length) return needs;
  return [...needs, { ...common, object: undefined, resource: undefined }];
}

function destroyNeeds(volumes: readonly Resource[]): readonly Need[] {
  const common = { action: 'destroy_volumes', name: 'DESTROY_VOLUME' } as const;
  const needs = volumes
    .filter((volume) => volume.disk?.persistence !== undefined)
    .map((resource) => ({
      ...common,
      object: resource.disk?.persistence?.principal ?? '',
      resource,
    }));
  return orAnyone(needs, { ...common, object: undefined, resource: undefined });
}

/** An agent may come in, and may bring resources reserved to these roles (list form). */
export function refuseAgent(
  context: MasterContext,
  info: AgentInfo,
  principal: string | undefined,
): string | undefined {
  const approvers = context.approversOf(principal);
  const who = `principal '${principal ?? ''}'`;
  if (!approvers.approved('register_agents')) {
    return `Not authorized to register agent with ${who}`;
  }
  const roles = new Set(reserved(info.resources ?? []).map(reservationRole));
  const role = [...roles].find((each) => !approvers.approved('reserve_resources', each));
  if (role === undefined) return undefined;
  return `Not authorized to register agent providing resources reserved to role '${role}' with ${who}`;
}
