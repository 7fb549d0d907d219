/**
 * Putting a process into a cgroup makes the kernel wait for an RCU grace period, some ten milliseconds, unless
 * it has just done so for another one. That wait can begin when a container is asked for, before there is
 * a process: whoever is moved to where it is already makes the kernel wait the same, and nothing else happens.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Clock, Instant } from '../../base/clock.ts';

/** As long as containers come faster than this, their own processes keep the kernel awake. */
const PAUSE_MS = 10;

export class GracePeriod {
  private readonly clock: Clock;
  private readonly file: string | undefined;
  private askedAt: Instant = Number.NEGATIVE_INFINITY;
  private isUnderWay = false;

  /** `file` is `cgroup.procs` of this process's own cgroup; undefined: nothing is done. */
  constructor(clock: Clock, file: string | undefined) {
    this.clock = clock;
    this.file = file;
  }

  /** A process will join a cgroup soon. */
  begin(): void {
    const now = this.clock.now();
    const isBusy = this.isUnderWay || now - this.askedAt < PAUSE_MS;
    this.askedAt = now;
    if (this.file === undefined || isBusy) return;
    this.isUnderWay = true;
    const over = (): void => {
      this.isUnderWay = false;
    };
    // Whether it can be written does not matter: the process will wait for itself then.
    void writeFile(this.file, '0').then(over, over);
  }
}

/** The list of processes of the freezer cgroup (version 1) in which this process is. */
export function ownCgroupFile(
  cgroups = readFileSync('/proc/self/cgroup', 'utf8'),
  mounts = readFileSync('/proc/self/mountinfo', 'utf8'),
): string | undefined {
  const own = /^\d+:(?:[^:\n]*,)?freezer(?:,[^:\n]*)?:(.*)$/m.exec(cgroups)?.[1];
  const mount = mounts.split('\n').find((line) => / - cgroup .*[ ,]freezer(,|$)/.test(line));
  const [root, place] = mount?.split(' ').slice(3) ?? [];
  if (own === undefined || root === undefined || place === undefined) return undefined;
  const top = root === '/' ? '' : root;
  // Of a namespace whose root is elsewhere nothing can be said.
  if (own !== top && !own.startsWith(`${top}/`)) return undefined;
  return `${place}${own.slice(top.length)}/cgroup.procs`.replaceAll('//', '/');
}
