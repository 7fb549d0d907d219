/** The client's own rules about a job, beyond types (spec aurora-client, section 6). */
import { mapAt, numberAt, optionalMap, textAt, textsAt } from './fields.ts';
import { isStaticPort, referencedPorts, resolvePortmap } from './ports.ts';
import type { DataMap } from './pystachio/plain.ts';

/** A dedicated job has to let this share of its instances fail. */
const DEDICATED_SHARE = 0.02;

const FRAME = '*'.repeat(80);
const DEPRECATION = [
  FRAME,
  '* The command you ran is deprecated and will soon break!',
  "* Job configuration attribute 'production' is deprecated.",
  "* Use 'tier' attribute instead. For more information please refer to ",
  '* http://aurora.apache.org/documentation/latest/reference/configuration/#job-objects',
  FRAME,
].join('\n');

export interface JobFindings {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export function checkJob(job: DataMap): JobFindings {
  const ports = portFindings(job);
  const isProductionAlone = job.get('production') === true && !job.has('tier');
  return {
    errors: [...updateErrors(job), ...negatives(job), ...ports.errors],
    warnings: [...ports.warnings, ...(isProductionAlone ? [DEPRECATION] : [])],
  };
}

function isDedicated(job: DataMap): boolean {
  return mapAt(job, 'constraints').has('dedicated');
}

function updateErrors(job: DataMap): readonly string[] {
  const instances = numberAt(job, 'instances');
  const failures = numberAt(mapAt(job, 'update_config'), 'max_total_failures');
  const largest = instances - 1;
  if (failures >= instances) {
    return [
      'max_total_failures in update_config must be lesser than the job size.\n' +
        `Based on your job size (${instances}) you should use max_total_failures <= ${largest}.`,
    ];
  }
  const smallest = Math.floor(DEDICATED_SHARE * instances);
  if (isDedicated(job) && failures < smallest) {
    return [
      'Since this is a dedicated job, you must set your max_total_failures in\n' +
        'your update configuration to no less than 2% of your job size.\n' +
        `Based on your job size (${instances}) you should use max_total_failures >= ${smallest}.`,
    ];
  }
  return [];
}

const NOT_NEGATIVE: readonly (readonly [struct: string, attribute: string])[] = [
  ['update_config', 'watch_secs'],
  ['health_check_config', 'max_consecutive_failures'],
  ['health_check_config', 'min_consecutive_successes'],
  ['health_check_config', 'initial_interval_secs'],
  ['health_check_config', 'interval_secs'],
];

function negatives(job: DataMap): readonly string[] {
  return NOT_NEGATIVE.flatMap(([struct, attribute]) => {
    const value = numberAt(mapAt(job, struct), attribute);
    if (value >= 0) return [];
    return [`Invalid value (${value}) specified for ${attribute}. Value cannot be less than 0.`];
  });
}

function portFindings(job: DataMap): JobFindings {
  const announce = optionalMap(job, 'announce');
  if (announce === undefined) return { errors: [], warnings: [] };
  const portmap = resolvePortmap(textsAt(announce, 'portmap'));
  if (!portmap.ok) return { errors: [portmap.error], warnings: [] };
  const hasStatic = [...portmap.value.values()].some(isStaticPort);
  const errors =
    hasStatic && !isDedicated(job)
      ? ['Job must be dedicated in order to specify static ports!']
      : [];
  const primary = textAt(announce, 'primary_port');
  const isKnown = referencedPorts(mapAt(job, 'task')).has(primary) || portmap.value.has(primary);
  const warnings = isKnown
    ? []
    : [
        `\nAnnouncer specified primary port as '${primary}' but no processes have bound that port.\n` +
          `If you would like to utilize this port, you should listen on {{thermos.ports[${primary}]}}\n` +
          'from some Process bound to your task.\n',
      ];
  return { errors, warnings };
}
