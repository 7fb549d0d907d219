/** Made by `npm run generate:aurora` from `description.ts`: change that. */

export type ResponseCode =
  | 'INVALID_REQUEST'
  | 'OK'
  | 'ERROR'
  | 'WARNING'
  | 'AUTH_FAILED'
  | 'JOB_UPDATING_ERROR'
  | 'ERROR_TRANSIENT';

export type MaintenanceMode = 'NONE' | 'SCHEDULED' | 'DRAINING' | 'DRAINED';

export type CronCollisionPolicy = 'KILL_EXISTING' | 'CANCEL_NEW' | 'RUN_OVERLAP';

export type Mode = 'RW' | 'RO';

export type ScheduleStatus =
  | 'PENDING'
  | 'STARTING'
  | 'RUNNING'
  | 'FINISHED'
  | 'FAILED'
  | 'KILLED'
  | 'KILLING'
  | 'LOST'
  | 'ASSIGNED'
  | 'INIT'
  | 'RESTARTING'
  | 'PREEMPTING'
  | 'THROTTLED'
  | 'DRAINING'
  | 'PARTITIONED';

export type JobUpdateStatus =
  | 'ROLLING_FORWARD'
  | 'ROLLING_BACK'
  | 'ROLL_FORWARD_PAUSED'
  | 'ROLL_BACK_PAUSED'
  | 'ROLLED_FORWARD'
  | 'ROLLED_BACK'
  | 'ABORTED'
  | 'ERROR'
  | 'FAILED'
  | 'ROLL_FORWARD_AWAITING_PULSE'
  | 'ROLL_BACK_AWAITING_PULSE';

export type JobUpdateAction =
  | 'INSTANCE_UPDATED'
  | 'INSTANCE_ROLLED_BACK'
  | 'INSTANCE_UPDATING'
  | 'INSTANCE_ROLLING_BACK'
  | 'INSTANCE_UPDATE_FAILED'
  | 'INSTANCE_ROLLBACK_FAILED';

export type JobUpdatePulseStatus = 'OK' | 'FINISHED';

export type ProcessState =
  | 'WAITING'
  | 'FORKED'
  | 'RUNNING'
  | 'SUCCESS'
  | 'KILLED'
  | 'FAILED'
  | 'LOST';

export type ThermosTaskState =
  | 'ACTIVE'
  | 'SUCCESS'
  | 'FAILED'
  | 'KILLED'
  | 'LOST'
  | 'CLEANING'
  | 'FINALIZING';

export interface Identity {
  readonly user: string;
}

export interface JobKey {
  readonly role: string;
  readonly environment: string;
  readonly name: string;
}

export interface InstanceKey {
  readonly jobKey?: JobKey | undefined;
  readonly instanceId: number;
}

export interface Attribute {
  readonly name: string;
  readonly values: readonly string[];
}

export interface HostAttributes {
  readonly host: string;
  readonly attributes: readonly Attribute[];
  readonly mode?: MaintenanceMode | undefined;
  readonly slaveId?: string | undefined;
}

export interface ValueConstraint {
  readonly negated: boolean;
  readonly values: readonly string[];
}

export interface LimitConstraint {
  readonly limit: number;
}

export interface Constraint {
  readonly name: string;
  readonly constraint: TaskConstraint;
}

export interface Metadata {
  readonly key: string;
  readonly value: string;
}

export interface MesosFetcherURI {
  readonly value: string;
  readonly extract?: boolean | undefined;
  readonly cache?: boolean | undefined;
  readonly outputFile?: string | undefined;
}

export interface ExecutorConfig {
  readonly name?: string | undefined;
  readonly data?: string | undefined;
}

export interface Volume {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly mode: Mode;
}

export interface DockerImage {
  readonly name: string;
  readonly tag: string;
}

export interface AppcImage {
  readonly name: string;
  readonly imageId: string;
}

export interface MesosContainer {
  readonly image?: Image | undefined;
  readonly volumes?: readonly Volume[] | undefined;
}

export interface DockerParameter {
  readonly name: string;
  readonly value: string;
}

