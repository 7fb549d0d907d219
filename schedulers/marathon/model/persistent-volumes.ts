/**
 * Persistent volumes of apps and pods, their schema and their rules (spec marathon-app-model,
 * section 4.1). What has such volumes is resident: its instances keep their reservations.
 */
import type { PersistentVolumeInfo } from './app.ts';
import { isPod, type RunSpec } from './run-spec.ts';
import { type Violation, violation } from './violations.ts';

export interface PersistentVolume {
  /** Where the task finds it; of a pod the name of the volume. */
  readonly containerPath: string;
  readonly info: PersistentVolumeInfo;
}

/** In declaration order. */
export function persistentVolumesOf(spec: RunSpec): readonly PersistentVolume[] {
  if (isPod(spec)) {
    return spec.volumes.flatMap(({ name, persistent }) =>
      persistent === undefined ? [] : [{ containerPath: name, info: persistent }],
    );
  }
  return (spec.container?.volumes ?? []).flatMap(({ containerPath, persistent }) =>
    persistent === undefined ? [] : [{ containerPath: containerPath ?? '', info: persistent }],
  );
}

export function isResident(spec: RunSpec): boolean {
  return persistentVolumesOf(spec).length > 0;
}

/** Defaults filled in: a volume with a profile is a disk of its own. */
export function persistentDefaults(
  given: Partial<PersistentVolumeInfo> & { readonly size: number },
): PersistentVolumeInfo {
  const { type, constraints = [], ...rest } = given;
  return {
    type: type ?? (given.profileName === undefined ? 'root' : 'mount'),
    ...rest,
    ...(constraints.length === 0 ? {} : { constraints }),
  };
}

export const PERSISTENT_SCHEMA = {
  type: 'object',
  properties: {
    type: { type: 'string', names: ['root', 'path', 'mount'] },
    size: { type: 'integer', minimum: 1 },
    maxSize: { type: 'integer', minimum: 0 },
    profileName: { type: 'string', minLength: 1 },
    constraints: { type: 'array', items: { type: 'array', items: { type: 'string' } } },
  },
  required: ['size'],
};

/** `path` is that of the `persistent` member. */
export function violationsOfPersistent(info: PersistentVolumeInfo, path: string): Violation[] {
  const found: Violation[] = [];
  const constraints = info.constraints ?? [];
  if (info.type === 'root' && constraints.length > 0) {
    found.push(violation(path, 'Constraints on root volumes are not supported'));
  }
  if (info.maxSize !== undefined) {
    if (info.type !== 'mount') found.push(violation(path, 'Only mount volumes can have maxSize'));
    if (info.maxSize <= info.size) {
      found.push(violation(path, 'Max size must be larger than size'));
    }
  }
  constraints.forEach((constraint, index) => {
    const message = faultOfConstraint(constraint);
    if (message !== undefined) found.push(violation(`${path}/constraints(${index})`, message));
  });
  return found;
}

function faultOfConstraint([field, operator, value]: readonly string[]): string | undefined {
  if (field === undefined) return 'Missing field and operator';
  if (field !== 'path') return 'Unsupported field';
  if (operator !== 'LIKE' && operator !== 'UNLIKE') return 'Operator must be one of LIKE, UNLIKE';
  if (value === undefined) return 'A regular expression value must be provided';
  return isPattern(value) ? undefined : 'Invalid regular expression';
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) !== undefined;
  } catch {
    return false;
  }
}

/** Persistent volumes are directories of the sandbox, so their paths have one segment. */
export function violationsOfVolumePath(containerPath: string, path: string): Violation[] {
  if (containerPath.includes('/')) return [violation(path, 'value must not contain "/"')];
  if (containerPath === '.' || containerPath === '..') {
    return [violation(path, `must not be "${containerPath}"`)];
  }
  return [];
}
