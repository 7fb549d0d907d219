/** The cgroups of an agent's own root, removed after it. */
import { rmdirSync } from 'node:fs';
import { eventually } from './programs.ts';

/** Waits until nothing is in them: a process that was killed is a member until it has been reaped. */
export async function removeCgroupRoots(
  root: string,
  subsystems: readonly string[],
): Promise<void> {
  for (const name of subsystems) {
    const path = `/sys/fs/cgroup/${name}/${root}`;
    await eventually(`${path} is empty`, () => {
      rmdirSync(path);
      return true;
    });
  }
}
