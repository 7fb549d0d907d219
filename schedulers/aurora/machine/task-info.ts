/** The task as the cluster is told (spec aurora-scheduler, section 4.4). */
import type {
  ContainerInfo,
  DiscoveryInfo,
  ExecutorInfo,
  Image,
  Label,
  Resource,
  TaskInfo,
  Volume,
} from '../../../core/wire/types/mesos.v1.ts';
import type { AssignedTask, Container } from '../thrift/types.ts';
import { EXECUTOR_NAME } from './configuration-checks.ts';
import type { MachineSettings } from './settings.ts';

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
  const container = containerOf(task.container ?? { mesos: {} }, settings);
  const base: TaskInfo = {
    name: key,
    task_id: { value: taskId },
    agent_id: { value: slaveId },
    resources,
    labels: { labels: labelsOf(assigned) },
    discovery: settings.populatesDiscovery ? discoveryOf(assigned, settings) : undefined,
  };
  if (task.executorConfig === undefined) {
    return { ...base, command: { shell: false }, container };
  }
  return {
    ...base,
    executor: { ...executorOf(assigned, settings, executorResources), container },
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
  { executor }: MachineSettings,
  resources: readonly Resource[],
): ExecutorInfo {
  const source = sourceOf(assigned);
  return {
    type: 'CUSTOM',
    executor_id: { value: `thermos-${assigned.taskId}` },
    name: EXECUTOR_NAME,
    source,
    labels: { labels: [{ key: 'source', value: source }] },
    resources,
    command: {
      value: executor.command,
      uris: executor.uris.map((value) => ({ value, executable: true })),
    },
  };
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

function containerOf(container: Container, settings: MachineSettings): ContainerInfo | undefined {
  const global = settings.globalVolumes.map(
    ({ containerPath, hostPath, mode }): Volume => ({
      container_path: containerPath,
      host_path: hostPath,
      mode,
    }),
  );
  if ('docker' in container) {
    const { image, parameters = [] } = container.docker;
    const used = parameters.length > 0 ? parameters : settings.defaultDockerParameters;
    return {
      type: 'DOCKER',
      docker: { image, parameters: used.map(({ name, value }) => ({ key: name, value })) },
      volumes: global,
    };
  }
  const { image, volumes = [] } = container.mesos;
  if (image === undefined) return undefined;
  const root: Volume = { container_path: TASK_FILESYSTEM, mode: 'RO', image: imageOf(image) };
  const own = volumes.map(
    ({ containerPath, hostPath, mode }): Volume => ({
      container_path: containerPath,
      host_path: hostPath,
      mode,
    }),
  );
  return { type: 'MESOS', volumes: [root, ...own, ...global] };
}

function imageOf(image: Extract<Container, { mesos: unknown }>['mesos']['image']): Image {
  if (image !== undefined && 'appc' in image) {
    const { name, imageId } = image.appc;
    return { type: 'APPC', appc: { name, id: imageId } };
  }
  const { name, tag } = image?.docker ?? { name: '', tag: '' };
  return { type: 'DOCKER', docker: { name: `${name}:${tag}` } };
}
