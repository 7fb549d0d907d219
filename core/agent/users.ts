/** System users by name: from /etc/passwd, else from the system's `id` (LDAP and the like). */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const PASSWORD_FILE = '/etc/passwd';

/** Reads the file again when it has changed: nearly every task asks. */
export class SystemUsers {
  private version = '';
  private users: ReadonlyMap<string, SystemUser> = new Map();

  find(name: string): SystemUser | undefined {
    const known = this.inFile().get(name);
    if (known !== undefined) return known;
    if (!/^[A-Za-z0-9_.][A-Za-z0-9_.-]*\$?$/.test(name)) return undefined;
    const uid = ask('-u', name);
    const gid = ask('-g', name);
    return uid === undefined || gid === undefined ? undefined : { name, uid, gid };
  }

  private inFile(): ReadonlyMap<string, SystemUser> {
    const { ino, size, mtimeMs, ctimeMs } = statSync(PASSWORD_FILE);
    const version = [ino, size, mtimeMs, ctimeMs].join();
    if (version === this.version) return this.users;
    const users = new Map<string, SystemUser>();
    for (const line of readFileSync(PASSWORD_FILE, 'utf8').split('\n')) {
      const [name = '', , uid, gid] = line.split(':');
      // The first of a name counts.
      if (!users.has(name)) users.set(name, { name, uid: Number(uid), gid: Number(gid) });
    }
    this.users = users;
    this.version = version;
    return users;
  }
}

function ask(what: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(
      execFileSync('id', [what, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return undefined;
  }
}