export interface DockerContainer {
  readonly image: string;
  readonly parameters?: readonly DockerParameter[] | undefined;
}

export interface PartitionPolicy {
  readonly reschedule: boolean;
  readonly delaySecs?: number | undefined;
}

export interface PercentageSlaPolicy {
  readonly percentage: number;
  readonly durationSecs: number;
}

export interface CountSlaPolicy {
  readonly count: number;
  readonly durationSecs: number;
}

export interface CoordinatorSlaPolicy {
  readonly coordinatorUrl: string;
  readonly statusKey: string;
}

export interface TaskConfig {
  readonly isService: boolean;
  readonly priority: number;
  readonly maxTaskFailures: number;
  readonly owner?: Identity | undefined;
  readonly production?: boolean | undefined;
  readonly constraints: readonly Constraint[];
  readonly taskLinks?: ReadonlyMap<string, string> | undefined;
  readonly contactEmail?: string | undefined;
  readonly executorConfig?: ExecutorConfig | undefined;
  readonly metadata?: readonly Metadata[] | undefined;
  readonly job?: JobKey | undefined;
  readonly container?: Container | undefined;
  readonly tier?: string | undefined;
  readonly resources: readonly Resource[];
  readonly mesosFetcherUris?: readonly MesosFetcherURI[] | undefined;
  readonly partitionPolicy?: PartitionPolicy | undefined;
  readonly slaPolicy?: SlaPolicy | undefined;
}

export interface ResourceAggregate {
  readonly resources: readonly Resource[];
}

export interface JobConfiguration {
  readonly cronSchedule?: string | undefined;
  readonly cronCollisionPolicy: CronCollisionPolicy;
  readonly taskConfig?: TaskConfig | undefined;
  readonly owner?: Identity | undefined;
  readonly instanceCount: number;
  readonly key?: JobKey | undefined;
}

export interface JobStats {
  readonly activeTaskCount: number;
  readonly finishedTaskCount: number;
  readonly failedTaskCount: number;
  readonly pendingTaskCount: number;
}

export interface JobSummary {
  readonly job: JobConfiguration;
  readonly stats: JobStats;
  readonly nextCronRunMs?: number | undefined;
}

export interface Range {
  readonly first: number;
  readonly last: number;
}

export interface ConfigGroup {
  readonly config: TaskConfig;
  readonly instances: readonly Range[];
}

export interface ConfigSummary {
  readonly key: JobKey;
  readonly groups: readonly ConfigGroup[];
}

export interface TaskEvent {
  readonly timestamp: number;
  readonly status: ScheduleStatus;
  readonly message?: string | undefined;
  readonly scheduler?: string | undefined;
}

export interface AssignedTask {
  readonly taskId: string;
  readonly slaveId?: string | undefined;
  readonly slaveHost?: string | undefined;
  readonly task: TaskConfig;
  readonly assignedPorts: ReadonlyMap<string, number>;
  readonly instanceId: number;
}

export interface ScheduledTask {
  readonly assignedTask: AssignedTask;
  readonly status: ScheduleStatus;
  readonly failureCount: number;
  readonly taskEvents: readonly TaskEvent[];
  readonly ancestorId?: string | undefined;
  readonly timesPartitioned: number;
}

export interface TaskQuery {
  readonly jobName?: string | undefined;
  readonly taskIds?: readonly string[] | undefined;
  readonly statuses?: readonly ScheduleStatus[] | undefined;
  readonly instanceIds?: readonly number[] | undefined;
  readonly environment?: string | undefined;
  readonly slaveHosts?: readonly string[] | undefined;
  readonly jobKeys?: readonly JobKey[] | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly role?: string | undefined;
}

export interface Hosts {
  readonly hostNames: readonly string[];
}

export interface HostStatus {
  readonly host: string;
  readonly mode: MaintenanceMode;
}

export interface RoleSummary {
  readonly role: string;
  readonly jobCount: number;
  readonly cronJobCount: number;
}

export interface PendingReason {
  readonly taskId: string;
  readonly reason: string;
}

