/**
 * The Thrift interface of Aurora and the records of Thermos, as data (spec aurora-scheduler, sections 1 and 2;
 * spec thermos, section 2). A field is `id name:type`; `?` after the name: it may be absent; `=NAME`: an
 * enumeration that is this when absent. What is absent without `?` reads as zero or empty (README, "What the
 * rooms agree on"). `types.ts` is generated from this text.
 */

/** Name to number on the wire. */
export const ENUMS = {
  ResponseCode: {
    INVALID_REQUEST: 0,
    OK: 1,
    ERROR: 2,
    WARNING: 3,
    AUTH_FAILED: 4,
    JOB_UPDATING_ERROR: 5,
    ERROR_TRANSIENT: 6,
  },
  MaintenanceMode: { NONE: 1, SCHEDULED: 2, DRAINING: 3, DRAINED: 4 },
  CronCollisionPolicy: { KILL_EXISTING: 0, CANCEL_NEW: 1, RUN_OVERLAP: 2 },
  Mode: { RW: 1, RO: 2 },
  ScheduleStatus: {
    PENDING: 0,
    STARTING: 1,
    RUNNING: 2,
    FINISHED: 3,
    FAILED: 4,
    KILLED: 5,
    KILLING: 6,
    LOST: 7,
    ASSIGNED: 9,
    INIT: 11,
    RESTARTING: 12,
    PREEMPTING: 13,
    THROTTLED: 16,
    DRAINING: 17,
    PARTITIONED: 18,
  },
  JobUpdateStatus: {
    ROLLING_FORWARD: 0,
    ROLLING_BACK: 1,
    ROLL_FORWARD_PAUSED: 2,
    ROLL_BACK_PAUSED: 3,
    ROLLED_FORWARD: 4,
    ROLLED_BACK: 5,
    ABORTED: 6,
    ERROR: 7,
    FAILED: 8,
    ROLL_FORWARD_AWAITING_PULSE: 9,
    ROLL_BACK_AWAITING_PULSE: 10,
  },
  JobUpdateAction: {
    INSTANCE_UPDATED: 1,
    INSTANCE_ROLLED_BACK: 2,
    INSTANCE_UPDATING: 3,
    INSTANCE_ROLLING_BACK: 4,
    INSTANCE_UPDATE_FAILED: 5,
    INSTANCE_ROLLBACK_FAILED: 6,
  },
  JobUpdatePulseStatus: { OK: 1, FINISHED: 2 },
  ProcessState: {
    WAITING: 0,
    FORKED: 1,
    RUNNING: 2,
    SUCCESS: 3,
    KILLED: 4,
    FAILED: 5,
    LOST: 6,
  },
  ThermosTaskState: {
    ACTIVE: 0,
    SUCCESS: 1,
    FAILED: 2,
    KILLED: 3,
    LOST: 4,
    CLEANING: 5,
    FINALIZING: 6,
  },
} as const;

