/**
 * Which ports a job asks for and which names are others' aliases (spec aurora, sections 3.5 and 4.3). The executor
 * names the assigned ones by the same rule.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { type Data, isDataList, isDataMap } from './pystachio/plain.ts';
import { fragmentsOf } from './pystachio/references.ts';

/** Names in `{{thermos.ports[x]}}` anywhere in the data. */
export function referencedPorts(data: Data): ReadonlySet<string> {
  const found = new Set<string>();
  collect(data, found);
  return found;
}

function collect(data: Data, found: Set<string>): void {
  if (isDataMap(data)) {
    for (const [key, value] of data) {
      collect(key, found);
      collect(value, found);
    }
  } else if (isDataList(data)) {
    for (const each of data) collect(each, found);
  } else if (typeof data === 'string') {
    for (const each of fragmentsOf(data)) {
      if (typeof each === 'string') continue;
      const name = portOf(each.text);
      if (name !== undefined) found.add(name);
    }
  }
}

function portOf(reference: string): string | undefined {
  return /^thermos\.ports\[([\w\-./]+)\]/.exec(reference)?.[1];
}

/** The port name or the number that a name of the map stands for in the end. */
export function resolvePortmap(
  portmap: ReadonlyMap<string, string>,
): Result<ReadonlyMap<string, string>> {
  const resolved = new Map<string, string>();
  for (const name of portmap.keys()) {
    const seen = new Set<string>([name]);
    let target = portmap.get(name) ?? name;
    for (let next = portmap.get(target); next !== undefined; next = portmap.get(target)) {
      if (target === next) break;
      if (seen.has(target)) return err(`Port map has a cycle: ${[...seen].join(' -> ')}`);
      seen.add(target);
      target = next;
    }
    if (target === name && portmap.get(name) !== name) return err(`Port map has a cycle: ${name}`);
    resolved.set(name, target);
  }
  return ok(resolved);
}

export function isStaticPort(target: string): boolean {
  return /^\d+$/.test(target);
}

/** Names of the ports to ask Mesos for, sorted. */
export function requestedPorts(
  referenced: ReadonlySet<string>,
  portmap: ReadonlyMap<string, string>,
): Result<readonly string[]> {
  const resolved = resolvePortmap(portmap);
  if (!resolved.ok) return resolved;
  const names = new Set([...referenced].map((name) => resolved.value.get(name) ?? name));
  for (const target of resolved.value.values()) names.add(target);
  return ok([...names].filter((name) => !isStaticPort(name)).sort());
}

/** The assigned ports with the aliases and the static ones. */
export function namedPorts(
  assigned: ReadonlyMap<string, number>,
  portmap: ReadonlyMap<string, string>,
): Result<ReadonlyMap<string, number>> {
  const resolved = resolvePortmap(portmap);
  if (!resolved.ok) return resolved;
  const ports = new Map(assigned);
  for (const [name, target] of resolved.value) {
    const port = isStaticPort(target) ? Number(target) : assigned.get(target);
    if (port !== undefined) ports.set(name, port);
  }
  return ok(ports);
}