export interface JobUpdateKey {
  readonly job?: JobKey | undefined;
  readonly id?: string | undefined;
}

export interface QueueJobUpdateStrategy {
  readonly groupSize: number;
}

export interface BatchJobUpdateStrategy {
  readonly groupSize: number;
  readonly autopauseAfterBatch: boolean;
}

export interface VariableBatchJobUpdateStrategy {
  readonly groupSizes: readonly number[];
  readonly autopauseAfterBatch: boolean;
}

export interface JobUpdateSettings {
  readonly updateGroupSize: number;
  readonly maxPerInstanceFailures: number;
  readonly maxFailedInstances: number;
  readonly minWaitInInstanceRunningMs: number;
  readonly rollbackOnFailure: boolean;
  readonly updateOnlyTheseInstances: readonly Range[];
  readonly waitForBatchCompletion: boolean;
  readonly blockIfNoPulsesAfterMs?: number | undefined;
  readonly slaAware?: boolean | undefined;
  readonly updateStrategy?: JobUpdateStrategy | undefined;
}

export interface JobUpdateEvent {
  readonly status: JobUpdateStatus;
  readonly timestampMs: number;
  readonly user?: string | undefined;
  readonly message?: string | undefined;
}

export interface JobInstanceUpdateEvent {
  readonly instanceId: number;
  readonly timestampMs: number;
  readonly action: JobUpdateAction;
  readonly message?: string | undefined;
}

export interface InstanceTaskConfig {
  readonly task: TaskConfig;
  readonly instances: readonly Range[];
}

export interface JobUpdateState {
  readonly status: JobUpdateStatus;
  readonly createdTimestampMs: number;
  readonly lastModifiedTimestampMs: number;
}

export interface JobUpdateSummary {
  readonly user: string;
  readonly state: JobUpdateState;
  readonly key: JobUpdateKey;
  readonly metadata?: readonly Metadata[] | undefined;
}

export interface JobUpdateInstructions {
  readonly initialState: readonly InstanceTaskConfig[];
  readonly desiredState?: InstanceTaskConfig | undefined;
  readonly settings: JobUpdateSettings;
}

export interface JobUpdate {
  readonly summary: JobUpdateSummary;
  readonly instructions: JobUpdateInstructions;
}

export interface JobUpdateDetails {
  readonly update: JobUpdate;
  readonly updateEvents: readonly JobUpdateEvent[];
  readonly instanceEvents: readonly JobInstanceUpdateEvent[];
}

export interface JobUpdateRequest {
  readonly taskConfig?: TaskConfig | undefined;
  readonly instanceCount: number;
  readonly settings?: JobUpdateSettings | undefined;
  readonly metadata?: readonly Metadata[] | undefined;
}

export interface JobUpdateQuery {
  readonly role?: string | undefined;
  readonly jobKey?: JobKey | undefined;
  readonly user?: string | undefined;
  readonly updateStatuses?: readonly JobUpdateStatus[] | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly key?: JobUpdateKey | undefined;
}

export interface HostMaintenanceRequest {
  readonly host: string;
  readonly defaultSlaPolicy?: SlaPolicy | undefined;
  readonly timeoutSecs: number;
  readonly createdTimestampMs: number;
}

export interface ExplicitReconciliationSettings {
  readonly batchSize?: number | undefined;
}

export interface TierConfig {
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
}

export interface ServerInfo {
  readonly clusterName: string;
  readonly statsUrlPrefix: string;
}

export interface ResponseDetail {
  readonly message?: string | undefined;
}

export interface Response {
  readonly responseCode: ResponseCode;
  readonly result?: Result | undefined;
  readonly serverInfo?: ServerInfo | undefined;
  readonly details: readonly ResponseDetail[];
}

export interface PopulateJobResult {
  readonly taskConfig: TaskConfig;
}

export interface ScheduleStatusResult {
  readonly tasks: readonly ScheduledTask[];
}

export interface GetJobsResult {
  readonly configs: readonly JobConfiguration[];
}

