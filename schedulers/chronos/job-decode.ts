/** Posted or stored JSON to a `Job` (spec chronos, sections 2.1 and 2.3). */
import type { Instant } from '../../core/base/clock.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type {
  ContainerNetwork,
  ContainerVolume,
  Job,
  JobConstraint,
  JobContainer,
  JobDefaults,
  JobFetch,
  JobTrigger,
  KeyValue,
  Overlap,
} from './job.ts';
import { OVERLAPS } from './job.ts';
import { JsonReader } from './json-reader.ts';

/** The error is a sentence for the client. */
export function decodeJob(value: unknown, defaults: JobDefaults, now: Instant): Result<Job> {
  const read = new JsonReader(value);
  const job: Job = {
    name: read.text('name', ''),
    ...decodeProgram(read, defaults),
    owner: read.text('owner', ''),
    ownerName: read.text('ownerName', ''),
    description: read.text('description', ''),
    cpus: read.number('cpus', 0) || defaults.cpus,
    mem: read.number('mem', 0) || defaults.mem,
    disk: read.number('disk', 0) || defaults.disk,
    disabled: read.boolean('disabled', false),
    concurrent: read.boolean('concurrent', false),
    overlap: read.has('overlap') ? read.choice<Overlap>('overlap', OVERLAPS, 'queue') : undefined,
    softError: read.boolean('softError', false),
    dataProcessingJobType: read.boolean('dataProcessingJobType', false),
    highPriority: read.boolean('highPriority', false),
    retries: read.integer('retries', 2),
    maxCompletionTime: read.integer('maxCompletionTime', 0),
    constraints: decodeConstraints(read),
    ...decodeStatistics(read),
    trigger: decodeTrigger(read, now),
    epsilon: read.text('epsilon', '') || undefined,
    async: read.has('async') ? read.boolean('async', false) : undefined,
  };
  if (job.concurrent && job.overlap !== undefined) {
    read.complain('overlap', 'is given, but concurrent runs may overlap');
  }
  if (!read.has('name')) read.complain('name', 'is missing');
  return read.problem === undefined ? ok(job) : err(read.problem);
}

/** What is run, and in what surroundings. */
function decodeProgram(read: JsonReader, defaults: JobDefaults) {
  return {
    command: read.text('command', ''),
    shell: read.boolean('shell', true),
    arguments: read.texts('arguments'),
    executor: read.text('executor', ''),
    executorFlags: read.text('executorFlags', ''),
    taskInfoData: read.text('taskInfoData', ''),
    runAsUser: read.text('runAsUser', defaults.user),
    uris: read.texts('uris'),
    fetch: read.objects('fetch').map(decodeFetch),
    environmentVariables: read
      .objects('environmentVariables')
      .map((item) => ({ name: item.text('name', ''), value: item.text('value', '') })),
    container: decodeContainer(read.object('container')),
  };
}

function decodeStatistics(read: JsonReader) {
  return {
    successCount: read.integer('successCount', 0),
    errorCount: read.integer('errorCount', 0),
    errorsSinceLastSuccess: read.integer('errorsSinceLastSuccess', 0),
    lastSuccess: read.text('lastSuccess', ''),
    lastError: read.text('lastError', ''),
  };
}

/** `parents` wins over `schedule`; neither means: run once, now. */
function decodeTrigger(read: JsonReader, now: Instant): JobTrigger {
  if (read.has('parents')) {
    return { kind: 'parents', parents: [...new Set(read.texts('parents'))] };
  }
  const timeZone = read.text('scheduleTimeZone', '');
  if (read.has('cron')) {
    if (read.has('schedule')) read.complain('cron', 'is given as well as schedule');
    return { kind: 'schedule', schedule: `cron ${read.text('cron', '')}`, timeZone };
  }
  const once = `R1/${new Date(now).toISOString()}/PT24H`;
  return { kind: 'schedule', schedule: read.text('schedule', once), timeZone };
}

function decodeFetch(read: JsonReader): JobFetch {
  return {
    uri: read.text('uri', ''),
    executable: read.boolean('executable', false),
    cache: read.boolean('cache', false),
    extract: read.boolean('extract', true),
    outputFile: read.text('output_file', ''),
  };
}

/** Unknown operators are dropped silently, as in the original. */
function decodeConstraints(read: JsonReader): readonly JobConstraint[] {
  return read.list('constraints').flatMap((item): readonly JobConstraint[] => {
    if (!Array.isArray(item) || item.length !== 3 || !item.every((x) => typeof x === 'string')) {
      read.complain('constraints', 'is not a list of [attribute, operator, value]');
      return [];
    }
    const [attribute = '', operator = '', value = ''] = item.map(String);
    if (operator === 'EQUALS') return [{ attribute, operator, value }];
    if (operator !== 'LIKE' && operator !== 'UNLIKE') return [];
    if (!isRegularExpression(value)) {
      read.complain('constraints', `holds '${value}', which is no regular expression`);
    }
    return [{ attribute, operator, value }];
  });
}

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    // The constructor is the only check there is, and it throws.
    return false;
  }
}

/** Without `image` the whole object is ignored. */
function decodeContainer(read: JsonReader | undefined): JobContainer | undefined {
  if (read === undefined || !read.has('image')) return undefined;
  return {
    type: upperChoice(read, 'type', ['DOCKER', 'MESOS'], 'DOCKER'),
    image: read.text('image', ''),
    network: read.choice('network', ['BRIDGE', 'HOST', 'USER'], 'HOST'),
    networkName: read.optionalText('networkName'),
    networkInfos: read.objects('networkInfos').map(decodeNetwork),
    volumes: read.objects('volumes').map(decodeVolume),
    // Unreadable text means false here, unlike elsewhere.
    forcePullImage: read.text('forcePullImage', 'false') === 'true',
    parameters: decodeKeyValues(read, 'parameters'),
  };
}

function decodeNetwork(read: JsonReader): ContainerNetwork {
  return {
    name: read.text('name', ''),
    protocol: read.has('protocol')
      ? read.choice<'IPv4' | 'IPv6'>('protocol', ['IPv4', 'IPv6'], 'IPv4')
      : undefined,
    labels: decodeKeyValues(read, 'labels'),
    portMappings: read.objects('portMappings').map((mapping) => ({
      hostPort: String(mapping.integer('hostPort', 0)),
      containerPort: String(mapping.integer('containerPort', 0)),
      protocol: mapping.optionalText('protocol'),
    })),
  };
}

function decodeVolume(read: JsonReader): ContainerVolume {
  const external = read.object('external');
  return {
    containerPath: read.text('containerPath', ''),
    hostPath: read.optionalText('hostPath'),
    mode: read.has('mode') ? upperChoice<'RW' | 'RO'>(read, 'mode', ['RW', 'RO'], 'RW') : undefined,
    external:
      external === undefined
        ? undefined
        : {
            name: external.text('name', ''),
            provider: external.text('provider', ''),
            options: decodeKeyValues(external, 'options'),
          },
  };
}

function decodeKeyValues(read: JsonReader, name: string): readonly KeyValue[] {
  return read
    .objects(name)
    .map((item) => ({ key: item.text('key', ''), value: item.text('value', '') }));
}

/** Any case in, upper case out. */
function upperChoice<T extends string>(
  read: JsonReader,
  name: string,
  values: readonly T[],
  fallback: T,
): T {
  const text = read.text(name, fallback).toUpperCase();
  const found = values.find((value) => value === text);
  if (found === undefined) read.complain(name, `is not one of ${values.join(', ')}`);
  return found ?? fallback;
}
