/** What the machine is configured with; compiled once in `flags.ts`. Durations are milliseconds. */
import type { DurationMs } from '../../../core/base/duration.ts';
import type { ModelSettings } from '../model/app-normalize.ts';
import type { PortRange } from '../model/versioning.ts';

export interface MachineSettings {
  readonly model: ModelSettings;
  readonly servicePorts: PortRange;
  readonly runningDeploymentsMax: number;
  readonly instancesPerOfferMax: number;
  readonly launchTokens: number;
  readonly launchTokenRefreshMs: DurationMs;
  readonly declineOfferMs: DurationMs;
  readonly scaleAppsInitialDelayMs: DurationMs;
  readonly scaleAppsIntervalMs: DurationMs;
  readonly taskLaunchConfirmTimeoutMs: DurationMs;
  readonly taskLaunchTimeoutMs: DurationMs;
  readonly taskReservationTimeoutMs: DurationMs;
  readonly taskLostExpungeInitialDelayMs: DurationMs;
  readonly taskLostExpungeIntervalMs: DurationMs;
  readonly killChunkSize: number;
  readonly killRetryMs: DurationMs;
  readonly healthChecksConcurrentMax: number;
  readonly rootVersionsMax: number;
  readonly enforceNewTopGroups: boolean;
  readonly acceptedRolesDefault: 'any' | 'unreserved' | 'reserved';
  readonly restrictsGpuAgents: boolean;
  readonly maintenanceMode: boolean;
  readonly drainingMs: DurationMs;
  readonly envVarsPrefix: string;
  readonly executor: string;
  /** Named in reservations and volumes. */
  readonly principal: string | undefined;
}
