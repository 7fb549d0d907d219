/** System users by name: from /etc/passwd and /etc/group, else from the system's `id` (LDAP and the like). */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Those besides `gid`. */
  readonly groups: readonly number[];
}

const FILES = { users: '/etc/passwd', groups: '/etc/group' } as const;

/** Reads the files again when they have changed: nearly every task asks. */
export class SystemUsers {
  private readonly files: { readonly users: string; readonly groups: string };
  private version = '';
  private users: ReadonlyMap<string, SystemUser> = new Map();

  /** `files`: in the forms of passwd(5) and group(5). */
  constructor(files: { readonly users: string; readonly groups: string } = FILES) {
    this.files = files;
  }

  find(name: string): SystemUser | undefined {
    const known = this.inFile().get(name);
    if (known !== undefined) return known;
    if (!/^[A-Za-z0-9_.][A-Za-z0-9_.-]*\$?$/.test(name)) return undefined;
    const [uid] = ask('-u', name);
    const [gid] = ask('-g', name);
    if (uid === undefined || gid === undefined) return undefined;
    return { name, uid, gid, groups: ask('-G', name).filter((group) => group !== gid) };
  }

  private inFile(): ReadonlyMap<string, SystemUser> {
    const version = [this.files.users, this.files.groups].map(versionOf).join(';');
    if (version === this.version) return this.users;
    const groups = groupsIn(this.files.groups);
    const users = new Map<string, SystemUser>();
    for (const line of readFileSync(this.files.users, 'utf8').split('\n')) {
      const [name = '', , uid, gid] = line.split(':');
      // The first of a name counts.
      if (users.has(name)) continue;
      const others = (groups.get(name) ?? []).filter((group) => group !== Number(gid));
      users.set(name, { name, uid: Number(uid), gid: Number(gid), groups: others });
    }
    this.users = users;
    this.version = version;
    return users;
  }
}

/** By name of the member. */
function groupsIn(file: string): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  if (!existsSync(file)) return groups;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, , gid, members = ''] = line.split(':');
    for (const member of members.split(',').filter((each) => each !== '')) {
      const own = groups.get(member) ?? [];
      if (!own.includes(Number(gid))) groups.set(member, [...own, Number(gid)]);
    }
  }
  return groups;
}

function versionOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return '';
  const { ino, size, mtimeMs, ctimeMs } = found;
  return [ino, size, mtimeMs, ctimeMs].join();
}

/** Ids; none when there is no such user. */
function ask(what: '-u' | '-g' | '-G', name: string): readonly number[] {
  try {
    const printed = execFileSync('id', [what, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return printed.trim().split(' ').map(Number);
  } catch {
    return [];
  }
}