/** Of these exactly one field is set. */
export const UNIONS: Readonly<Record<string, string>> = {
  TaskConstraint: '1 value:ValueConstraint, 2 limit:LimitConstraint',
  Image: '1 docker:DockerImage, 2 appc:AppcImage',
  Container: '1 mesos:MesosContainer, 2 docker:DockerContainer',
  Resource: '1 numCpus:double, 2 ramMb:i64, 3 diskMb:i64, 4 namedPort:str, 5 numGpus:i64',
  SlaPolicy:
    '1 percentageSlaPolicy:PercentageSlaPolicy, 2 countSlaPolicy:CountSlaPolicy, ' +
    '3 coordinatorSlaPolicy:CoordinatorSlaPolicy',
  JobUpdateStrategy:
    '1 queueStrategy:QueueJobUpdateStrategy, 2 batchStrategy:BatchJobUpdateStrategy, ' +
    '3 varBatchStrategy:VariableBatchJobUpdateStrategy',
  Result:
    '1 populateJobResult:PopulateJobResult, 3 scheduleStatusResult:ScheduleStatusResult, ' +
    '4 getJobsResult:GetJobsResult, 5 getQuotaResult:GetQuotaResult, ' +
    '6 listBackupsResult:ListBackupsResult, 7 startMaintenanceResult:HostStatusesResult, ' +
    '8 drainHostsResult:HostStatusesResult, 9 queryRecoveryResult:QueryRecoveryResult, ' +
    '10 maintenanceStatusResult:HostStatusesResult, 11 endMaintenanceResult:HostStatusesResult, ' +
    '17 roleSummaryResult:RoleSummaryResult, 18 jobSummaryResult:JobSummaryResult, ' +
    '20 configSummaryResult:ConfigSummaryResult, 21 getPendingReasonResult:GetPendingReasonResult, ' +
    '22 startJobUpdateResult:StartJobUpdateResult, ' +
    '23 getJobUpdateSummariesResult:GetJobUpdateSummariesResult, ' +
    '24 getJobUpdateDetailsResult:GetJobUpdateDetailsResult, ' +
    '25 pulseJobUpdateResult:PulseJobUpdateResult, 26 getJobUpdateDiffResult:GetJobUpdateDiffResult, ' +
    '27 getTierConfigResult:GetTierConfigResult',
  RunnerCkpt:
    '1 runner_header:RunnerHeader, 2 process_status:ProcessStatus, 3 task_status:TaskStatus',
};

