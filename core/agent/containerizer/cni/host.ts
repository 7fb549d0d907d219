/** What networks of containers need of the host before the first container comes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { ClusterError, describeError } from '../../../base/errors.ts';
import { readNetworks } from './networks.ts';
import type { CniOptions } from './options.ts';

const FAILED =
  "Failed to create a containerizer: Could not create MesosContainerizer: Failed to create isolator 'network/cni': ";

/**
 * The directory becomes a shared mount of its own: containers that start later hold copies of the
 * namespaces mounted in it, which must go there too when they go here. Throws when it cannot be had.
 */
export function prepareNetworks({ root, ...directories }: CniOptions): void {
  const found = readNetworks(directories);
  if (!found.ok) throw failure(`Unable to load CNI config: ${found.error}`);
  try {
    mkdirSync(root, { recursive: true });
    const path = realpathSync(root);
    const entry = mountsAt(path).at(-1);
    if (entry?.isShared === true) return;
    if (entry === undefined) mount('--bind', path, path);
    mount('--make-private', path);
    mount('--make-shared', path);
  } catch (thrown) {
    throw failure(
      `Failed to bind mount '${root}' and make it a shared mount: ${describeError(thrown)}`,
      thrown,
    );
  }
}

function mountsAt(path: string): readonly { readonly isShared: boolean }[] {
  const escaped = path.replaceAll(' ', '\\040');
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[4] === escaped)
    .map((fields) => ({ isShared: fields.some((field) => field.startsWith('shared:')) }));
}

function mount(...words: readonly string[]): void {
  execFileSync('mount', [...words], { stdio: 'pipe' });
}

function failure(why: string, cause?: unknown): ClusterError {
  return new ClusterError('ISOLATION', FAILED + why, { retriable: false, cause });
}
