/** ACLs as the operator writes them in JSON, checked and turned into lists by action. Pure. */
import { err, ok, type Result } from '../base/result.ts';
import { fromJson } from '../wire/json.ts';
import { ACTIONS, type Action, type ActionRow, AUTHORIZABLE_PATHS, OLD_LISTS } from './actions.ts';

/** The end of a role that stands for all roles below. */
export const RECURSIVE = '/%';

export interface Entity {
  readonly type: 'SOME' | 'ANY' | 'NONE';
  readonly values: readonly string[];
}

export interface Acl {
  readonly principals: Entity;
  readonly objects: Entity;
}

export interface Acls {
  /** What holds when no ACL matches. */
  readonly permissive: boolean;
  readonly lists: ReadonlyMap<Action, readonly Acl[]>;
}

/** Reads the value of `--acls`; the error ends the start. */
export function parseAcls(tree: unknown): Result<Acls> {
  if (!isRecord(tree)) return err('Failed to parse ACLs: Expecting a JSON object');
  const known = withNewNames(tree);
  if (!known.ok) return known;
  // The message checks what has to be there and the types.
  const message = fromJson('mesos.ACLs', known.value);
  if (!message.ok) return err(`Failed to parse ACLs: ${message.error}`);
  const lists = new Map<Action, readonly Acl[]>();
  for (const [action, row] of entriesOf(ACTIONS)) {
    const given: unknown = message.value[action];
    const list = readList(Array.isArray(given) ? given : [], row);
    if (!list.ok) return list;
    if (list.value.length > 0) lists.set(action, list.value);
  }
  return ok({ permissive: message.value.permissive ?? true, lists });
}

/** A misspelt list would silently protect nothing, so it is refused. */
function withNewNames(tree: Readonly<Record<string, unknown>>): Result<Record<string, unknown>> {
  const renamed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(tree)) {
    const target = OLD_LISTS.get(name) ?? name;
    if (target !== 'permissive' && !Object.hasOwn(ACTIONS, target)) {
      return err(`Failed to parse ACLs: there is no list '${name}'`);
    }
    const before = renamed[target];
    const list = name === 'remove_quotas' ? quotaRemovals(value) : value;
    renamed[target] = Array.isArray(before) && Array.isArray(list) ? [...before, ...list] : list;
  }
  return ok(renamed);
}

/** `quota_principals` named who had set the quota; that is not remembered any more. */
function quotaRemovals(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((each: unknown) => {
    if (!isRecord(each) || !isRecord(each['quota_principals'])) return each;
    const { quota_principals: given, ...rest } = each;
    return { ...rest, roles: { type: given['type'] === 'NONE' ? 'NONE' : 'ANY' } };
  });
}

function readList(list: readonly unknown[], row: ActionRow): Result<readonly Acl[]> {
  const acls: Acl[] = [];
  for (const each of list) {
    if (!isRecord(each)) continue;
    const principals = entityOf(each['principals']);
    const objects = entityOf(each[row.key]);
    const refused = refuseObjects(objects, row);
    if (refused !== undefined) return err(refused);
    acls.push(...splitRoles(objects, row).map((part) => ({ principals, objects: part })));
  }
  return ok(acls);
}

/** What `eng/%` stands for is asked of ACLs that name nothing else. */
function splitRoles(objects: Entity, { kind }: ActionRow): readonly Entity[] {
  if (kind !== 'role' || objects.type !== 'SOME') return [objects];
  const below = objects.values.filter((each) => each.endsWith(RECURSIVE));
  if (below.length === 0) return [objects];
  const others = objects.values.filter((each) => !each.endsWith(RECURSIVE));
  const parts = [...below.map((each) => [each]), others];
  return parts.filter((each) => each.length > 0).map((values) => ({ ...objects, values }));
}

function refuseObjects(objects: Entity, { kind, message }: ActionRow): string | undefined {
  if (kind === 'any' && objects.type === 'SOME') {
    return `ACL.${message} type must be either NONE or ANY`;
  }
  if (kind !== 'path') return undefined;
  const path = objects.values.find((each) => !AUTHORIZABLE_PATHS.includes(each));
  return path === undefined ? undefined : `Path: '${path}' is not an authorizable path`;
}

function entityOf(given: unknown): Entity {
  if (!isRecord(given)) return { type: 'SOME', values: [] };
  const { type, values } = given;
  const list = Array.isArray(values) ? values.map(String) : [];
  return { type: type === 'ANY' || type === 'NONE' ? type : 'SOME', values: list };
}

function entriesOf(
  table: Readonly<Record<Action, ActionRow>>,
): readonly (readonly [Action, ActionRow])[] {
  const actions = Object.keys(table).filter((name): name is Action => name in table);
  return actions.map((action) => [action, table[action]] as const);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
