/**
 * The launcher's program as plain JavaScript. Loading TypeScript costs a process 26 MB of private
 * memory, and every task is forked from the launcher: without it the launcher is a third of the
 * size and starts tasks much faster. A built package needs nothing of this.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Beside the copies: `[path, modified, size]` of each source, written by `copy-program.ts`. */
export const SOURCES_FILE = 'sources.json';

/** Sources below `root` are copied below `folder`. */
interface Place {
  readonly root: string;
  readonly folder: string;
}

/**
 * Gives the path of the file to start, `name` in the agent's folder without its ending; writes
 * copies below `folder` when running from sources. Rejects when they cannot be written.
 */
export async function launcherProgram(folder: string, name: string): Promise<string> {
  const here = fileURLToPath(import.meta.url);
  const agentFolder = resolve(dirname(here), '..');
  if (!here.endsWith('.ts')) return join(agentFolder, `${name}.js`);
  const root = resolve(agentFolder, '../..');
  const main = join(agentFolder, `${name}.ts`);
  // Where Node keeps what it has compiled, the copies of the last agent are kept, too.
  const cache = getCompileCacheDir();
  const kept = cache === undefined ? undefined : join(cache, `copies-${name.replaceAll('/', '-')}`);
  if (kept === undefined || !isCopied(kept, main, { root, folder })) {
    const copier = join(dirname(here), 'copy-program.ts');
    // Node calls the stripping experimental at each use; the version is pinned, so that says nothing.
    await execute(process.execPath, ['--no-warnings', copier, main, root, folder]);
    if (kept !== undefined) keep(folder, kept);
  }
  return join(folder, relative(root, main)).replace(/\.ts$/, '.js');
}

/** Copies what is kept, if all its sources are still what they were. */
function isCopied(kept: string, main: string, place: Place): boolean {
  try {
    const list = readFileSync(join(kept, SOURCES_FILE), 'utf8');
    const sources: unknown = JSON.parse(list);
    if (!Array.isArray(sources) || sources[0]?.[0] !== main) return false;
    const isSame = sources.every(([path, modified, size]) => {
      const found = statSync(path);
      return found.mtimeMs === modified && found.size === size;
    });
    if (!isSame) return false;
    for (const [path] of sources) {
      writeWhole(
        copyOf(path, place),
        readFileSync(copyOf(path, { ...place, folder: kept }), 'utf8'),
      );
    }
    writeWhole(
      join(place.folder, 'package.json'),
      readFileSync(join(kept, 'package.json'), 'utf8'),
    );
    writeWhole(join(place.folder, SOURCES_FILE), list);
    return true;
  } catch {
    // Nothing is kept yet, a source is gone, or another agent is just replacing it.
    return false;
  }
}

export function copyOf(source: string, { root, folder }: Place): string {
  return join(folder, relative(root, source)).replace(/\.ts$/, '.js');
}

/** Whole at any moment: another agent's launcher may be loading it. */
export function writeWhole(target: string, text: string): void {
  const unfinished = `${target}.${process.pid}`;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(unfinished, text);
  renameSync(unfinished, target);
}

/** Puts the copies there as a whole or not at all: several agents may start at the same time. */
function keep(folder: string, kept: string): void {
  let beside = '';
  try {
    beside = mkdtempSync(`${kept}-`);
    cpSync(folder, beside, { recursive: true });
    rmSync(kept, { recursive: true, force: true });
    renameSync(beside, kept);
  } catch {
    // Another agent was quicker, or the disk is full: the next agent makes its own.
    if (beside !== '') rmSync(beside, { recursive: true, force: true });
  }
}
