/** Options and arguments that several admin commands take. */
import type { OptionRow, PositionalRow } from '../arguments.ts';

export const CLUSTER: PositionalRow = { name: 'cluster', help: 'Name of the cluster' };

export const HOSTS: OptionRow = {
  ...{ name: '--hosts', kind: 'text', metavar: 'HOST[,HOST...]' },
  help: 'Comma separated list of host names',
};

export const FILENAME: OptionRow = {
  ...{ name: '--filename', kind: 'text' },
  help: 'Name of the file with host names, one a line',
};

export const GROUPING: OptionRow = {
  ...{ name: '--grouping', kind: 'text', choices: ['none', 'by_host', 'by_rack'] },
  ...{ otherwise: 'by_host', help: 'Which hosts are taken together' },
};

export const PERCENTAGE: PositionalRow = {
  name: 'percentage',
  help: 'Share of the instances that has to be up',
};

export const DURATION: PositionalRow = {
  name: 'duration',
  help: 'How long they have to be up, such as 5m or 1d3h45m',
};

export const MIN_INSTANCES: OptionRow = {
  ...{ name: '--min_job_instance_count', kind: 'integer', otherwise: '10' },
  help: 'Jobs with fewer instances do not count for the SLA',
};