export interface GetQuotaResult {
  readonly quota: ResourceAggregate;
  readonly prodSharedConsumption?: ResourceAggregate | undefined;
  readonly nonProdSharedConsumption?: ResourceAggregate | undefined;
  readonly prodDedicatedConsumption?: ResourceAggregate | undefined;
  readonly nonProdDedicatedConsumption?: ResourceAggregate | undefined;
}

export interface ListBackupsResult {
  readonly backups: readonly string[];
}

export interface HostStatusesResult {
  readonly statuses: readonly HostStatus[];
}

export interface QueryRecoveryResult {
  readonly tasks: readonly ScheduledTask[];
}

export interface RoleSummaryResult {
  readonly summaries: readonly RoleSummary[];
}

export interface JobSummaryResult {
  readonly summaries: readonly JobSummary[];
}

export interface ConfigSummaryResult {
  readonly summary: ConfigSummary;
}

export interface GetPendingReasonResult {
  readonly reasons: readonly PendingReason[];
}

export interface StartJobUpdateResult {
  readonly key: JobUpdateKey;
  readonly updateSummary?: JobUpdateSummary | undefined;
}

export interface GetJobUpdateSummariesResult {
  readonly updateSummaries: readonly JobUpdateSummary[];
}

export interface GetJobUpdateDetailsResult {
  readonly details?: JobUpdateDetails | undefined;
  readonly detailsList: readonly JobUpdateDetails[];
}

export interface PulseJobUpdateResult {
  readonly status: JobUpdatePulseStatus;
}

export interface GetJobUpdateDiffResult {
  readonly add: readonly ConfigGroup[];
  readonly remove: readonly ConfigGroup[];
  readonly update: readonly ConfigGroup[];
  readonly unchanged: readonly ConfigGroup[];
}

export interface GetTierConfigResult {
  readonly defaultTierName: string;
  readonly tiers: readonly TierConfig[];
}

export interface StoredCronJob {
  readonly jobConfiguration: JobConfiguration;
}

export interface SchedulerMetadata {
  readonly frameworkId?: string | undefined;
  readonly details?: ReadonlyMap<string, string> | undefined;
}

export interface QuotaConfiguration {
  readonly role: string;
  readonly quota: ResourceAggregate;
}

export interface StoredJobUpdateDetails {
  readonly details: JobUpdateDetails;
}

export interface Snapshot {
  readonly timestamp: number;
  readonly hostAttributes: readonly HostAttributes[];
  readonly tasks: readonly ScheduledTask[];
  readonly cronJobs: readonly StoredCronJob[];
  readonly schedulerMetadata?: SchedulerMetadata | undefined;
  readonly quotaConfigurations: readonly QuotaConfiguration[];
  readonly jobUpdateDetails: readonly StoredJobUpdateDetails[];
  readonly hostMaintenanceRequests?: readonly HostMaintenanceRequest[] | undefined;
}

export interface RunnerHeader {
  readonly task_id?: string | undefined;
  readonly launch_time_ms?: number | undefined;
  readonly sandbox?: string | undefined;
  readonly hostname?: string | undefined;
  readonly user?: string | undefined;
  readonly ports?: ReadonlyMap<string, number> | undefined;
  readonly log_dir?: string | undefined;
  readonly uid?: number | undefined;
}

export interface ProcessStatus {
  readonly seq?: number | undefined;
  readonly process?: string | undefined;
  readonly state?: ProcessState | undefined;
  readonly start_time?: number | undefined;
  readonly pid?: number | undefined;
  readonly stop_time?: number | undefined;
  readonly return_code?: number | undefined;
  readonly coordinator_pid?: number | undefined;
  readonly fork_time?: number | undefined;
}

export interface TaskStatus {
  readonly state?: ThermosTaskState | undefined;
  readonly timestamp_ms?: number | undefined;
  readonly runner_pid?: number | undefined;
  readonly runner_uid?: number | undefined;
}

export interface ApplicationException {
  readonly message?: string | undefined;
  readonly type: number;
}

export type TaskConstraint =
  | { readonly value: ValueConstraint }
  | { readonly limit: LimitConstraint };

