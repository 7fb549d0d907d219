/** What the routes need of Chronos. */
import type { Instant } from '../../../core/base/clock.ts';
import type { JobDefaults } from '../job.ts';
import type { ChronosCommand } from '../machine.ts';
import type { ChronosMetrics } from '../metrics.ts';
import type { Refusal } from '../records.ts';
import type { ChronosState } from '../state.ts';
import type { JobTexts } from './job-texts.ts';

export interface ChronosApi {
  readonly state: ChronosState;
  readonly metrics: ChronosMetrics;
  readonly texts: JobTexts;
  readonly jobDefaults: JobDefaults;
  readonly ignoresEpsilon: boolean;
  now(): Instant;
  isSubscribed(): boolean;
  /** Where the master's pages show the sandbox; undefined before a master was found. */
  sandboxUrl(agentId: string, executorId: string): string | undefined;
  /** `hostname:http_port` of the leader. */
  leader(): string;
  /** Resolves when durable; with the refusal when it is refused. */
  command(command: ChronosCommand): Promise<Refusal | undefined>;
}
