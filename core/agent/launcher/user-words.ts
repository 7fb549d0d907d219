/** A user in the words of those that switch to one: perl programs, and `setpriv` of util-linux. */
import type { UserIds } from '../../executor/hosted.ts';

/** What perl's `$)` is set to: its own group, then all of its groups. Empty for nobody. */
export function groupsWord(user: UserIds | undefined): string {
  return user === undefined ? '' : [user.gid, ...allGroups(user)].join(' ');
}

/** Absolute: the task's PATH is its own. */
export const SETPRIV = '/usr/bin/setpriv';

export function setprivWords(user: UserIds): readonly string[] {
  const groups = allGroups(user);
  const others = groups.length === 1 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  return ['--reuid', String(user.uid), '--regid', String(user.gid), ...others];
}

function allGroups({ gid, groups = [] }: UserIds): readonly number[] {
  return [gid, ...groups];
}
