/** What a hosted executor says, as the status that travels (spec executor-api, sections 12 to 14). */
import { parseUuid } from '../base/random.ts';
import type { HostedUpdate } from '../executor/hosted.ts';
import type { ContainerStatus, TaskStatus } from '../wire/types/mesos.v1.ts';
import type { AgentExecutor } from './state.ts';

export function hostedStatus(executor: AgentExecutor, update: HostedUpdate): TaskStatus {
  return {
    task_id: { value: update.taskId },
    state: update.state,
    ...(update.data === undefined ? {} : { data: new TextEncoder().encode(update.data) }),
    message: update.message,
    source: 'SOURCE_EXECUTOR',
    reason: update.reason,
    ...(update.limitation === undefined ? {} : { limitation: update.limitation }),
    timestamp: update.timestamp,
    uuid: parseUuid(update.uuid),
    healthy: update.healthy,
    check_status: update.checkStatus,
    container_status:
      update.nestedId === undefined ? ownContainer(update) : nestedContainer(executor, update),
  };
}

/** The agent adds the container's id and, where nothing else is told, its own address. */
function ownContainer({ networkInfos = [] }: HostedUpdate): ContainerStatus | undefined {
  return networkInfos.length === 0 ? undefined : { network_infos: networkInfos };
}

function nestedContainer(executor: AgentExecutor, update: HostedUpdate): ContainerStatus {
  const parent = { value: executor.containerId };
  const container_id = { value: update.nestedId ?? '', parent };
  const isRunning = !/^TASK_(STARTING|FINISHED|FAILED|KILLED)$/.test(update.state);
  if (!isRunning || update.pid === undefined) return { container_id };
  const { networkInfos: network_infos } = update;
  return {
    container_id,
    executor_pid: update.pid,
    ...(network_infos === undefined ? {} : { network_infos }),
  };
}
