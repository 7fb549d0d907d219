/**
 * Modules that come with the original and are built in here: `--modules` may list them with their
 * parameters, as scripts for the original do; their libraries are not looked for.
 */
export const SANDBOX_LOGGER = 'org_apache_mesos_SandboxContainerLogger';
export const LOGROTATE_LOGGER = 'org_apache_mesos_LogrotateContainerLogger';

export const FIXED_ESTIMATOR = 'org_apache_mesos_FixedResourceEstimator';
export const LOAD_CONTROLLER = 'org_apache_mesos_LoadQoSController';

export const BUILT_IN_MODULES: ReadonlySet<string> = new Set([
  ...[SANDBOX_LOGGER, LOGROTATE_LOGGER],
  ...[FIXED_ESTIMATOR, LOAD_CONTROLLER],
]);
