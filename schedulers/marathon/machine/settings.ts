/** What the machine is configured with; compiled once in `flags.ts`. Durations are milliseconds. */
import type { DurationMs } from '../../../core/base/duration.ts';
import type {
  ExecutorInfo,
  Offer,
  TaskGroupInfo,
  TaskInfo,
} from '../../../core/wire/types/mesos.v1.ts';
import type { ModelSettings } from '../model/app-normalize.ts';
import type { RunSpec } from '../model/run-spec.ts';
import type { PortRange } from '../model/versioning.ts';
import type { Violation } from '../model/violations.ts';

/** What plugins decide while the machine works; none of it waits. */
export interface MachinePlugins {
  accepts(offer: Offer, spec: RunSpec): boolean;
  violations(spec: RunSpec): readonly Violation[];
  /** The task as it is launched; undefined when it cannot be. */
  task(spec: RunSpec, task: TaskInfo): TaskInfo | undefined;
  group(spec: RunSpec, group: LaunchedGroup): LaunchedGroup | undefined;
}

export interface LaunchedGroup {
  readonly executor: ExecutorInfo;
  readonly group: TaskGroupInfo;
}

export const NO_PLUGINS: MachinePlugins = {
  accepts: () => true,
  violations: () => [],
  task: (_spec, task) => task,
  group: (_spec, group) => group,
};

export interface MachineSettings {
  readonly plugins: MachinePlugins;
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
  readonly compactionIntervalMs: DurationMs;
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