export const STRUCTS: Readonly<Record<string, string>> = {
  Identity: '2 user:str',
  JobKey: '1 role:str, 2 environment:str, 3 name:str',
  InstanceKey: '1 jobKey?:JobKey, 2 instanceId:i32',
  Attribute: '1 name:str, 2 values:set<str>',
  HostAttributes:
    '1 host:str, 2 attributes:set<Attribute>, 3 mode?:MaintenanceMode, 4 slaveId?:str',
  ValueConstraint: '1 negated:bool, 2 values:set<str>',
  LimitConstraint: '1 limit:i32',
  Constraint: '1 name:str, 2 constraint:TaskConstraint',
  Metadata: '1 key:str, 2 value:str',
  MesosFetcherURI: '1 value:str, 2 extract?:bool, 3 cache?:bool, 4 outputFile?:str',
  ExecutorConfig: '1 name?:str, 2 data?:str',
  Volume: '1 containerPath:str, 2 hostPath:str, 3 mode:Mode',
  DockerImage: '1 name:str, 2 tag:str',
  AppcImage: '1 name:str, 2 imageId:str',
  MesosContainer: '1 image?:Image, 2 volumes?:list<Volume>',
  DockerParameter: '1 name:str, 2 value:str',
  DockerContainer: '1 image:str, 2 parameters?:list<DockerParameter>',
  PartitionPolicy: '1 reschedule:bool, 2 delaySecs?:i64',
  PercentageSlaPolicy: '1 percentage:double, 2 durationSecs:i64',
  CountSlaPolicy: '1 count:i64, 2 durationSecs:i64',
  CoordinatorSlaPolicy: '1 coordinatorUrl:str, 2 statusKey:str',
  TaskConfig:
    '7 isService:bool, 11 priority:i32, 13 maxTaskFailures:i32, 17 owner?:Identity, ' +
    '18 production?:bool, 20 constraints:set<Constraint>, 22 taskLinks?:map<str,str>, ' +
    '23 contactEmail?:str, 25 executorConfig?:ExecutorConfig, 27 metadata?:set<Metadata>, ' +
    '28 job?:JobKey, 29 container?:Container, 30 tier?:str, 32 resources:set<Resource>, ' +
    '33 mesosFetcherUris?:set<MesosFetcherURI>, 34 partitionPolicy?:PartitionPolicy, ' +
    '35 slaPolicy?:SlaPolicy',
  ResourceAggregate: '4 resources:set<Resource>',
  JobConfiguration:
    '4 cronSchedule?:str, 5 cronCollisionPolicy:CronCollisionPolicy=KILL_EXISTING, ' +
    '6 taskConfig?:TaskConfig, 7 owner?:Identity, 8 instanceCount:i32, 9 key?:JobKey',
  JobStats:
    '1 activeTaskCount:i32, 2 finishedTaskCount:i32, 3 failedTaskCount:i32, 4 pendingTaskCount:i32',
  JobSummary: '1 job:JobConfiguration, 2 stats:JobStats, 3 nextCronRunMs?:i64',
  Range: '1 first:i32, 2 last:i32',
  ConfigGroup: '1 config:TaskConfig, 3 instances:set<Range>',
  ConfigSummary: '1 key:JobKey, 2 groups:set<ConfigGroup>',
  TaskEvent: '1 timestamp:i64, 2 status:ScheduleStatus, 3 message?:str, 4 scheduler?:str',
  AssignedTask:
    '1 taskId:str, 2 slaveId?:str, 3 slaveHost?:str, 4 task:TaskConfig, ' +
    '5 assignedPorts:map<str,i32>, 6 instanceId:i32',
  ScheduledTask:
    '1 assignedTask:AssignedTask, 2 status:ScheduleStatus, 3 failureCount:i32, ' +
    '4 taskEvents:list<TaskEvent>, 5 ancestorId?:str, 6 timesPartitioned:i32',
  TaskQuery:
    '2 jobName?:str, 4 taskIds?:set<str>, 5 statuses?:set<ScheduleStatus>, 7 instanceIds?:set<i32>, ' +
    '9 environment?:str, 10 slaveHosts?:set<str>, 11 jobKeys?:set<JobKey>, 12 offset?:i32, ' +
    '13 limit?:i32, 14 role?:str',
  Hosts: '1 hostNames:set<str>',
  HostStatus: '1 host:str, 2 mode:MaintenanceMode',
  RoleSummary: '1 role:str, 2 jobCount:i32, 3 cronJobCount:i32',
  PendingReason: '1 taskId:str, 2 reason:str',
  JobUpdateKey: '1 job?:JobKey, 2 id?:str',
  QueueJobUpdateStrategy: '1 groupSize:i32',
  BatchJobUpdateStrategy: '1 groupSize:i32, 2 autopauseAfterBatch:bool',
  VariableBatchJobUpdateStrategy: '1 groupSizes:list<i32>, 2 autopauseAfterBatch:bool',
  JobUpdateSettings:
    '1 updateGroupSize:i32, 2 maxPerInstanceFailures:i32, 3 maxFailedInstances:i32, ' +
    '5 minWaitInInstanceRunningMs:i32, 6 rollbackOnFailure:bool, ' +
    '7 updateOnlyTheseInstances:set<Range>, 8 waitForBatchCompletion:bool, ' +
    '9 blockIfNoPulsesAfterMs?:i32, 10 slaAware?:bool, 11 updateStrategy?:JobUpdateStrategy',
  JobUpdateEvent: '1 status:JobUpdateStatus, 2 timestampMs:i64, 3 user?:str, 4 message?:str',
  JobInstanceUpdateEvent:
    '1 instanceId:i32, 2 timestampMs:i64, 3 action:JobUpdateAction, 4 message?:str',
  InstanceTaskConfig: '1 task:TaskConfig, 2 instances:set<Range>',
  JobUpdateState:
    '1 status:JobUpdateStatus, 2 createdTimestampMs:i64, 3 lastModifiedTimestampMs:i64',
  JobUpdateSummary:
    '3 user:str, 4 state:JobUpdateState, 5 key:JobUpdateKey, 6 metadata?:set<Metadata>',
  JobUpdateInstructions:
    '1 initialState:set<InstanceTaskConfig>, 2 desiredState?:InstanceTaskConfig, ' +
    '3 settings:JobUpdateSettings',
  JobUpdate: '1 summary:JobUpdateSummary, 2 instructions:JobUpdateInstructions',
  JobUpdateDetails:
    '1 update:JobUpdate, 2 updateEvents:list<JobUpdateEvent>, ' +
    '3 instanceEvents:list<JobInstanceUpdateEvent>',
  JobUpdateRequest:
    '1 taskConfig?:TaskConfig, 2 instanceCount:i32, 3 settings?:JobUpdateSettings, ' +
    '4 metadata?:set<Metadata>',
  JobUpdateQuery:
    '2 role?:str, 3 jobKey?:JobKey, 4 user?:str, 5 updateStatuses?:set<JobUpdateStatus>, ' +
    '6 offset?:i32, 7 limit?:i32, 8 key?:JobUpdateKey',
  HostMaintenanceRequest:
    '1 host:str, 2 defaultSlaPolicy?:SlaPolicy, 3 timeoutSecs:i64, 4 createdTimestampMs:i64',
  ExplicitReconciliationSettings: '1 batchSize?:i32',
  TierConfig: '1 name:str, 2 settings:map<str,str>',
  ServerInfo: '1 clusterName:str, 3 statsUrlPrefix:str',
  ResponseDetail: '1 message?:str',
  Response:
    '1 responseCode:ResponseCode, 3 result?:Result, 5 serverInfo?:ServerInfo, ' +
    '6 details:list<ResponseDetail>',

  PopulateJobResult: '2 taskConfig:TaskConfig',
  ScheduleStatusResult: '1 tasks:list<ScheduledTask>',
  GetJobsResult: '1 configs:set<JobConfiguration>',
  GetQuotaResult:
    '1 quota:ResourceAggregate, 2 prodSharedConsumption?:ResourceAggregate, ' +
    '3 nonProdSharedConsumption?:ResourceAggregate, ' +
    '4 prodDedicatedConsumption?:ResourceAggregate, ' +
    '5 nonProdDedicatedConsumption?:ResourceAggregate',
  ListBackupsResult: '1 backups:set<str>',
  HostStatusesResult: '1 statuses:set<HostStatus>',
  QueryRecoveryResult: '1 tasks:set<ScheduledTask>',
  RoleSummaryResult: '1 summaries:set<RoleSummary>',
  JobSummaryResult: '1 summaries:set<JobSummary>',
  ConfigSummaryResult: '1 summary:ConfigSummary',
  GetPendingReasonResult: '1 reasons:set<PendingReason>',
  StartJobUpdateResult: '1 key:JobUpdateKey, 2 updateSummary?:JobUpdateSummary',
  GetJobUpdateSummariesResult: '1 updateSummaries:list<JobUpdateSummary>',
  GetJobUpdateDetailsResult: '1 details?:JobUpdateDetails, 2 detailsList:list<JobUpdateDetails>',
  PulseJobUpdateResult: '1 status:JobUpdatePulseStatus',
  GetJobUpdateDiffResult:
    '1 add:set<ConfigGroup>, 2 remove:set<ConfigGroup>, 3 update:set<ConfigGroup>, ' +
    '4 unchanged:set<ConfigGroup>',
  GetTierConfigResult: '1 defaultTierName:str, 2 tiers:set<TierConfig>',

  // What a backup file holds (spec aurora-scheduler, section 9).
  StoredCronJob: '3 jobConfiguration:JobConfiguration',
  SchedulerMetadata: '1 frameworkId?:str, 8 details?:map<str,str>',
  QuotaConfiguration: '1 role:str, 2 quota:ResourceAggregate',
  StoredJobUpdateDetails: '1 details:JobUpdateDetails',
  Snapshot:
    '1 timestamp:i64, 3 hostAttributes:set<HostAttributes>, 4 tasks:set<ScheduledTask>, ' +
    '5 cronJobs:set<StoredCronJob>, 6 schedulerMetadata?:SchedulerMetadata, ' +
    '8 quotaConfigurations:set<QuotaConfiguration>, 10 jobUpdateDetails:set<StoredJobUpdateDetails>, ' +
    '13 hostMaintenanceRequests?:set<HostMaintenanceRequest>',

  // Checkpoint streams of Thermos. Only what changed is written.
  RunnerHeader:
    '1 task_id?:str, 2 launch_time_ms?:i64, 3 sandbox?:str, 4 hostname?:str, 5 user?:str, ' +
    '6 ports?:map<str,i64>, 7 log_dir?:str, 8 uid?:i64',
  ProcessStatus:
    '1 seq?:i64, 3 process?:str, 5 state?:ProcessState, 6 start_time?:double, 7 pid?:i32, ' +
    '8 stop_time?:double, 9 return_code?:i32, 10 coordinator_pid?:i32, 11 fork_time?:double',
  TaskStatus:
    '1 state?:ThermosTaskState, 2 timestamp_ms?:i64, 3 runner_pid?:i32, 4 runner_uid?:i32',

  // What an RPC layer answers when there is no method's answer.
  ApplicationException: '1 message?:str, 2 type:i32',
};

