/** Directories of daemons, made when they start. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and those above it. One by one: where the system says that there is no such file
 * whatever exists (below /proc), Node's own recursion tries again for ever.
 */
export function makeDirectories(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) {
    missing.push(at);
  }
  if (missing.length === 0 && !statSync(path).isDirectory()) missing.push(path);
  for (const each of missing.reverse()) makeDirectory(each);
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (thrown) {
    // Another process may have been faster.
    if (!(existsSync(path) && statSync(path).isDirectory())) throw thrown;
  }
}
