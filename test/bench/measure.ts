/** Clocks, percentiles and figures from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds that `work` takes. */
export function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Runs for about `durationMs`; gives microseconds per call, the best of five rounds. */
export function microseconds(work: () => void, durationMs = 300): number {
  for (let at = 0; at < 200; at += 1) work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    let count = 0;
    const start = performance.now();
    let now = start;
    while (now - start < durationMs / 5) {
      for (let at = 0; at < 20; at += 1) work();
      count += 20;
      now = performance.now();
    }
    best = Math.min(best, ((now - start) * 1_000) / count);
  }
  return best;
}

/**
 * Milliseconds, by the clock and of processor time, for a fixed piece of work in plain JavaScript
 * (maps, sorting, strings): how fast this machine is just now. The best of three rounds.
 */
export function calibrate(): { readonly wallMs: number; readonly cpuMs: number } {
  let best = { wallMs: Number.POSITIVE_INFINITY, cpuMs: 0 };
  for (let round = 0; round < 3; round += 1) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    calibrationWork();
    const used = process.cpuUsage(before);
    const wallMs = performance.now() - start;
    if (wallMs < best.wallMs) best = { wallMs, cpuMs: (used.user + used.system) / 1_000 };
  }
  return best;
}

function calibrationWork(): number {
  const counts = new Map<string, number>();
  let state = 1;
  for (let at = 0; at < 300_000; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const key = `task-${state % 50_000}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return JSON.stringify(sorted).length;
}

/** Milliseconds of this process's processor time, all threads, that `work` takes. */
export function timedWithCpu(work: () => void): {
  readonly wallMs: number;
  readonly cpuMs: number;
} {
  const before = process.cpuUsage();
  const wallMs = timed(work);
  const used = process.cpuUsage(before);
  return { wallMs, cpuMs: (used.user + used.system) / 1_000 };
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

/** Seconds of processor time, user and system, that the process has used. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime are fields 14 and 15 of the file, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Milliseconds of processor time that all threads of the process have used; 0 when it has ended. */
export function processorMs(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const used = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return used.reduce((sum, ns) => sum + ns, 0) / 1e6;
  } catch {
    // It, or a thread of it, has ended since it was listed.
    return 0;
  }
}

/**
 * Seconds that the main thread of the process could have run and had no processor: others had them. What
 * is measured by the clock says little about a program where this is much.
 */
export function waitedSeconds(pid: number): number {
  const [, waitedNs = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(waitedNs) / 1e9;
}

/** Proportional resident memory in KiB: shared pages are counted by their share. */
export function residentKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
}

/** All running processes below `pid`, itself included, with their command lines. */
export function processTree(
  pid: number,
): readonly { readonly pid: number; readonly command: string }[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  const tree = [pid];
  for (const at of tree) {
    for (const [child, parent] of parents) if (parent === at) tree.push(child);
  }
  return tree.map((each) => ({ pid: each, command: commandOf(each) }));
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // The process has ended since the folder was listed.
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
