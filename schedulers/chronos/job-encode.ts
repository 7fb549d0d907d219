/**
 * Jobs to JSON in the original's order of fields (spec chronos, section 2.2). Resources are doubles
 * and always show a fraction.
 */
import { double, type JsonObject, type JsonValue } from '../../core/wire/json-text.ts';
import type { ContainerNetwork, ContainerVolume, Job, JobContainer, JobFetch } from './job.ts';

export interface JobShape {
  /** Only `jobs` fills the empty one of `fetch` and `uris` from the other. */
  readonly fillsFetch: boolean;
  /** 2.x clients also get `epsilon` and `async`. */
  readonly isVersion2: boolean;
}

/** What a 2.x client sees where the job states no epsilon. */
const EPSILON_DEFAULT = 'PT60S';

export function encodeJob(job: Job, shape: JobShape): JsonObject {
  const isFilled = shape.fillsFetch;
  const fetch = isFilled && job.fetch.length === 0 ? job.uris.map(plainFetch) : job.fetch;
  const uris = isFilled && job.uris.length === 0 ? job.fetch.map((each) => each.uri) : job.uris;
  return {
    name: job.name,
    command: job.command,
    shell: job.shell,
    ...(shape.isVersion2 ? { epsilon: job.epsilon ?? EPSILON_DEFAULT } : {}),
    executor: job.executor,
    executorFlags: job.executorFlags,
    taskInfoData: job.taskInfoData,
    retries: job.retries,
    owner: job.owner,
    ownerName: job.ownerName,
    description: job.description,
    ...(shape.isVersion2 ? { async: job.async ?? false } : {}),
    successCount: job.successCount,
    errorCount: job.errorCount,
    lastSuccess: job.lastSuccess,
    lastError: job.lastError,
    cpus: double(job.cpus),
    disk: double(job.disk),
    mem: double(job.mem),
    disabled: job.disabled,
    softError: job.softError,
    dataProcessingJobType: job.dataProcessingJobType,
    errorsSinceLastSuccess: job.errorsSinceLastSuccess,
    fetch: fetch.map(encodeFetch),
    uris,
    environmentVariables: job.environmentVariables.map(({ name, value }) => ({ name, value })),
    arguments: job.arguments,
    highPriority: job.highPriority,
    runAsUser: job.runAsUser,
    concurrent: job.concurrent,
    ...(job.overlap === undefined ? {} : { overlap: job.overlap }),
    maxCompletionTime: job.maxCompletionTime,
    ...(job.container === undefined ? {} : { container: encodeContainer(job.container) }),
    constraints: job.constraints.map((each) => [each.attribute, each.operator, each.value]),
    ...encodeTrigger(job),
  };
}

function encodeTrigger(job: Job): JsonObject {
  return job.trigger.kind === 'parents'
    ? { parents: job.trigger.parents }
    : { schedule: job.trigger.schedule, scheduleTimeZone: job.trigger.timeZone };
}

function plainFetch(uri: string): JobFetch {
  return { uri, executable: false, cache: false, extract: true, outputFile: '' };
}

function encodeFetch(fetch: JobFetch): JsonValue {
  return {
    uri: fetch.uri,
    executable: fetch.executable,
    cache: fetch.cache,
    extract: fetch.extract,
    ...(fetch.outputFile === '' ? {} : { output_file: fetch.outputFile }),
  };
}

function encodeContainer(container: JobContainer): JsonValue {
  return {
    type: container.type,
    image: container.image,
    network: container.network,
    networkName: container.networkName,
    networkInfos: container.networkInfos.map(encodeNetwork),
    volumes: container.volumes.map(encodeVolume),
    forcePullImage: container.forcePullImage,
    parameters: container.parameters.map(({ key, value }) => ({ key, value })),
  };
}

function encodeNetwork(network: ContainerNetwork): JsonValue {
  return {
    name: network.name,
    protocol: network.protocol,
    labels: network.labels.map(({ key, value }) => ({ key, value })),
    portMappings: network.portMappings.map((mapping) => ({ ...mapping })),
  };
}

function encodeVolume(volume: ContainerVolume): JsonValue {
  const external = volume.external;
  return {
    containerPath: volume.containerPath,
    hostPath: volume.hostPath,
    mode: volume.mode,
    external:
      external === undefined
        ? undefined
        : {
            name: external.name,
            provider: external.provider,
            options: external.options.map(({ key, value }) => ({ key, value })),
          },
  };
}
