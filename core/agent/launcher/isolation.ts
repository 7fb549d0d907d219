/**
 * Carries out isolation plans: makes cgroups, puts processes into them, kills everything in a
 * container, removes what was made (spec agent-runtime, sections 7.1 and 8).
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { NetworkPlan } from '../containerizer/cni/network-plan.ts';
import type {
  CgroupPlan,
  FileWrite,
  IsolationPlan,
  KillPlan,
  WatchPlan,
} from '../containerizer/plan.ts';
import type { DockerVolumesPlan } from '../containerizer/volume-plan.ts';
import type { ContainerLimitation } from '../launcher-port.ts';
import { isMissing, pidsBelow, readText, removeTree } from './cgroup-files.ts';
import type { AttachedNetworks, Isolation, MountedVolumes, WatchHandlers } from './ports.ts';
import { checkNow, Watches } from './watches.ts';

/** How often a freezing cgroup is asked at one go; a fork bomb may need several goes. */
const FREEZE_TRIES = 50;
const DESTROY_FIRST_MS = 2;
const DESTROY_STEP_MAX_MS = 200;

export class NodeIsolation implements Isolation {
  private readonly clock: Clock;
  private readonly destroyLimitMs: number;
  private readonly watches: Watches;

  constructor(clock: Clock, destroyLimitMs: number) {
    this.clock = clock;
    this.destroyLimitMs = destroyLimitMs;
    this.watches = new Watches(clock);
  }

  watch(id: string, watches: readonly WatchPlan[], handlers: WatchHandlers): void {
    this.watches.watch(id, watches, handlers);
  }

  unwatch(id: string): void {
    this.watches.unwatch(id);
  }

  check(watches: readonly WatchPlan[]): ContainerLimitation | undefined {
    return checkNow(watches);
  }

  make(plan: IsolationPlan): string | undefined {
    for (const cgroup of plan.cgroups) {
      try {
        makeCgroup(cgroup);
      } catch (thrown) {
        return `Failed to prepare cgroup '${cgroup.path}': ${describeError(thrown)}`;
      }
    }
    return undefined;
  }

  join(plan: IsolationPlan, pid: number): string | undefined {
    try {
      for (const cgroup of plan.cgroups) if (cgroup.isJoined) joinCgroup(cgroup, pid);
      if (plan.oomScoreAdjust !== undefined) {
        writeFileSync(`/proc/${pid}/oom_score_adj`, String(plan.oomScoreAdjust));
      }
      return undefined;
    } catch (thrown) {
      return `Failed to isolate pid ${pid}: ${describeError(thrown)}`;
    }
  }

  write(writes: readonly FileWrite[]): string | undefined {
    for (const write of writes) {
      try {
        writeValue(write);
      } catch (thrown) {
        // The container has gone meanwhile, or was made when this isolator was not asked for.
        if (isMissing(thrown)) continue;
        return `Failed to write '${write.value}' to '${write.path}': ${describeError(thrown)}`;
      }
    }
    return undefined;
  }

  kill(plan: IsolationPlan): void {
    if (plan.kill !== undefined) killAll(plan.kill);
  }

  attach(plan: NetworkPlan, done: (attached: AttachedNetworks) => void): void {
    void import('./networks.ts').then(async ({ attachNetworks }) => {
      done(await attachNetworks(plan, this.clock));
    });
  }

  detach(plan: NetworkPlan, done: () => void): void {
    void import('./networks.ts').then(async ({ detachNetworks }) => {
      try {
        await detachNetworks(plan, this.clock);
      } catch (thrown) {
        process.stderr.write(`launcher: ${describeError(thrown)}\n`);
      }
      done();
    });
  }

  mountVolumes(plan: DockerVolumesPlan, done: (mounted: MountedVolumes) => void): void {
    void import('./docker-volumes.ts').then(async ({ mountVolumes }) => {
      done(await mountVolumes(plan, this.clock));
    });
  }

  unmountVolumes(plan: DockerVolumesPlan, done: () => void): void {
    void import('./docker-volumes.ts').then(async ({ unmountVolumes }) => {
      try {
        await unmountVolumes(plan, this.clock);
      } catch (thrown) {
        process.stderr.write(`launcher: ${describeError(thrown)}\n`);
      }
      done();
    });
  }

  destroy(plan: IsolationPlan, done: () => void): void {
    const endsAt = this.clock.now() + this.destroyLimitMs;
    const own = plan.cgroups.filter(({ isOwn }) => isOwn).map(({ path }) => path);
    // Children before parents.
    own.sort((a, b) => b.length - a.length);
    let waitMs = DESTROY_FIRST_MS;
    const look = (): void => {
      this.kill(plan);
      const left = own.filter((path) => !removeTree(path));
      if (left.length === 0) {
        done();
        return;
      }
      if (this.clock.now() >= endsAt) {
        process.stderr.write(`launcher: cannot remove ${left.join(', ')}\n`);
        done();
        return;
      }
      waitMs = Math.min(DESTROY_STEP_MAX_MS, waitMs * 2);
      this.clock.setTimer(waitMs, look);
    };
    look();
  }
}

function makeCgroup({ path, isOwn, inherits, writes }: CgroupPlan): void {
  if (!isOwn) return;
  mkdirSync(path, { recursive: true });
  for (const file of inherits ?? []) inherit(path, file);
  for (const write of writes) writeValue(write);
}

/** Directories that a process enters; those that were swept away are made again. */
export function joinedBy(plan: IsolationPlan): readonly string[] {
  const joined = plan.cgroups.filter(({ isJoined }) => isJoined);
  for (const cgroup of joined) if (!existsSync(cgroup.path)) makeCgroup(cgroup);
  return joined.map(({ path }) => path);
}

/** An empty cgroup may have been swept away by another agent of this machine: it is made again. */
function joinCgroup(cgroup: CgroupPlan, pid: number): void {
  const file = `${cgroup.path}/cgroup.procs`;
  try {
    writeFileSync(file, String(pid));
  } catch (thrown) {
    if (!cgroup.isOwn || !isMissing(thrown)) throw thrown;
    makeCgroup(cgroup);
    writeFileSync(file, String(pid));
  }
}

/** Parents that were just made may be empty too: filled from the top. */
function inherit(path: string, file: string): void {
  const parent = dirname(path);
  if (readText(`${parent}/${file}`).trim() === '' && parent !== '/') inherit(parent, file);
  writeFileSync(`${path}/${file}`, readText(`${parent}/${file}`).trim());
}

function writeValue({ path, value, onlyRaises }: FileWrite): void {
  if (onlyRaises && !isMore(value, readText(path).trim())) return;
  writeFileSync(path, value);
}

function isMore(value: string, present: string): boolean {
  const amount = (text: string): number =>
    text === '-1' || text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
  return amount(value) > amount(present);
}

function killAll({ kind, path }: KillPlan): void {
  if (kind === 'cgroup.kill') {
    tryWrite(`${path}/cgroup.kill`, '1');
    return;
  }
  const pids = pidsBelow(path);
  if (pids.length === 0) return;
  // Frozen processes cannot fork away from under the list.
  tryWrite(`${path}/freezer.state`, 'FROZEN');
  for (let tries = 0; tries < FREEZE_TRIES; tries += 1) {
    if (readText(`${path}/freezer.state`).trim() === 'FROZEN') break;
  }
  for (const pid of pidsBelow(path)) sendKill(pid);
  tryWrite(`${path}/freezer.state`, 'THAWED');
}

/** 0 stands for a process of another pid namespace; as a target it would be our own group. */
function sendKill(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function tryWrite(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch {
    // The cgroup has gone, which is what a kill wants.
  }
}
