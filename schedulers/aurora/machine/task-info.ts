/** The task as the cluster is told (spec aurora-scheduler, section 4.4). */
import type {
  CommandInfoURI,
  ContainerInfo,
  DiscoveryInfo,
  ExecutorInfo,
  Image,
  Label,
  Resource,
  TaskInfo,
  Volume,
} from '../../../core/wire/types/mesos.v1.ts';
import type { AssignedTask, Container, MesosFetcherURI } from '../thrift/types.ts';
import type { ExecutorSettings, HostVolume, MachineSettings } from './settings.ts';

export interface TaskPlacement {
  readonly assigned: AssignedTask;
  /** Of the job, as text. */
  readonly key: string;
  readonly resources: readonly Resource[];
  /** What the executor takes for itself. */
  readonly executorResources: readonly Resource[];
}

/** Where the image of a task is mounted. */
const TASK_FILESYSTEM = 'taskfs';

/** Without its data, which is the assigned task in binary. */
export function taskInfo(placement: TaskPlacement, settings: MachineSettings): TaskInfo {
  const { assigned, key, resources, executorResources } = placement;
  const { taskId, slaveId = '', task } = assigned;
  const { name = '' } = task.executorConfig ?? {};
  const executor = settings.executors.get(name);
  const container = containerOf(task.container ?? { mesos: {} }, executor?.volumes ?? []);
  const base: TaskInfo = {
    name: key,
    task_id: { value: taskId },
    agent_id: { value: slaveId },
    resources,
    labels: { labels: labelsOf(assigned) },
    discovery: settings.populatesDiscovery ? discoveryOf(assigned, settings) : undefined,
  };
  if (executor === undefined) return { ...base, command: { shell: false }, container };
  return {
    ...base,
    executor: { name, ...executorOf(assigned, executor, executorResources), container },
  };
}

function labelsOf({ task }: AssignedTask): readonly Label[] {
  const metadata = (task.metadata ?? []).map(({ key, value }) => ({
    key: `org.apache.aurora.metadata.${key}`,
    value,
  }));
  return [{ key: 'org.apache.aurora.tier', value: task.tier ?? '' }, ...metadata];
}

function executorOf(
  assigned: AssignedTask,
  executor: ExecutorSettings,
  resources: readonly Resource[],
): ExecutorInfo {
  const source = sourceOf(assigned);
  return {
    type: 'CUSTOM',
    executor_id: { value: `${executor.idPrefix}${assigned.taskId}` },
    source,
    labels: { labels: [{ key: 'source', value: source }] },
    resources,
    command: {
      ...executor.command,
      uris: [
        ...(executor.command.uris ?? []),
        ...(assigned.task.mesosFetcherUris ?? []).map(fetched),
      ],
    },
  };
}

/** What a job has brought into its sandbox. */
function fetched({ value, extract, cache, outputFile }: MesosFetcherURI): CommandInfoURI {
  return { value, executable: false, extract, cache, output_file: outputFile };
}

/** The instance, for whoever watches containers. */
function sourceOf({ task, instanceId }: AssignedTask): string {
  const { role = '', environment = '', name = '' } = task.job ?? {};
  return `${role}.${environment}.${name}.${instanceId}`;
}

function discoveryOf(assigned: AssignedTask, settings: MachineSettings): DiscoveryInfo {
  const { job } = assigned.task;
  return {
    visibility: 'CLUSTER',
    name: job === undefined ? '' : `${job.name}.${job.environment}.${job.role}`,
    environment: job?.environment ?? '',
    location: settings.clusterName,
    ports: {
      ports: [...assigned.assignedPorts].map(([name, number]) => ({
        name,
        number,
        protocol: 'TCP',
      })),
    },
  };
}

function containerOf(
  container: Container,
  mounts: readonly HostVolume[],
): ContainerInfo | undefined {
  const given = mounts.map(volumeOf);
  if ('docker' in container) {
    const { image, parameters = [] } = container.docker;
    return {
      type: 'DOCKER',
      docker: { image, parameters: parameters.map(({ name, value }) => ({ key: name, value })) },
      volumes: given,
    };
  }
  const { image, volumes = [] } = container.mesos;
  if (image === undefined) return undefined;
  const root: Volume = { container_path: TASK_FILESYSTEM, mode: 'RO', image: imageOf(image) };
  return { type: 'MESOS', mesos: {}, volumes: [...given, ...volumes.map(volumeOf), root] };
}

function volumeOf({ containerPath, hostPath, mode }: HostVolume): Volume {
  return { container_path: containerPath, host_path: hostPath, mode };
}

function imageOf(image: Extract<Container, { mesos: unknown }>['mesos']['image']): Image {
  if (image !== undefined && 'appc' in image) {
    const { name, imageId } = image.appc;
    return { type: 'APPC', appc: { name, id: imageId } };
  }
  const { name, tag } = image?.docker ?? { name: '', tag: '' };
  return { type: 'DOCKER', docker: { name: `${name}:${tag}` } };
}
