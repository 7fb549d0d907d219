/** What a machine holds at rest: everything of which there must not be more after hours than before. */
import { readdirSync, readFileSync } from 'node:fs';
import { residentKib } from '../bench/measure.ts';
import type { AgentMachine } from '../e2e/support/agent-machine.ts';

export interface Census {
  readonly processes: number;
  readonly descriptors: number;
  readonly cgroups: number;
  readonly mounts: number;
  readonly directories: number;
  readonly files: number;
  readonly masterMib: number;
  readonly agentMib: number;
  readonly launcherMib: number;
}

/** How much more of each is no leak: caches that have a limit, garbage that was not collected yet. */
const MARGINS: Readonly<Record<keyof Census, number>> = {
  processes: 0,
  descriptors: 8,
  cgroups: 0,
  mounts: 0,
  directories: 40,
  files: 60,
  masterMib: 40,
  agentMib: 40,
  launcherMib: 15,
};

export function takeCensus(machine: AgentMachine, masterPid: number): Census {
  const { processes, launcherFamily, cgroups } = machine;
  const own = [...new Set([...processes, masterPid])];
  const mib = (pids: readonly number[]): number =>
    Math.round(pids.reduce((sum, pid) => sum + residentKib(pid), 0) / 1_024);
  // Beside it lie the marks of the tests themselves, one for each task.
  const place = machine.workDirectory;
  const entries = readdirSync(place, { recursive: true, withFileTypes: true });
  return {
    processes: processes.length,
    descriptors: own.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0),
    cgroups: cgroups.length,
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length,
    directories: entries.filter((entry) => entry.isDirectory()).length,
    files: entries.filter((entry) => !entry.isDirectory()).length,
    masterMib: mib([masterPid]),
    agentMib: mib([machine.agent.pid]),
    launcherMib: mib(launcherFamily),
  };
}

/** What there is more of than there may be. */
export function leaks(before: Census, after: Census): readonly string[] {
  const names = Object.keys(MARGINS).filter((name): name is keyof Census => name in before);
  return names
    .filter((name) => after[name] > before[name] + MARGINS[name])
    .map((name) => `${name}: ${before[name]}, now ${after[name]}`);
}
