/** A job of a configuration as the Thrift structures that the scheduler gets (spec aurora, section 4). */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { numberProblem } from '../thrift/number-ranges.ts';
import type {
  Constraint,
  Container,
  CronCollisionPolicy,
  JobConfiguration,
  JobUpdateSettings,
  Resource,
  SlaPolicy,
  TaskConfig,
} from '../thrift/types.ts';
import {
  isSet,
  mapAt,
  mapsAt,
  numberAt,
  optionalMap,
  optionalNumber,
  optionalText,
  textAt,
  textsAt,
} from './fields.ts';
import { type Calls, PyDict } from './interpreter/values.ts';
import { referencedPorts, requestedPorts } from './ports.ts';
import { interpolate } from './pystachio/interpolate.ts';
import type { StructObject } from './pystachio/objects.ts';
import { type Data, type DataMap, isDataMap, jsonOf } from './pystachio/plain.ts';
import { taskProblem } from './task-checks.ts';
import { updateSettingsOf } from './update-settings.ts';
import { withinLimits } from './within-limits.ts';

const THERMOS = 'AuroraExecutor';
const MB = 2 ** 20;
const IDENTIFIER = /^[\w\-.]+$/;
const IDENTIFIER_MAX = 255;
/** What only the executor knows. */
const AT_RUN_TIME = /^(?:mesos\.(?:instance|hostname)|thermos\.(?:task_id|ports\[[\w\-./]+\]))$/;
const IMAGE = /^docker\.image\[/;
const POLICIES: readonly CronCollisionPolicy[] = ['KILL_EXISTING', 'CANCEL_NEW', 'RUN_OVERLAP'];

export interface ConvertedJob {
  readonly cluster: string;
  readonly configuration: JobConfiguration;
  readonly updateSettings: JobUpdateSettings;
  /** The job with every reference resolved that can be. */
  readonly data: DataMap;
}

/** `user` is who runs the client. */
export function convertJob(
  job: StructObject,
  { user, calls }: { readonly user: string; readonly calls: Calls },
): Result<ConvertedJob> {
  const read = interpolateJob(job, calls);
  if (!read.ok) return read;
  const data = read.value;
  const task = taskConfigOf(data, user);
  if (!task.ok) return task;
  const policy = textAt(data, 'cron_collision_policy').toUpperCase();
  const cronCollisionPolicy = POLICIES.find((each) => each === policy);
  if (cronCollisionPolicy === undefined) return err(`Invalid CronCollisionPolicy type: ${policy}`);
  const updateSettings = updateSettingsOf(mapAt(data, 'update_config'));
  if (!updateSettings.ok) return updateSettings;
  const configuration: JobConfiguration = {
    key: task.value.job,
    owner: { user },
    cronSchedule: optionalText(data, 'cron_schedule'),
    cronCollisionPolicy,
    taskConfig: task.value,
    instanceCount: numberAt(data, 'instances'),
  };
  const problem =
    numberProblem('JobConfiguration', configuration) ??
    numberProblem('JobUpdateSettings', updateSettings.value);
  if (problem !== undefined) return err(problem);
  const cluster = textAt(data, 'cluster');
  return ok({ cluster, data, updateSettings: updateSettings.value, configuration });
}

/** All that the scheduler is not told by another name: what the client shows and checks. */
export function interpolateJob(job: StructObject, calls: Calls): Result<DataMap> {
  const missing = missingPart(job);
  if (missing !== undefined) return err(missing);
  const made = withinLimits(() => interpolate(withAliases(job), [], calls));
  if (!made.ok) return made;
  const { data, unbound, problems } = made.value;
  const open = new Set(unbound.filter((each) => !AT_RUN_TIME.test(each)));
  if (open.size > 0) return err(`Config contains unbound variables: ${[...open].join(' ')}`);
  if (problems.length > 0) return err(`Job not fully specified: ${problems.join(', ')}`);
  return isDataMap(data) ? ok(data) : err('Job not fully specified: it is no struct');
}

/** The first thing that the types do not allow. What a job must have at all is told by `convertJob`. */
export function typeProblem(job: StructObject, calls: Calls): Result<string | undefined> {
  if (missingPart(job) !== undefined) return ok(undefined);
  const made = withinLimits(() => interpolate(withAliases(job), [], calls));
  return made.ok ? ok(made.value.problems[0]) : made;
}

/** References to images, which the client asks a registry about before it converts the job. */
export function imageReferences(job: StructObject, calls: Calls): Result<readonly string[]> {
  const made = withinLimits(() => interpolate(withAliases(job), [], calls));
  if (!made.ok) return made;
  return ok([...new Set(made.value.unbound.filter((each) => IMAGE.test(each)))]);
}

function missingPart(job: StructObject): string | undefined {
  const name = job.fields.get('name')?.repr() ?? '';
  for (const part of ['cluster', 'task', 'role']) {
    if (job.fields.has(part)) continue;
    const title = part.slice(0, 1).toUpperCase() + part.slice(1);
    return `The configuration was invalid: ${title} required for job "${/\((.*)\)$/s.exec(name)?.[1] ?? ''}"`;
  }
  return undefined;
}

/** Names of the run-time scopes that are other names of the job's attributes. What is bound in the file comes first. */
function withAliases(job: StructObject): StructObject {
  const names = new Map([
    [
      'mesos',
      PyDict.from([
        ['role', '{{role}}'],
        ['cluster', '{{cluster}}'],
      ]),
    ],
    ['thermos', PyDict.from([['user', '{{role}}']])],
  ]);
  return job.withScopes([...job.scopes, { kind: 'bound', names }]);
}

function taskConfigOf(job: DataMap, user: string): Result<TaskConfig> {
  const key = {
    role: textAt(job, 'role'),
    environment: textAt(job, 'environment'),
    name: textAt(job, 'name'),
  };
  for (const [part, value] of Object.entries(key)) {
    if (!IDENTIFIER.test(value) || value.length > IDENTIFIER_MAX) {
      const title = part === 'name' ? 'job name' : part;
      return err(`Invalid ${title} '${value}'`);
    }
  }
  const task = mapAt(job, 'task');
  if (mapsAt(task, 'processes').length === 0 && isThermos(job)) {
    return err(`The configuration was invalid: Processes required for task on job "${key.name}"`);
  }
  const problem = taskProblem(task);
  if (problem !== undefined) return err(problem);
  const resources = resourcesOf(job);
  if (!resources.ok) return resources;
  const constraints = constraintsOf(textsAt(job, 'constraints'));
  if (!constraints.ok) return constraints;
  const partition = optionalMap(job, 'partition_policy');
  const sla = optionalMap(job, 'sla_policy');
  return ok({
    job: key,
    owner: { user },
    isService: isSet(job, 'service'),
    priority: numberAt(job, 'priority'),
    maxTaskFailures: numberAt(job, 'max_task_failures'),
    production: isSet(job, 'production'),
    tier: optionalText(job, 'tier'),
    contactEmail: optionalText(job, 'contact'),
    resources: resources.value,
    constraints: constraints.value,
    taskLinks: new Map(),
    metadata: mapsAt(job, 'metadata').map((each) => ({
      key: textAt(each, 'key'),
      value: textAt(each, 'value'),
    })),
    executorConfig: {
      name: textAt(mapAt(job, 'executor_config'), 'name'),
      data: executorData(job),
    },
    container: containerOf(optionalMap(job, 'container')),
    partitionPolicy:
      partition === undefined
        ? undefined
        : {
            reschedule: isSet(partition, 'reschedule'),
            delaySecs: numberAt(partition, 'delay_secs'),
          },
    slaPolicy: sla === undefined ? undefined : slaPolicyOf(sla),
  });
}

function isThermos(job: DataMap): boolean {
  return textAt(mapAt(job, 'executor_config'), 'name') === THERMOS;
}

/** The job without what a change of which is no change of its tasks. */
function executorData(job: DataMap): string {
  if (!isThermos(job)) return textAt(mapAt(job, 'executor_config'), 'data');
  const kept = [...job].filter(([name]) => name !== 'update_config' && name !== 'instances');
  return jsonOf(new Map<string, Data>(kept));
}

function resourcesOf(job: DataMap): Result<readonly Resource[]> {
  const task = mapAt(job, 'task');
  const resources = optionalMap(task, 'resources');
  if (resources === undefined) return err('Task must specify resources!');
  const [ram, disk] = [numberAt(resources, 'ram'), numberAt(resources, 'disk')];
  if (ram === 0 || disk === 0) {
    return err(`Must specify ram and disk resources, got ram:${ram} disk:${disk}`);
  }
  const numCpus = numberAt(resources, 'cpu');
  const [ramMb, diskMb] = [Math.floor(ram / MB), Math.floor(disk / MB)];
  if (!(numCpus > 0) || ramMb <= 0 || diskMb <= 0) {
    return err(
      'Task has invalid resources.  cpu/ramMb/diskMb must all be positive: ' +
        `cpu:${jsonOf(numCpus)} ramMb:${ramMb} diskMb:${diskMb}`,
    );
  }
  const announce = optionalMap(job, 'announce');
  const portmap = announce === undefined ? new Map<string, string>() : textsAt(announce, 'portmap');
  const ports = requestedPorts(referencedPorts(task), portmap);
  if (!ports.ok) return ports;
  const numGpus = optionalNumber(resources, 'gpu') ?? 0;
  return ok([
    { numCpus },
    { ramMb },
    { diskMb },
    ...ports.value.map((namedPort) => ({ namedPort })),
    ...(numGpus > 0 ? [{ numGpus }] : []),
  ]);
}

/** `limit:2`, `a,b`, `!a,b` (spec aurora, section 4.2). */
export function constraintsOf(texts: ReadonlyMap<string, string>): Result<readonly Constraint[]> {
  const constraints: Constraint[] = [];
  for (const [name, text] of texts) {
    const limit = /^limit:(.*)$/s.exec(text)?.[1];
    if (limit !== undefined) {
      if (!/^\s*[+-]?\d{1,9}\s*$/.test(limit)) {
        return err(`limit:${limit} is not a valid limit value, must be integer`);
      }
      constraints.push({ name, constraint: { limit: { limit: Number(limit) } } });
    } else {
      const negated = text.startsWith('!');
      const values = (negated ? text.slice(1) : text).split(',').map((each) => each.trim());
      constraints.push({ name, constraint: { value: { negated, values } } });
    }
  }
  return ok(constraints);
}

function containerOf(container: DataMap | undefined): Container {
  if (container === undefined) return { mesos: {} };
  const docker = container.has('docker') ? optionalMap(container, 'docker') : undefined;
  if (docker !== undefined) return containerOf(docker);
  if (typeof container.get('image') === 'string') {
    const parameters = mapsAt(container, 'parameters').map((each) => ({
      name: textAt(each, 'name'),
      value: textAt(each, 'value'),
    }));
    return { docker: { image: textAt(container, 'image'), parameters } };
  }
  const image = optionalMap(container, 'image');
  const name = image === undefined ? '' : textAt(image, 'name');
  const volumes = mapsAt(container, 'volumes').map((each) => ({
    containerPath: textAt(each, 'container_path'),
    hostPath: textAt(each, 'host_path'),
    mode: textAt(each, 'mode') === 'RW' ? ('RW' as const) : ('RO' as const),
  }));
  if (image === undefined) return { mesos: { volumes } };
  return image.has('image_id')
    ? { mesos: { image: { appc: { name, imageId: textAt(image, 'image_id') } }, volumes } }
    : { mesos: { image: { docker: { name, tag: textAt(image, 'tag') } }, volumes } };
}

function slaPolicyOf(policy: DataMap): SlaPolicy {
  if (policy.has('coordinator_url')) {
    const coordinatorUrl = textAt(policy, 'coordinator_url');
    return { coordinatorSlaPolicy: { coordinatorUrl, statusKey: textAt(policy, 'status_key') } };
  }
  const durationSecs = numberAt(policy, 'duration_secs');
  return policy.has('count')
    ? { countSlaPolicy: { count: numberAt(policy, 'count'), durationSecs } }
    : { percentageSlaPolicy: { percentage: numberAt(policy, 'percentage'), durationSecs } };
}
