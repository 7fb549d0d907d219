/**
 * For daemons of which there is one on every machine, run from sources: what strips types from
 * TypeScript is 20 MB of memory that a process never gives back. So a process that had to strip them
 * becomes another: the same program, with the same pid, that finds its modules in Node's compile cache.
 * That is once at each start, for the modules that were loaded before there was a cache; twice when
 * the sources have changed.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepHeapSmall } from './small-heap.ts';

/** Counts the starts of this process, and stops where the cache turns out to be of no use. */
const STARTS = 'ORRERY_STARTS';
const STARTS_MAX = 3;
/** Node's own variable, read when it starts. */
const CACHE = 'NODE_COMPILE_CACHE';
/** Set where the user has no cache, and tasks must not inherit ours. */
const CACHE_IS_OURS = 'ORRERY_CACHE';
const STRIPPER = /amaro/;

/** Loads a part with a small heap; where the process is bigger than it need be, it starts anew. */
export async function loadLean<T>(load: () => Promise<T>): Promise<T> {
  const env = { ...process.env };
  const starts = Number(env[STARTS] ?? 1);
  if (env[CACHE_IS_OURS] !== undefined) delete process.env[CACHE];
  delete process.env[STARTS];
  delete process.env[CACHE_IS_OURS];
  const here = fileURLToPath(import.meta.url);
  const folder = here.endsWith('.ts') && starts < STARTS_MAX ? cacheFolder(env, here) : undefined;
  const again = { ...env, [STARTS]: String(starts + 1) };
  if (folder !== undefined && env[CACHE] === undefined) {
    execute({ ...again, [CACHE]: folder, [CACHE_IS_OURS]: '1' });
  }
  keepHeapSmall();
  const loaded = await load();
  if (folder !== undefined && hasStripped()) {
    flushCompileCache();
    execute(again);
  }
  return loaded;
}

/** Undefined where there cannot be a cache: it is switched off, or the folder cannot be written. */
function cacheFolder(env: NodeJS.ProcessEnv, here: string): string | undefined {
  const folder = env[CACHE] ?? join(dirname(here), '../../node_modules/.cache/orrery');
  return enableCompileCache(folder).directory === undefined ? undefined : folder;
}

/** Does not return, unless Node cannot do it. */
function execute(env: NodeJS.ProcessEnv): void {
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, words, env);
}

/** Node loads its stripper when the first module needs it, and lists what it has loaded. */
function hasStripped(): boolean {
  const names: unknown = 'moduleLoadList' in process ? process.moduleLoadList : [];
  return Array.isArray(names) && names.some((name) => STRIPPER.test(String(name)));
}
