/**
 * Containers of which nobody knows any more: their cgroups are there, but neither this launcher nor
 * another one of this machine has a record of them (spec agent-runtime, section 7.1).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IsolationPlan } from '../containerizer/plan.ts';
import { childrenOf, pidsBelow } from './cgroup-files.ts';
import type { Isolation } from './ports.ts';

/** Where containers of an agent lie; told by the agent that starts the launcher. */
export interface OrphanPlaces {
  readonly kill: 'freezer' | 'cgroup.kill';
  /** Cgroup that has a directory for each container: of the freezer, or of version 2. */
  readonly root: string;
  /** The same in the other hierarchies. */
  readonly others: readonly string[];
}

export function destroyOrphans(
  places: OrphanPlaces,
  known: ReadonlySet<string>,
  isolation: Isolation,
): void {
  const candidates = childrenOf(places.root).filter((id) => id !== 'agent' && !known.has(id));
  if (candidates.length === 0) return;
  const elsewhere = knownElsewhere();
  for (const id of candidates) {
    const path = `${places.root}/${id}`;
    // 0: of another pid namespace, where another agent may live.
    if (elsewhere.has(id) || pidsBelow(path).includes(0)) continue;
    process.stderr.write(`launcher: destroying the orphaned container ${id}\n`);
    isolation.destroy(planOf(places, id), () => {});
  }
}

function planOf({ kill, root, others }: OrphanPlaces, id: string): IsolationPlan {
  const cgroups = [root, ...others]
    .map((each) => `${each}/${id}`)
    .filter((path) => existsSync(path))
    .map((path) => ({ path, isOwn: true, isJoined: false, writes: [] }));
  return {
    cgroups,
    kill: { kind: kill, path: `${root}/${id}` },
    rlimits: [],
    noNewPrivileges: false,
    watches: [],
  };
}

/** Records of the other launchers that run on this machine, by the folders in their arguments. */
export function knownElsewhere(): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const folder = launcherFolderOf(name);
    if (folder === undefined) continue;
    for (const file of filesIn(`${folder}/containers`)) {
      ids.add(decodeURIComponent(file.replace(/\.json$/, '')));
    }
  }
  return ids;
}

function launcherFolderOf(pid: string): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const program = words.findIndex((word) => /launcher\/main\.(js|ts)$/.test(word));
    return program === -1 ? undefined : words[program + 1];
  } catch {
    return undefined;
  }
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
