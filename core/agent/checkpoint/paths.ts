/**
 * Where things lie below the work directory (spec agent-runtime, section 1). All paths here are
 * relative to it.
 */
export interface RunIds {
  readonly agentId: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly containerId: string;
}

type FrameworkIds = Pick<RunIds, 'agentId' | 'frameworkId'>;
type ExecutorIds = Omit<RunIds, 'containerId'>;

export const BOOT_ID_PATH = 'meta/boot_id';
export const META_AGENTS_PATH = 'meta/slaves';
export const META_LATEST_PATH = 'meta/slaves/latest';
export const AGENTS_PATH = 'slaves';
export const LATEST_PATH = 'slaves/latest';
export const RESOURCES_PATH = 'meta/resources/resources.info';
export const RESOURCE_STATE_PATH = 'meta/resources/resources_and_operations.state';

export const agentPath = (agentId: string): string => `slaves/${agentId}`;
export const metaAgentPath = (agentId: string): string => `meta/slaves/${agentId}`;

export const frameworkPath = (ids: FrameworkIds): string =>
  `${agentPath(ids.agentId)}/frameworks/${ids.frameworkId}`;
export const metaFrameworkPath = (ids: FrameworkIds): string => `meta/${frameworkPath(ids)}`;

export const executorPath = (ids: ExecutorIds): string =>
  `${frameworkPath(ids)}/executors/${ids.executorId}`;
export const metaExecutorPath = (ids: ExecutorIds): string => `meta/${executorPath(ids)}`;

/** The sandbox. */
export const runPath = (ids: RunIds): string => `${executorPath(ids)}/runs/${ids.containerId}`;
export const metaRunPath = (ids: RunIds): string => `meta/${runPath(ids)}`;
export const latestRunPath = (ids: ExecutorIds): string => `${executorPath(ids)}/runs/latest`;

export const taskInfoPath = (ids: RunIds, taskId: string): string =>
  `${metaRunPath(ids)}/tasks/${taskId}/task.info`;
export const taskUpdatesPath = (ids: RunIds, taskId: string): string =>
  `${metaRunPath(ids)}/tasks/${taskId}/task.updates`;
export const operationUpdatesPath = (agentId: string, uuid: string): string =>
  `${metaAgentPath(agentId)}/operations/${uuid}/operation.updates`;

/** A persistent volume without a disk source of its own. */
export const volumePath = (role: string, id: string): string =>
  `volumes/roles/${role.replaceAll('/', ' ')}/${id}`;
