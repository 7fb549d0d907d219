/** What is launched for a run (spec chronos, section 8). */
import { formatDouble } from '../../core/wire/json-text.ts';
import type {
  CommandInfo,
  CommandInfoURI,
  ContainerInfo,
  EnvironmentVariable,
  NetworkInfo,
  Offer,
  Resource,
  TaskInfo,
  Volume,
} from '../../core/wire/types/mesos.v1.ts';
import type { ContainerVolume, Job, JobContainer, KeyValue } from './job.ts';
import { formatTaskId, type TaskKey } from './task-id.ts';

export interface TaskPlan {
  readonly job: Job;
  readonly key: TaskKey;
  /** Whether the arguments were given with the start, in place of the job's own. */
  readonly hasOwnArguments: boolean;
  readonly offer: Offer;
  readonly resources: readonly Resource[];
}

export function buildTask(plan: TaskPlan): TaskInfo {
  const { job, offer } = plan;
  const maxSeconds = job.maxCompletionTime;
  return {
    name: `ChronosTask:${job.name}`,
    task_id: { value: formatTaskId(plan.key) },
    agent_id: offer.agent_id,
    resources: plan.resources,
    ...(job.executor === '' ? commandTask(plan) : executorTask(plan)),
    ...(maxSeconds > 0 ? { max_completion_time: { nanoseconds: maxSeconds * 1e9 } } : {}),
  };
}

function commandTask(plan: TaskPlan): Pick<TaskInfo, 'command' | 'container'> {
  return { command: { ...command(plan), ...user(plan.job) }, ...container(plan.job) };
}

function executorTask(plan: TaskPlan): Pick<TaskInfo, 'executor' | 'data'> {
  const { job } = plan;
  const data = job.taskInfoData === '' ? `${job.executorFlags}|${job.command}` : job.taskInfoData;
  return {
    executor: {
      executor_id: { value: job.name },
      command: {
        value: job.executor,
        environment: { variables: environment(plan) },
        uris: uris(job),
        ...user(job),
      },
      ...container(job),
    },
    data: new TextEncoder().encode(data),
  };
}

function command(plan: TaskPlan): CommandInfo {
  const { job, key } = plan;
  const text = key.arguments.replaceAll(';', '');
  const line = text === '' ? job.command : `${job.command} ${text}`;
  const variables = environment(plan);
  if (/^(http|ftp)/.test(line)) {
    const file = line.slice(line.lastIndexOf('/') + 1);
    return {
      uris: [{ value: line, executable: true }],
      environment: { variables },
      value: `"./${file}"`,
    };
  }
  const common = { uris: uris(job), environment: { variables }, shell: job.shell };
  if (job.shell) return line === '' ? common : { ...common, value: line, arguments: job.arguments };
  const words = plan.hasOwnArguments ? text.split(/\s+/).filter((word) => word !== '') : undefined;
  const program = job.command === '' ? {} : { value: job.command };
  return { ...common, ...program, arguments: words ?? job.arguments };
}

function user(job: Job): { readonly user?: string } {
  return job.runAsUser === '' ? {} : { user: job.runAsUser };
}

function uris(job: Job): readonly CommandInfoURI[] {
  return [
    ...job.fetch.map((each) => ({
      value: each.uri,
      extract: each.extract,
      executable: each.executable,
      cache: each.cache,
      ...(each.outputFile === '' ? {} : { output_file: each.outputFile }),
    })),
    ...job.uris.map((value) => ({ value, extract: true })),
  ];
}

/** Names that are there already win: the built-in ones, then the first of the job's. */
function environment(plan: TaskPlan): readonly EnvironmentVariable[] {
  const { job, key, offer } = plan;
  const id = formatTaskId(key);
  const variables = new Map<string, string>([
    ['mesos_task_id', id],
    ['MESOS_TASK_ID', id],
    ['CHRONOS_JOB_OWNER', job.owner],
    ['CHRONOS_JOB_NAME', job.name],
    ['HOST', offer.hostname],
    ['CHRONOS_RESOURCE_MEM', formatDouble(job.mem)],
    ['CHRONOS_RESOURCE_CPU', formatDouble(job.cpus)],
    ['CHRONOS_RESOURCE_DISK', formatDouble(job.disk)],
    ['CHRONOS_JOB_RUN_TIME', String(key.due)],
    ['CHRONOS_JOB_RUN_ATTEMPT', String(key.attempt)],
  ]);
  for (const { name, value } of job.environmentVariables) {
    if (!variables.has(name)) variables.set(name, value);
  }
  return [...variables].map(([name, value]) => ({ name, value }));
}

function container(job: Job): { readonly container?: ContainerInfo } {
  const given = job.container;
  if (given === undefined) return {};
  const networks = networkInfos(given);
  const common = {
    type: given.type,
    volumes: given.volumes.map(volume),
    ...(networks.length === 0 ? {} : { network_infos: networks }),
  };
  if (given.type === 'MESOS') {
    const image = { type: 'DOCKER', docker: { name: given.image }, cached: !given.forcePullImage };
    return { container: { ...common, mesos: { image: { ...image, type: 'DOCKER' } } } };
  }
  return {
    container: {
      ...common,
      docker: {
        image: given.image,
        network: given.network,
        force_pull_image: given.forcePullImage,
        parameters: given.parameters.map(({ key, value }) => ({ key, value })),
      },
    },
  };
}

/** Protocol and port mappings are stored but not sent, as in the original. */
function networkInfos(given: JobContainer): readonly NetworkInfo[] {
  const named = given.networkName === undefined ? [] : [{ name: given.networkName }];
  return [
    ...named,
    ...given.networkInfos.map((each) => ({
      name: each.name,
      ...(each.labels.length === 0 ? {} : { labels: { labels: plain(each.labels) } }),
    })),
  ];
}

function volume(given: ContainerVolume): Volume {
  const external = given.external;
  return {
    container_path: given.containerPath,
    mode: given.mode ?? 'RW',
    ...(given.hostPath === undefined ? {} : { host_path: given.hostPath }),
    ...(external === undefined
      ? {}
      : {
          source: {
            type: 'DOCKER_VOLUME',
            docker_volume: {
              driver: external.provider,
              name: external.name,
              driver_options: { parameter: plain(external.options) },
            },
          },
        }),
  };
}

function plain(pairs: readonly KeyValue[]): readonly KeyValue[] {
  return pairs.map(({ key, value }) => ({ key, value }));
}