export type Image = { readonly docker: DockerImage } | { readonly appc: AppcImage };

export type Container = { readonly mesos: MesosContainer } | { readonly docker: DockerContainer };

export type Resource =
  | { readonly numCpus: number }
  | { readonly ramMb: number }
  | { readonly diskMb: number }
  | { readonly namedPort: string }
  | { readonly numGpus: number };

export type SlaPolicy =
  | { readonly percentageSlaPolicy: PercentageSlaPolicy }
  | { readonly countSlaPolicy: CountSlaPolicy }
  | { readonly coordinatorSlaPolicy: CoordinatorSlaPolicy };

export type JobUpdateStrategy =
  | { readonly queueStrategy: QueueJobUpdateStrategy }
  | { readonly batchStrategy: BatchJobUpdateStrategy }
  | { readonly varBatchStrategy: VariableBatchJobUpdateStrategy };

export type Result =
  | { readonly populateJobResult: PopulateJobResult }
  | { readonly scheduleStatusResult: ScheduleStatusResult }
  | { readonly getJobsResult: GetJobsResult }
  | { readonly getQuotaResult: GetQuotaResult }
  | { readonly listBackupsResult: ListBackupsResult }
  | { readonly startMaintenanceResult: HostStatusesResult }
  | { readonly drainHostsResult: HostStatusesResult }
  | { readonly queryRecoveryResult: QueryRecoveryResult }
  | { readonly maintenanceStatusResult: HostStatusesResult }
  | { readonly endMaintenanceResult: HostStatusesResult }
  | { readonly roleSummaryResult: RoleSummaryResult }
  | { readonly jobSummaryResult: JobSummaryResult }
  | { readonly configSummaryResult: ConfigSummaryResult }
  | { readonly getPendingReasonResult: GetPendingReasonResult }
  | { readonly startJobUpdateResult: StartJobUpdateResult }
  | { readonly getJobUpdateSummariesResult: GetJobUpdateSummariesResult }
  | { readonly getJobUpdateDetailsResult: GetJobUpdateDetailsResult }
  | { readonly pulseJobUpdateResult: PulseJobUpdateResult }
  | { readonly getJobUpdateDiffResult: GetJobUpdateDiffResult }
  | { readonly getTierConfigResult: GetTierConfigResult };

export type RunnerCkpt =
  | { readonly runner_header: RunnerHeader }
  | { readonly process_status: ProcessStatus }
  | { readonly task_status: TaskStatus };

