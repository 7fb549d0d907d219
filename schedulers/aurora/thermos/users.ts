/** Users of the system by name. */
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export function ownUser(): SystemUser {
  const { username, uid, gid } = userInfo();
  return { name: username, uid, gid };
}

/** Undefined when the system knows no such user. */
export function findUser(name: string): SystemUser | undefined {
  // `getent` takes numbers for names and words with a dash for options.
  if (!/^[A-Za-z_.][\w.-]*\$?$/.test(name)) return undefined;
  const { stdout } = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  const [user, , uid, gid] = (stdout ?? '').trim().split(':');
  if (user !== name || uid === undefined || gid === undefined) return undefined;
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** Undefined when no group has this number. */
export function groupNameOf(gid: number): string | undefined {
  const { stdout } = spawnSync('getent', ['group', String(gid)], { encoding: 'utf8' });
  const [group = ''] = (stdout ?? '').split(':');
  return group === '' ? undefined : group;
}

/** Undefined when nobody has this number. */
export function userNameOf(uid: number): string | undefined {
  const { stdout } = spawnSync('getent', ['passwd', String(uid)], { encoding: 'utf8' });
  const [user = ''] = (stdout ?? '').split(':');
  return user === '' ? undefined : user;
}

/** Words in front of a command that make it another user's, with its groups; none for our own. */
export function asUser(user: SystemUser | undefined): readonly string[] {
  if (user === undefined || user.uid === process.getuid?.()) return [];
  return ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--'];
}
