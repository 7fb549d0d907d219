/** What the machine is told by flags (spec aurora-scheduler, section 11), durations in milliseconds. */
import type { DurationMs } from '../../../core/base/duration.ts';
import type { CommandInfo } from '../../../core/wire/types/mesos.v1.ts';
import type { DockerParameter } from '../thrift/types.ts';
import type { FlappingRule } from './flapping.ts';
import type { Tiers } from './tiers.ts';

/** One of those that run tasks, by the name that configurations use. */
export interface ExecutorSettings {
  readonly cpus: number;
  readonly ramMb: number;
  /** As the agent runs it, with what the fetcher brings. */
  readonly command: CommandInfo;
  /** In front of a task's id in the id of its executor. */
  readonly idPrefix: string;
  /** In all containers that it runs in. */
  readonly volumes: readonly HostVolume[];
}

export interface HostVolume {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly mode: 'RW' | 'RO';
}

export interface ConfigurationRules {
  readonly environments: RegExp;
  readonly containerTypes: ReadonlySet<'MESOS' | 'DOCKER'>;
  readonly allowsContainerVolumes: boolean;
  readonly allowsDockerParameters: boolean;
  readonly allowsGpus: boolean;
  readonly allowsFetcher: boolean;
  readonly requiresExecutorForDocker: boolean;
  /** For jobs that name none. */
  readonly defaultDockerParameters: readonly DockerParameter[];
  /** Names of those that tasks may have. */
  readonly executorNames: ReadonlySet<string>;
  readonly slaInstancesMin: number;
  readonly slaDurationMaxSecs: number;
  /** `-sla_aware_kill_non_prod` */
  readonly slaHoldsForAllTiers: boolean;
}

export type OfferOrder = 'RANDOM' | 'CPU' | 'MEMORY' | 'DISK' | 'REVOCABLE_CPU';

export interface MachineSettings {
  readonly clusterName: string;
  /** Of this scheduler, as events name it. */
  readonly hostname: string;
  /** The role of the framework, `*` when there is none. */
  readonly mesosRole: string;
  readonly tiers: Tiers;
  readonly configuration: ConfigurationRules;
  /** By name. */
  readonly executors: ReadonlyMap<string, ExecutorSettings>;
  readonly tasksPerJobMax: number;
  readonly instanceFailuresMax: number;
  readonly flapping: FlappingRule;
  readonly transientTimeoutMs: DurationMs;
  readonly killRetryMs: DurationMs;
  readonly pruneAfterMs: DurationMs;
  readonly pruneNotBeforeMs: DurationMs;
  readonly historyPerJobMax: number;
  readonly scheduling: {
    readonly firstDelayMs: DurationMs;
    readonly penaltyMs: DurationMs;
    readonly penaltyMaxMs: DurationMs;
    readonly startupDelayMaxMs: DurationMs;
    readonly attemptsPerSecond: number;
    readonly tasksPerAttemptMax: number;
  };
  readonly slaKills: {
    readonly checksNonProduction: boolean;
    readonly retryMinMs: DurationMs;
    readonly retryMaxMs: DurationMs;
    /** Between looks at a host that goes out of service. */
    readonly maintenancePollMs: DurationMs;
  };
  readonly updateHistory: {
    readonly intervalMs: DurationMs;
    readonly keptMs: DurationMs;
    readonly perJobMax: number;
  };
  /** For which an updated instance keeps its agent; undefined does not. */
  readonly updateAffinityMs: DurationMs | undefined;
  readonly preemption: {
    readonly isEnabled: boolean;
    /** For which a task has been pending before others give way. */
    readonly delayMs: DurationMs;
    readonly initialDelayMs: DurationMs;
    readonly searchIntervalMs: DurationMs;
    readonly slotHoldMs: DurationMs;
    /** Slots of a group at a time. */
    readonly batchMax: number;
    /** For which an agent whose tasks gave way is kept. */
    readonly reservationMs: DurationMs;
  };
  readonly offers: {
    readonly holdMs: DurationMs;
    readonly holdJitterMs: DurationMs;
    readonly holdsForever: boolean;
    /** Gives offers back, and asks for none, as long as no task is pending. */
    readonly returnsUnused: boolean;
    readonly refuseSeconds: number;
    readonly order: readonly OfferOrder[];
  };
  readonly cron: {
    /** Name of the time zone. */
    readonly zone: string;
    readonly startBackoffMs: DurationMs;
    readonly startBackoffMaxMs: DurationMs;
  };
  readonly unavailabilityThresholdMs: DurationMs;
  readonly populatesDiscovery: boolean;
  /** Whether tasks of a revocable tier have processors that may be taken back. */
  readonly usesRevocableCpus: boolean;
  /** The same of their memory. */
  readonly usesRevocableRam: boolean;
  /** Whether somebody outside follows the states of tasks. */
  readonly tellsChanges: boolean;
}