/** What each name of the description stands for. */
export interface ThriftStructs {
  readonly Identity: Identity;
  readonly JobKey: JobKey;
  readonly InstanceKey: InstanceKey;
  readonly Attribute: Attribute;
  readonly HostAttributes: HostAttributes;
  readonly ValueConstraint: ValueConstraint;
  readonly LimitConstraint: LimitConstraint;
  readonly Constraint: Constraint;
  readonly Metadata: Metadata;
  readonly MesosFetcherURI: MesosFetcherURI;
  readonly ExecutorConfig: ExecutorConfig;
  readonly Volume: Volume;
  readonly DockerImage: DockerImage;
  readonly AppcImage: AppcImage;
  readonly MesosContainer: MesosContainer;
  readonly DockerParameter: DockerParameter;
  readonly DockerContainer: DockerContainer;
  readonly PartitionPolicy: PartitionPolicy;
  readonly PercentageSlaPolicy: PercentageSlaPolicy;
  readonly CountSlaPolicy: CountSlaPolicy;
  readonly CoordinatorSlaPolicy: CoordinatorSlaPolicy;
  readonly TaskConfig: TaskConfig;
  readonly ResourceAggregate: ResourceAggregate;
  readonly JobConfiguration: JobConfiguration;
  readonly JobStats: JobStats;
  readonly JobSummary: JobSummary;
  readonly Range: Range;
  readonly ConfigGroup: ConfigGroup;
  readonly ConfigSummary: ConfigSummary;
  readonly TaskEvent: TaskEvent;
  readonly AssignedTask: AssignedTask;
  readonly ScheduledTask: ScheduledTask;
  readonly TaskQuery: TaskQuery;
  readonly Hosts: Hosts;
  readonly HostStatus: HostStatus;
  readonly RoleSummary: RoleSummary;
  readonly PendingReason: PendingReason;
  readonly JobUpdateKey: JobUpdateKey;
  readonly QueueJobUpdateStrategy: QueueJobUpdateStrategy;
  readonly BatchJobUpdateStrategy: BatchJobUpdateStrategy;
  readonly VariableBatchJobUpdateStrategy: VariableBatchJobUpdateStrategy;
  readonly JobUpdateSettings: JobUpdateSettings;
  readonly JobUpdateEvent: JobUpdateEvent;
  readonly JobInstanceUpdateEvent: JobInstanceUpdateEvent;
  readonly InstanceTaskConfig: InstanceTaskConfig;
  readonly JobUpdateState: JobUpdateState;
  readonly JobUpdateSummary: JobUpdateSummary;
  readonly JobUpdateInstructions: JobUpdateInstructions;
  readonly JobUpdate: JobUpdate;
  readonly JobUpdateDetails: JobUpdateDetails;
  readonly JobUpdateRequest: JobUpdateRequest;
  readonly JobUpdateQuery: JobUpdateQuery;
  readonly HostMaintenanceRequest: HostMaintenanceRequest;
  readonly ExplicitReconciliationSettings: ExplicitReconciliationSettings;
  readonly TierConfig: TierConfig;
  readonly ServerInfo: ServerInfo;
  readonly ResponseDetail: ResponseDetail;
  readonly Response: Response;
  readonly PopulateJobResult: PopulateJobResult;
  readonly ScheduleStatusResult: ScheduleStatusResult;
  readonly GetJobsResult: GetJobsResult;
  readonly GetQuotaResult: GetQuotaResult;
  readonly ListBackupsResult: ListBackupsResult;
  readonly HostStatusesResult: HostStatusesResult;
  readonly QueryRecoveryResult: QueryRecoveryResult;
  readonly RoleSummaryResult: RoleSummaryResult;
  readonly JobSummaryResult: JobSummaryResult;
  readonly ConfigSummaryResult: ConfigSummaryResult;
  readonly GetPendingReasonResult: GetPendingReasonResult;
  readonly StartJobUpdateResult: StartJobUpdateResult;
  readonly GetJobUpdateSummariesResult: GetJobUpdateSummariesResult;
  readonly GetJobUpdateDetailsResult: GetJobUpdateDetailsResult;
  readonly PulseJobUpdateResult: PulseJobUpdateResult;
  readonly GetJobUpdateDiffResult: GetJobUpdateDiffResult;
  readonly GetTierConfigResult: GetTierConfigResult;
  readonly StoredCronJob: StoredCronJob;
  readonly SchedulerMetadata: SchedulerMetadata;
  readonly QuotaConfiguration: QuotaConfiguration;
  readonly StoredJobUpdateDetails: StoredJobUpdateDetails;
  readonly Snapshot: Snapshot;
  readonly RunnerHeader: RunnerHeader;
  readonly ProcessStatus: ProcessStatus;
  readonly TaskStatus: TaskStatus;
  readonly ApplicationException: ApplicationException;
  readonly TaskConstraint: TaskConstraint;
  readonly Image: Image;
  readonly Container: Container;
  readonly Resource: Resource;
  readonly SlaPolicy: SlaPolicy;
  readonly JobUpdateStrategy: JobUpdateStrategy;
  readonly Result: Result;
  readonly RunnerCkpt: RunnerCkpt;
}

