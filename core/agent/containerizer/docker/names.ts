/** Names of Docker containers that are ours (spec agent-runtime, section 9). */

const PREFIX = 'mesos-';
const EXECUTOR_SUFFIX = '.executor';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function containerNameOf(containerId: string): string {
  return `${PREFIX}${containerId}`;
}

/**
 * The container id in a name: `mesos-<id>`, with `.executor` behind it for an executor in a container
 * of its own, with `<agent id>.` before it for agents of 0.22 to 0.25. Undefined for foreign names.
 */
export function containerIdOf(name: string): string | undefined {
  const bare = name.startsWith('/') ? name.slice(1) : name;
  if (!bare.startsWith(PREFIX)) return undefined;
  const rest = bare.slice(PREFIX.length);
  const parts = (
    rest.endsWith(EXECUTOR_SUFFIX) ? rest.slice(0, -EXECUTOR_SUFFIX.length) : rest
  ).split('.');
  const id = parts.length <= 2 ? parts.at(-1) : undefined;
  return id !== undefined && UUID.test(id) ? id : undefined;
}

/** Names in what `docker ps --no-trunc` prints: the last column, several joined by commas. */
export function namesIn(listing: string): readonly string[] {
  const lines = listing.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(1).flatMap((line) => {
    const last = line.trim().split(/\s+/).at(-1) ?? '';
    // Links of other containers show as `other/alias`.
    return last.split(',').filter((name) => name !== '' && !name.includes('/'));
  });
}
