/**
 * Who may do what, from a file of Apache Shiro's form (spec aurora-scheduler, section 10.1):
 *
 *   [users]
 *   name = password, role, ...
 *   [roles]
 *   role = permission, "permission:with,commas", ...
 *
 * A permission has parts between colons, each a choice between commas, `*` for all. Fewer parts mean all of what
 * would follow. Letters may be large or small.
 */
import { err, ok, type Result } from '../../../../core/base/result.ts';

export interface ShiroUser {
  readonly name: string;
  readonly password: string;
  readonly permissions: readonly Permission[];
}

export type Permission = readonly ReadonlySet<string>[];

export type ShiroRealm = ReadonlyMap<string, ShiroUser>;

const SECTIONS: readonly string[] = ['users', 'roles'];

export function parseShiroIni(text: string): Result<ShiroRealm> {
  const sections = new Map(SECTIONS.map((name) => [name, new Map<string, readonly string[]>()]));
  let section: Map<string, readonly string[]> | undefined;
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const title = /^\[(.*)\]$/.exec(line)?.[1]?.trim();
    if (title !== undefined) {
      section = sections.get(title);
      if (section === undefined) return err(`section [${title}] is not known: [users], [roles]`);
      continue;
    }
    const entry = /^([^=:\s]+)\s*[=:\s]\s*(.*)$/.exec(line);
    if (section === undefined || entry === null) return err(`line ${at + 1} has no meaning`);
    section.set(entry[1] ?? '', splitQuoted(entry[2] ?? ''));
  }
  if (section === undefined) return err('neither [users] nor [roles] is there');
  return ok(realmOf(sections.get('users') ?? new Map(), sections.get('roles') ?? new Map()));
}

function realmOf(
  users: ReadonlyMap<string, readonly string[]>,
  roles: ReadonlyMap<string, readonly string[]>,
): ShiroRealm {
  return new Map(
    [...users].map(([name, [password = '', ...names]]) => {
      const permissions = names.flatMap((role) => roles.get(role) ?? []).map(parsePermission);
      return [name, { name, password, permissions }];
    }),
  );
}

/** At commas, except between double quotes. */
function splitQuoted(text: string): readonly string[] {
  const words = text.match(/(?:"[^"]*"|[^,"])+/g) ?? [];
  return words.map((word) => word.replaceAll('"', '').trim()).filter((word) => word !== '');
}

export function parsePermission(text: string): Permission {
  return text
    .toLowerCase()
    .split(':')
    .map((part) => new Set(part.split(',').map((each) => each.trim())));
}

export function isPermitted(user: ShiroUser, wanted: string): boolean {
  const asked = parsePermission(wanted);
  return user.permissions.some((permission) => implies(permission, asked));
}

function implies(permission: Permission, asked: Permission): boolean {
  const covers = asked.every((part, at) => {
    const own = permission[at];
    return own === undefined || own.has('*') || [...part].every((each) => own.has(each));
  });
  return covers && permission.slice(asked.length).every((part) => part.has('*'));
}
