/** Role names (spec scheduler-api, section 6.3). */

// TAB LF VT FF CR SPACE DEL, as the original has it (its text speaks of backspace).
const BAD_CHARACTERS = ['\t', '\n', '\v', '\f', '\r', ' ', '\x7f'];

/** What is wrong with the name; `undefined` when it is valid. */
export function validateRole(role: string): string | undefined {
  if (role === '*') return undefined;
  if (role === '') return 'Role names cannot be the empty string';
  if (role.startsWith('/')) return `Role '${role}' cannot start with a slash`;
  if (role.endsWith('/')) return `Role '${role}' cannot end with a slash`;
  if (role.includes('//')) return `Role '${role}' cannot contain two adjacent slashes`;
  for (const component of role.split('/')) {
    if (component === '.' || component === '..' || component === '*') {
      return `Role '${role}' cannot include '${component}' as a component`;
    }
    if (component.startsWith('-')) {
      return `Role component '${component}' is invalid because it starts with a dash`;
    }
    if (BAD_CHARACTERS.some((bad) => component.includes(bad))) {
      return `Role component '${component}' is invalid because it contains backspace or whitespace`;
    }
  }
  return undefined;
}

/** The first component: quota is set on these. */
export function topLevelRole(role: string): string {
  const slash = role.indexOf('/');
  return slash === -1 ? role : role.slice(0, slash);
}

/** The role and all its ancestors, itself first. */
export function roleLineage(role: string): readonly string[] {
  const lineage = [role];
  for (let at = role.lastIndexOf('/'); at > 0; at = role.lastIndexOf('/', at - 1)) {
    lineage.push(role.slice(0, at));
  }
  return lineage;
}
