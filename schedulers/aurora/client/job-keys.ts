/** Keys of jobs and instances as they stand on the command line (spec aurora-client, section 1.3). */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { JobKey, Range } from '../thrift/types.ts';

const IDENTIFIER = /^[\w\-.]+$/;
/** More than any job has. */
const INSTANCE_MAX = 1_000_000;

export interface ClusterJobKey {
  readonly cluster: string;
  readonly role: string;
  readonly environment: string;
  readonly name: string;
}

export interface InstancesKey {
  readonly key: ClusterJobKey;
  /** Ascending, each once; undefined stands for all. */
  readonly instances: readonly number[] | undefined;
}

export function pathOf({ cluster, role, environment, name }: ClusterJobKey): string {
  return [cluster, role, environment, name].join('/');
}

export function thriftKey({ role, environment, name }: ClusterJobKey): JobKey {
  return { role, environment, name };
}

export function clusterKey(cluster: string, key: JobKey): ClusterJobKey {
  return { cluster, ...key };
}

export function parseJobKey(text: string): Result<ClusterJobKey> {
  const parts = text.split('/');
  const [cluster = '', role = '', environment = '', name = ''] = parts;
  if (parts.length !== 4 || parts.some((part) => !IDENTIFIER.test(part))) {
    return err(`Invalid path '${text}': it must be of the form CLUSTER/ROLE/ENV/NAME`);
  }
  return ok({ cluster, role, environment, name });
}

export function parseInstancesKey(text: string): Result<InstancesKey> {
  const parts = text.split('/');
  if (parts.length !== 4 && parts.length !== 5) {
    return err('Instance specifier must be a CLUSTER/ROLE/ENV/JOB/INSTANCES tuple');
  }
  const key = parseJobKey(parts.slice(0, 4).join('/'));
  if (!key.ok) return key;
  const instances = parseInstances(parts[4] ?? '');
  return instances.ok ? ok({ key: key.value, instances: instances.value }) : instances;
}

/** `0,2,5-7`; nothing and `all` are all. */
export function parseInstances(text: string): Result<readonly number[] | undefined> {
  if (text === '' || text === 'all') return ok(undefined);
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first > last || last > INSTANCE_MAX) {
      return err(`Invalid instances '${text}': expected numbers and ranges such as 0,2,5-7`);
    }
    for (let instance = first; instance <= last; instance += 1) found.add(instance);
  }
  return ok([...found].sort((one, other) => one - other));
}

export interface OneInstance {
  readonly key: ClusterJobKey;
  readonly instance: number;
}

export function parseOneInstance(text: string): Result<OneInstance> {
  const parts = text.split('/');
  if (parts.length !== 5) {
    const form = 'CLUSTER/ROLE/ENV/NAME/INSTANCE';
    return err(`Task instance specifier ${text} is not in the form ${form}`);
  }
  const last = parts[4] ?? '';
  if (!/^\d+$/.test(last)) return err(`Instance must be an integer, but got ${last}`);
  const key = parseJobKey(parts.slice(0, 4).join('/'));
  return key.ok ? ok({ key: key.value, instance: Number(last) }) : key;
}

/** Parts that are not given, or are, with `*` for anything. */
export function parsePattern(text: string): Result<ClusterJobKey> {
  const parts = text.split('/');
  if (text === '' || parts.length > 4) {
    return err(`Invalid job key pattern '${text}': expected CLUSTER[/ROLE[/ENV[/NAME]]]`);
  }
  const [cluster = '*', role = '*', environment = '*', name = '*'] = parts;
  return ok({ cluster, role, environment, name });
}

export function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Shell patterns: `*`, `?`, `[abc]`, `[!a-c]`. */
export function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern.replaceAll(/\*+|\?|\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part.startsWith('*')) return '[\\s\\S]*';
    if (part === '?') return '[\\s\\S]';
    if (part.length > 1) {
      const inside = part.slice(1, -1).replaceAll('\\', '\\\\').replaceAll('[', '\\[');
      return inside.startsWith('!') ? `[^${inside.slice(1)}]` : `[${inside.replace(/^\^/, '\\^')}]`;
    }
    return part.replace(/[\\^$.|+()[\]{}/]/, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`, 'u').test(text);
  } catch {
    // A set that is none, for instance [z-a], matches nothing.
    return false;
  }
}

/** The fewest ranges of these numbers. */
export function rangesOf(instances: readonly number[]): readonly Range[] {
  const ranges: Range[] = [];
  for (const instance of [...new Set(instances)].sort((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.last === instance - 1) {
      ranges[ranges.length - 1] = { first: last.first, last: instance };
    } else ranges.push({ first: instance, last: instance });
  }
  return ranges;
}

/** `[0, 1]`, as the original prints a list. */
export function listText(numbers: readonly number[]): string {
  return `[${numbers.join(', ')}]`;
}
