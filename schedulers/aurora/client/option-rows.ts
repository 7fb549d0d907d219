/** Options and arguments that several commands take. */
import type { OptionRow, PositionalRow } from './arguments.ts';

export const BATCH_SIZE: OptionRow = {
  ...{ name: '--batch-size', kind: 'integer', otherwise: '1' },
  help: 'Number of instances to be operate on in one iteration',
};

export const BIND: OptionRow = {
  ...{ name: '--bind', kind: 'list', metavar: 'NAME=VALUE' },
  help: 'Bind a name of the configuration to a value; may be given repeatedly',
};

export const OPEN_BROWSER: OptionRow = {
  ...{ name: '--open-browser', kind: 'flag' },
  help: 'Open the page of the job afterwards',
};

export const CONFIG: OptionRow = {
  ...{ name: '--config', kind: 'text', metavar: 'pathname' },
  help: 'Configuration file of the job, which is checked first',
};

export const EXECUTOR_SANDBOX: OptionRow = {
  ...{ name: '--executor-sandbox', kind: 'flag' },
  help: "Use the executor's sandbox instead of the task's",
};

export const FORCE: OptionRow = {
  ...{ name: '--force', kind: 'flag' },
  help: 'Go on even if there is a warning',
};

export const HEALTH_CHECK: OptionRow = {
  ...{ name: '--healthcheck-interval-seconds', kind: 'integer', otherwise: '3' },
  help: 'Number of seconds between looks at the instances',
};

export const READ_JSON: OptionRow = {
  ...{ name: '--read-json', kind: 'flag' },
  help: 'Read the job configuration in JSON',
};

export const WRITE_JSON: OptionRow = {
  ...{ name: '--write-json', kind: 'flag' },
  help: 'Write the result in JSON',
};

export const MAX_TOTAL_FAILURES: OptionRow = {
  ...{ name: '--max-total-failures', kind: 'integer', otherwise: '0' },
  help: 'Failures of instances to be tolerated in total',
};

export const MESSAGE: OptionRow = {
  ...{ name: '--message', short: '-m', kind: 'text' },
  help: 'Message to be kept with the change',
};

export const NO_BATCHING: OptionRow = {
  ...{ name: '--no-batching', kind: 'flag' },
  help: 'Act on all instances at once',
};

export const SSH_USER: OptionRow = {
  ...{ name: '--ssh-user', short: '-l', kind: 'text' },
  help: "User for ssh instead of the job's role",
};

export const SSH_OPTIONS: OptionRow = {
  ...{ name: '--ssh-options', kind: 'list', metavar: 'ssh_options' },
  help: 'Further options for ssh',
};

export const STRICT: OptionRow = {
  ...{ name: '--strict', kind: 'flag' },
  help: 'Fail when instances that are named do not exist',
};

export const WAIT_UNTIL: OptionRow = {
  ...{ name: '--wait-until', kind: 'text', choices: ['PENDING', 'RUNNING', 'FINISHED'] },
  ...{ otherwise: 'PENDING', help: 'Wait until all instances are in this state' },
};

export const JOB_KEY: PositionalRow = {
  ...{ name: 'jobspec', metavar: 'CLUSTER/ROLE/ENV/NAME' },
  help: 'Key of the job',
};

export const JOB_PATTERN: PositionalRow = {
  ...{ name: 'jobspec', metavar: 'CLUSTER[/ROLE[/ENV[/NAME]]]' },
  help: 'Key of jobs, which may contain wildcards',
};

export const INSTANCES_KEY: PositionalRow = {
  ...{ name: 'instance_spec', metavar: 'CLUSTER/ROLE/ENV/NAME[/INSTANCES]' },
  help: 'Key of the job, with the instances such as 0,2,5-7; all without them',
};

export const CONFIG_FILE: PositionalRow = {
  ...{ name: 'config_file', metavar: 'FILE' },
  help: 'Configuration file',
};
