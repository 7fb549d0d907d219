/** Everything Marathon is configured with, compiled: `flags.ts` makes it, `orrery local` may too. */
import type { DurationMs } from '../../core/base/duration.ts';
import type { HttpsOptions } from '../kit/https-flags.ts';
import type { FileArtifacts } from './artifacts/file-store.ts';
import type { LogChoice } from './log-flags.ts';
import type { MachineSettings } from './machine/settings.ts';
import type { ReporterOptions } from './metrics-reporter.ts';
import type { HttpCredentials } from './security-flags.ts';

export interface MarathonOptions {
  readonly master: string;
  readonly log: LogChoice;
  /** Where the API listens; port 0 takes a free one. */
  readonly http: { readonly ip: string; readonly port: number };
  /** False leaves HTTPS alone. */
  readonly servesHttp: boolean;
  readonly https: HttpsOptions | undefined;
  /** Announced to others: the leader's name, the web UI's address. */
  readonly hostname: string;
  readonly webuiUrl: string | undefined;
  readonly frameworkName: string;
  readonly mesosUser: string;
  readonly mesosRole: string;
  readonly failoverTimeoutSeconds: number;
  readonly checkpoint: boolean;
  /** Named to the master also when it is not asked to check. */
  readonly principal: string | undefined;
  readonly credential: { readonly principal: string; readonly secret: string } | undefined;
  readonly httpCredentials: HttpCredentials | undefined;
  readonly corsOrigin: string | undefined;
  readonly concurrentRequestsMax: number | undefined;
  /** Answers, for clients that ask for it. */
  readonly compresses: boolean;
  readonly ignoresLeaderCertificate: boolean;
  /** Longest time between election and leadership. */
  readonly electedPrepareMs: DurationMs;
  readonly servesPrometheus: boolean;
  readonly minReviveIntervalMs: DurationMs;
  readonly suppressesOffers: boolean;
  readonly reconciliationIntervalMs: DurationMs;
  /** URLs that get every event from the start; undefined switches HTTP callbacks off. */
  readonly callbackUrls: readonly string[] | undefined;
  readonly eventsOutstandingMax: number;
  readonly metricsPrefix: string;
  /** Where metrics are sent to. */
  readonly reporters: readonly ReporterOptions[];
  readonly artifacts: FileArtifacts | undefined;
  readonly machine: MachineSettings;
  /** Flags as `/v2/info` shows them. */
  readonly shownFlags: Readonly<Record<string, unknown>>;
}
