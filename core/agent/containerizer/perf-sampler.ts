/** Samples the containers of `cgroups/perf_event` at the flag's interval, all with one `perf stat`. */
import { execFile } from 'node:child_process';
import { background } from '../../base/background.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { PerfStatistics } from '../../wire/types/mesos.v1.ts';
import { type CgroupOptions, relativeCgroup } from './cgroup-paths.ts';
import { type PerfOptions, perfStatistics, perfWords } from './perf-events.ts';

/** What one `perf` may print. */
const OUTPUT_BYTES_MAX = 64 * 1024 ** 2;
/** Beyond the duration: `perf` takes a while to open its counters. */
const GRACE_MS = 10_000;

export interface PerfSamplerOptions extends PerfOptions {
  readonly cgroups: Pick<CgroupOptions, 'root'>;
}

export interface PerfSamplerPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Runs `perf`; rejects when it fails. */
  readonly perf: (words: readonly string[], limitMs: number) => Promise<string>;
  /** Containers with a cgroup below `--cgroups_root`. */
  readonly containers: () => readonly string[];
}

export class PerfSampler {
  private readonly options: PerfSamplerOptions;
  private readonly ports: PerfSamplerPorts;
  private samples: ReadonlyMap<string, PerfStatistics> = new Map();
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(options: PerfSamplerOptions, ports: PerfSamplerPorts) {
    this.options = options;
    this.ports = ports;
  }

  start(): void {
    this.timer = this.ports.clock.setTimer(this.options.intervalMs, () =>
      background(this.ports.log, this.sample(), 'sampling perf events'),
    );
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  /** The last sample; undefined before the first one. */
  of(containerId: string): PerfStatistics | undefined {
    return this.samples.get(this.cgroupOf(containerId));
  }

  private cgroupOf(containerId: string): string {
    return relativeCgroup(this.options.cgroups.root, containerId);
  }

  private async sample(): Promise<void> {
    const { clock, log, perf } = this.ports;
    const { durationMs, intervalMs } = this.options;
    const startedAtMs = clock.now();
    const cgroups = this.ports.containers().map((id) => this.cgroupOf(id));
    try {
      if (cgroups.length > 0) {
        const text = await perf(perfWords(this.options, cgroups), durationMs + GRACE_MS);
        this.samples = perfStatistics(text, { startedAtMs, durationMs });
      }
    } catch (thrown) {
      // A container may end while `perf` looks for its cgroup: the next sample is without it.
      log.warn({ error: describeError(thrown) }, 'perf events cannot be sampled');
    }
    if (this.isStopped) return;
    const restMs = Math.max(0, startedAtMs + intervalMs - clock.now());
    this.timer = clock.setTimer(restMs, () =>
      background(this.ports.log, this.sample(), 'sampling perf events'),
    );
  }
}

export function runPerf(words: readonly string[], limitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: limitMs, maxBuffer: OUTPUT_BYTES_MAX };
    execFile('perf', [...words], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}
