/** Answers of tasks to health and readiness checks: most are well, some fall ill for a while. */
import type { Instant } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import { type Random, randomInteger } from '../../core/base/random.ts';

const ILLNESS_MAX_MS = seconds(40);
const READY_RATE = 0.6;

export class ProbedTasks {
  private readonly random: Random;
  private readonly onFailed: (url: string) => void;
  /** `host:port` of what has been probed. */
  private readonly hosts = new Set<string>();
  private readonly illUntil = new Map<string, Instant>();

  constructor(random: Random, onFailed: (url: string) => void) {
    this.random = random;
    this.onFailed = onFailed;
  }

  statusOf(url: string, now: Instant): number {
    const { host, pathname } = new URL(url);
    if (pathname === '/ready') return this.random.float() < READY_RATE ? 200 : 503;
    this.hosts.add(host);
    if ((this.illUntil.get(host) ?? -Infinity) < now) return 200;
    this.onFailed(url);
    return 500;
  }

  /** Checks of one of them fail from now on; undefined when nothing has been probed. */
  fallIll(random: Random, now: Instant): string | undefined {
    const host = [...this.hosts][randomInteger(random, this.hosts.size)];
    if (host !== undefined) this.illUntil.set(host, now + random.float() * ILLNESS_MAX_MS);
    return host;
  }

  recover(): void {
    this.illUntil.clear();
  }
}
