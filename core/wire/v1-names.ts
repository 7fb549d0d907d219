/**
 * Names of v0 messages and their v1 twins. Field numbers are identical (spec scheduler-api, head),
 * so a v0 message is read and written with the v1 type; only names differ.
 * Exception: `mesos.scheduler.Call.Subscribe`, whose fields have other numbers.
 */
const RENAMED: Readonly<Record<string, string>> = {
  'mesos.SlaveInfo': 'mesos.v1.AgentInfo',
  'mesos.SlaveID': 'mesos.v1.AgentID',
};

/** Names and packages (as prefixes) that have no twin or one with other numbers. */
const V0_ONLY: readonly string[] = [
  'mesos.scheduler.Call.Subscribe',
  'mesos.resource_provider.registry',
  'mesos.authorization',
  'mesos.seccomp',
];

/** The v1 name of a v0 message or enum; names outside `mesos` and internal ones stay as they are. */
export function v1NameOf(name: string): string {
  if (!name.startsWith('mesos.')) return name;
  if (V0_ONLY.some((prefix) => name.startsWith(prefix))) return name;
  if (name.startsWith('mesos.v1.') || name.startsWith('mesos.internal')) return name;
  for (const [from, to] of Object.entries(RENAMED)) {
    if (name === from) return to;
    if (name.startsWith(`${from}.`)) return `${to}${name.slice(from.length)}`;
  }
  return `mesos.v1.${name.slice('mesos.'.length)}`;
}
