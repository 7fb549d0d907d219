/**
 * The launcher's program as plain JavaScript. Loading TypeScript costs a process 26 MB of private
 * memory, and every task is forked from the launcher: without it the launcher is a third of the
 * size and starts tasks much faster. A built package needs nothing of this.
 */
import { execFile } from 'node:child_process';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

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
  const copier = join(dirname(here), 'copy-program.ts');
  // Node calls the stripping experimental at each use; the version is pinned, so that says nothing.
  await execute(process.execPath, ['--no-warnings', copier, main, root, folder]);
  return join(folder, relative(root, main)).replace(/\.ts$/, '.js');
}
