/** Container ids as paths: `root.child.grandchild`, as the texts of the API write them. */
import type { ContainerID } from '../../wire/types/mesos.v1.ts';

const ID_LENGTH_MAX = 242;

export function pathOf(id: ContainerID): string {
  return id.parent === undefined ? id.value : `${pathOf(id.parent)}.${id.value}`;
}

export function wireIdOf(path: string): ContainerID {
  const value = lastPartOf(path);
  const parent = parentOf(path);
  return parent === undefined ? { value } : { value, parent: wireIdOf(parent) };
}

export function lastPartOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

export function parentOf(path: string): string | undefined {
  const dot = path.lastIndexOf('.');
  return dot === -1 ? undefined : path.slice(0, dot);
}

export function rootOf(path: string): string {
  return path.split('.')[0] ?? path;
}

/** 0 for a container without parent. */
export function depthOf(id: ContainerID): number {
  return id.parent === undefined ? 0 : 1 + depthOf(id.parent);
}

/** What is wrong with the id (spec operator-api, section 10, container id rules). */
export function containerIdFault(id: ContainerID): string | undefined {
  const { value, parent } = id;
  if (value === '') return 'ID must not be empty';
  if (value === '.' || value === '..') return `'${value}' is disallowed`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[/\\\u0000-\u001f\u007f]/.test(value)) return `'${value}' contains invalid characters`;
  if (/[. ]/.test(value)) return `'ContainerID.value' '${value}' contains invalid characters`;
  if (Buffer.byteLength(value) > ID_LENGTH_MAX) {
    return `'ContainerID.value' '${value}' exceeds the maximum length (${ID_LENGTH_MAX})`;
  }
  const fault = parent === undefined ? undefined : containerIdFault(parent);
  return fault === undefined ? undefined : `'ContainerID.parent' is invalid: ${fault}`;
}
