/** Mounts of this process' namespace (proc(5), `mountinfo`), and how they are undone. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Hands } from '../../fetcher/hands.ts';

const MOUNT_INFO = '/proc/self/mountinfo';

/** Mount points, in the order in which they were mounted. */
export function parseMountPoints(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => unescaped(line.split(' ')[4] ?? ''));
}

/** Whether the mount at this path tells its peers what is mounted below. */
export function isSharedMount(text: string, path: string): boolean {
  const lines = text.split('\n').filter((line) => unescaped(line.split(' ')[4] ?? '') === path);
  // The last one lies on top.
  const fields = lines.at(-1)?.split(' ') ?? [];
  return fields.slice(6, fields.indexOf('-')).some((field) => field.startsWith('shared:'));
}

/** Blanks and the like stand as three octal digits. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

export function mountInfo(): string {
  return readFileSync(MOUNT_INFO, 'utf8');
}

/** Everything mounted at or below, the latest first; nothing on systems without such a table. */
export function mountPointsBelow(directory: string): readonly string[] {
  const parent = dirname(directory);
  if (!existsSync(MOUNT_INFO) || !existsSync(parent)) return [];
  // The table has no links in its paths. One in the place of the directory itself leads elsewhere.
  const real = join(realpathSync(parent), basename(directory));
  return parseMountPoints(mountInfo())
    .filter((point) => point === real || point.startsWith(`${real}/`))
    .reverse();
}

/** Who still uses what is mounted at or below does so until it ends. */
export async function unmountBelow(hands: Hands, directory: string): Promise<void> {
  for (const point of mountPointsBelow(directory))
    await hands.run('umount', ['-n', '-l', '--', point]);
}
