/** Looking at and removing directories of cgroups; what has gone meanwhile is empty. */
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { errorCode } from '../../base/errors.ts';

/** Processes in a cgroup and below; those of other pid namespaces show as 0. */
export function pidsBelow(path: string): readonly number[] {
  const own = readText(`${path}/cgroup.procs`)
    .split('\n')
    .filter((line) => line !== '');
  return [...own.map(Number), ...childrenOf(path).flatMap((each) => pidsBelow(`${path}/${each}`))];
}

/** True when it is gone. */
export function removeTree(path: string): boolean {
  for (const name of childrenOf(path)) removeTree(`${path}/${name}`);
  try {
    rmdirSync(path);
    return true;
  } catch (thrown) {
    return isMissing(thrown);
  }
}

/** Also of a file of a cgroup that goes while it is written. */
export function isMissing(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === 'ENOENT' || code === 'ENODEV';
}

export function childrenOf(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