export interface MethodArgs {
  readonly getRoleSummary: Readonly<Record<string, never>>;
  readonly getJobSummary: {
    readonly role?: string | undefined;
  };
  readonly getTasksStatus: {
    readonly query?: TaskQuery | undefined;
  };
  readonly getTasksWithoutConfigs: {
    readonly query?: TaskQuery | undefined;
  };
  readonly getPendingReason: {
    readonly query?: TaskQuery | undefined;
  };
  readonly getConfigSummary: {
    readonly job?: JobKey | undefined;
  };
  readonly getJobs: {
    readonly ownerRole?: string | undefined;
  };
  readonly getQuota: {
    readonly ownerRole?: string | undefined;
  };
  readonly populateJobConfig: {
    readonly description?: JobConfiguration | undefined;
  };
  readonly getJobUpdateSummaries: {
    readonly jobUpdateQuery?: JobUpdateQuery | undefined;
  };
  readonly getJobUpdateDetails: {
    readonly key?: JobUpdateKey | undefined;
    readonly query?: JobUpdateQuery | undefined;
  };
  readonly getJobUpdateDiff: {
    readonly request?: JobUpdateRequest | undefined;
  };
  readonly getTierConfigs: Readonly<Record<string, never>>;
  readonly createJob: {
    readonly description?: JobConfiguration | undefined;
  };
  readonly scheduleCronJob: {
    readonly description?: JobConfiguration | undefined;
  };
  readonly descheduleCronJob: {
    readonly job?: JobKey | undefined;
  };
  readonly startCronJob: {
    readonly job?: JobKey | undefined;
  };
  readonly restartShards: {
    readonly shardIds: readonly number[];
    readonly job?: JobKey | undefined;
  };
  readonly killTasks: {
    readonly job?: JobKey | undefined;
    readonly instances?: readonly number[] | undefined;
    readonly message?: string | undefined;
  };
  readonly addInstances: {
    readonly key?: InstanceKey | undefined;
    readonly count: number;
  };
  readonly replaceCronTemplate: {
    readonly config?: JobConfiguration | undefined;
  };
  readonly startJobUpdate: {
    readonly request?: JobUpdateRequest | undefined;
    readonly message?: string | undefined;
  };
  readonly pauseJobUpdate: {
    readonly key?: JobUpdateKey | undefined;
    readonly message?: string | undefined;
  };
  readonly resumeJobUpdate: {
    readonly key?: JobUpdateKey | undefined;
    readonly message?: string | undefined;
  };
  readonly abortJobUpdate: {
    readonly key?: JobUpdateKey | undefined;
    readonly message?: string | undefined;
  };
  readonly rollbackJobUpdate: {
    readonly key?: JobUpdateKey | undefined;
    readonly message?: string | undefined;
  };
  readonly pulseJobUpdate: {
    readonly key?: JobUpdateKey | undefined;
  };
  readonly setQuota: {
    readonly ownerRole?: string | undefined;
    readonly quota?: ResourceAggregate | undefined;
  };
  readonly forceTaskState: {
    readonly taskId?: string | undefined;
    readonly status?: ScheduleStatus | undefined;
  };
  readonly performBackup: Readonly<Record<string, never>>;
  readonly listBackups: Readonly<Record<string, never>>;
  readonly stageRecovery: {
    readonly backupId?: string | undefined;
  };
  readonly queryRecovery: {
    readonly query?: TaskQuery | undefined;
  };
  readonly deleteRecoveryTasks: {
    readonly query?: TaskQuery | undefined;
  };
  readonly commitRecovery: Readonly<Record<string, never>>;
  readonly unloadRecovery: Readonly<Record<string, never>>;
  readonly startMaintenance: {
    readonly hosts?: Hosts | undefined;
  };
  readonly drainHosts: {
    readonly hosts?: Hosts | undefined;
  };
  readonly maintenanceStatus: {
    readonly hosts?: Hosts | undefined;
  };
  readonly endMaintenance: {
    readonly hosts?: Hosts | undefined;
  };
  readonly slaDrainHosts: {
    readonly hosts?: Hosts | undefined;
    readonly defaultSlaPolicy?: SlaPolicy | undefined;
    readonly timeoutSecs: number;
  };
  readonly snapshot: Readonly<Record<string, never>>;
  readonly triggerExplicitTaskReconciliation: {
    readonly settings?: ExplicitReconciliationSettings | undefined;
  };
  readonly triggerImplicitTaskReconciliation: Readonly<Record<string, never>>;
  readonly pruneTasks: {
    readonly query?: TaskQuery | undefined;
  };
}