/** Arguments by method; all return `Response`. */
export const METHODS = {
  getRoleSummary: '',
  getJobSummary: '1 role?:str',
  getTasksStatus: '1 query?:TaskQuery',
  getTasksWithoutConfigs: '1 query?:TaskQuery',
  getPendingReason: '1 query?:TaskQuery',
  getConfigSummary: '1 job?:JobKey',
  getJobs: '1 ownerRole?:str',
  getQuota: '1 ownerRole?:str',
  populateJobConfig: '1 description?:JobConfiguration',
  getJobUpdateSummaries: '1 jobUpdateQuery?:JobUpdateQuery',
  getJobUpdateDetails: '1 key?:JobUpdateKey, 2 query?:JobUpdateQuery',
  getJobUpdateDiff: '1 request?:JobUpdateRequest',
  getTierConfigs: '',
  createJob: '1 description?:JobConfiguration',
  scheduleCronJob: '1 description?:JobConfiguration',
  descheduleCronJob: '4 job?:JobKey',
  startCronJob: '4 job?:JobKey',
  restartShards: '3 shardIds:set<i32>, 5 job?:JobKey',
  killTasks: '4 job?:JobKey, 5 instances?:set<i32>, 6 message?:str',
  addInstances: '3 key?:InstanceKey, 4 count:i32',
  replaceCronTemplate: '1 config?:JobConfiguration',
  startJobUpdate: '1 request?:JobUpdateRequest, 3 message?:str',
  pauseJobUpdate: '1 key?:JobUpdateKey, 3 message?:str',
  resumeJobUpdate: '1 key?:JobUpdateKey, 3 message?:str',
  abortJobUpdate: '1 key?:JobUpdateKey, 3 message?:str',
  rollbackJobUpdate: '1 key?:JobUpdateKey, 2 message?:str',
  pulseJobUpdate: '1 key?:JobUpdateKey',
  setQuota: '1 ownerRole?:str, 2 quota?:ResourceAggregate',
  forceTaskState: '1 taskId?:str, 2 status?:ScheduleStatus',
  performBackup: '',
  listBackups: '',
  stageRecovery: '1 backupId?:str',
  queryRecovery: '1 query?:TaskQuery',
  deleteRecoveryTasks: '1 query?:TaskQuery',
  commitRecovery: '',
  unloadRecovery: '',
  startMaintenance: '1 hosts?:Hosts',
  drainHosts: '1 hosts?:Hosts',
  maintenanceStatus: '1 hosts?:Hosts',
  endMaintenance: '1 hosts?:Hosts',
  slaDrainHosts: '1 hosts?:Hosts, 2 defaultSlaPolicy?:SlaPolicy, 3 timeoutSecs:i64',
  snapshot: '',
  triggerExplicitTaskReconciliation: '1 settings?:ExplicitReconciliationSettings',
  triggerImplicitTaskReconciliation: '',
  pruneTasks: '1 query?:TaskQuery',
} as const;
