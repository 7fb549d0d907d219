/**
 * The local authorizer (spec ha-and-security, section 6): pure, so machines may ask it. Approvers are
 * made once per request or stream and remember their answers: a state with a million tasks of five users
 * costs five decisions.
 */
import { isStrictSubrole } from '../resources/kinds.ts';
import { type Acl, type Acls, type Entity, RECURSIVE } from './acls.ts';
import { ACTIONS, type Action } from './actions.ts';
import type { Principal } from './principal.ts';

/** What one principal may do. */
export interface Approvers {
  /**
   * `object` is a role, user, principal or path, as the action's row says; `undefined` means no one in
   * particular, which only ANY and NONE speak of.
   */
  approved(action: Action, object?: string): boolean;
  /**
   * The same for actions on a container: an executor that shows its token may do what it needs with
   * containers below its own, whatever the ACLs say, and nothing else.
   */
  approvedFor(action: Action, object: string | undefined, rootContainerId: string): boolean;
  /** Why the last answer was no where the authorizer could not give one. */
  failure?(): AuthorizationFailure | undefined;
}

export interface AuthorizationFailure {
  /** False: not even the approvers could be made. */
  readonly isMade: boolean;
  readonly why: string;
}

export interface Authorizer {
  approvers(principal: Principal | undefined): Approvers;
}

export function createAuthorizer(acls: Acls): Authorizer {
  return { approvers: (principal) => new LocalApprovers(acls, principal) };
}

/** Without an authorizer everybody may do everything. */
export const APPROVES_ALL: Approvers = { approved: () => true, approvedFor: () => true };

export function approversFor(
  authorizer: Authorizer | undefined,
  principal: Principal | undefined,
): Approvers {
  return authorizer === undefined ? APPROVES_ALL : authorizer.approvers(principal);
}

/** What an executor may do with containers below its own. */
const IMPLICIT: ReadonlySet<Action> = new Set<Action>([
  'launch_nested_containers_as_user',
  'launch_nested_containers_under_parent_with_user',
  'launch_nested_container_sessions_as_user',
  'launch_nested_container_sessions_under_parent_with_user',
  'wait_nested_containers',
  'kill_nested_containers',
  'remove_nested_containers',
  'attach_containers_output',
]);

/** Answers that are remembered per action; roles, users and principals are few. */
const REMEMBERED_MAX = 10_000;

class LocalApprovers implements Approvers {
  private readonly acls: Acls;
  private readonly principal: Principal | undefined;
  private readonly subject: string | undefined;
  private readonly known = new Map<Action, Map<string | undefined, boolean>>();

  constructor(acls: Acls, principal: Principal | undefined) {
    this.acls = acls;
    this.principal = principal;
    this.subject = principal?.value;
  }

  approved(action: Action, object?: string): boolean {
    if (this.isExecutor) return false;
    const answers = this.known.get(action) ?? new Map<string | undefined, boolean>();
    this.known.set(action, answers);
    const known = answers.get(object);
    if (known !== undefined) return known;
    const answer = this.decide(action, object);
    if (answers.size < REMEMBERED_MAX) answers.set(object, answer);
    return answer;
  }

  approvedFor(action: Action, object: string | undefined, rootContainerId: string): boolean {
    if (!this.isExecutor) return this.approved(action, object);
    return IMPLICIT.has(action) && this.principal?.claims['cid'] === rootContainerId;
  }

  private get isExecutor(): boolean {
    return this.principal !== undefined && this.principal.value === undefined;
  }

  /** The first ACL that matches decides. */
  private decide(action: Action, object: string | undefined): boolean {
    const isRole = ACTIONS[action].kind === 'role';
    for (const acl of this.acls.lists.get(action) ?? []) {
      const objects = isRole ? forRole(acl, object) : acl.objects;
      if (!matches(this.subject, acl.principals) || !matches(object, objects)) continue;
      return allows(this.subject, acl.principals) && allows(object, objects);
    }
    return this.acls.permissive;
  }
}

/** `eng/%` stands for the role itself when that lies below `eng`. */
function forRole({ objects }: Acl, role: string | undefined): Entity {
  const [only, ...more] = objects.values;
  if (only === undefined || more.length > 0 || !only.endsWith(RECURSIVE)) return objects;
  const parent = only.slice(0, -RECURSIVE.length);
  const isBelow = role !== undefined && isStrictSubrole(role, parent);
  return isBelow ? { ...objects, values: [role] } : objects;
}

/** Whether the ACL's entity speaks of what is asked; `undefined` asks for anything. */
export function matches(asked: string | undefined, entity: Entity): boolean {
  if (entity.type !== 'SOME') return true;
  return asked !== undefined && entity.values.includes(asked);
}

export function allows(asked: string | undefined, entity: Entity): boolean {
  if (entity.type === 'ANY') return true;
  return entity.type === 'SOME' && asked !== undefined && entity.values.includes(asked);
}
