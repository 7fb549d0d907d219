/** Where the agents of this machine keep the checkpoints of their tasks. */
import { constants, type Dirent, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** `slaves/<id>/frameworks/<id>/executors/<id>/runs/<id>/checkpoints` below the agent's work directory. */
export function checkpointRoots(mesosRoot: string): readonly string[] {
  let paths = [join(mesosRoot, 'slaves')];
  for (const next of ['frameworks', 'executors', 'runs', 'checkpoints']) {
    paths = paths.flatMap((path) =>
      // The latest run has a second name.
      directoriesIn(path).flatMap((name) => (name === 'latest' ? [] : [join(path, name, next)])),
    );
  }
  return paths;
}

function directoriesIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    // It may be removed at any time.
    return [];
  }
}

/**
 * Opens a file below a directory; undefined for what is not there, is no file, or leads out of it. What counts is
 * where the open file is: names may be changed by their owner between a look and the use.
 */
export async function openInside(directory: string, path: string): Promise<FileHandle | undefined> {
  const file = await opened(directory, path);
  if (file === undefined) return undefined;
  // Pipes and devices are no files, and would hold up their reader.
  if ((await file.stat()).isFile() && isInside(directory, file)) return file;
  await file.close();
  return undefined;
}

/** The names in a directory below a directory. */
export async function entriesInside(
  directory: string,
  path: string,
): Promise<readonly Dirent[] | undefined> {
  const file = await opened(directory, path);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isDirectory() || !isInside(directory, file)) return undefined;
    return await readdir(openPath(file), { withFileTypes: true });
  } finally {
    await file.close();
  }
}

async function opened(directory: string, path: string): Promise<FileHandle | undefined> {
  try {
    return await open(join(directory, path), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // Nothing of that name that could be read.
    return undefined;
  }
}

function isInside(directory: string, file: FileHandle): boolean {
  const root = realpathSync(directory);
  const real = readlinkSync(openPath(file));
  return real === root || real.startsWith(`${root}/`);
}

function openPath(file: FileHandle): string {
  return `/proc/self/fd/${file.fd}`;
}
