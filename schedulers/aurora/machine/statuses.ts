/** Task statuses of the cluster (spec aurora-scheduler, section 3.2); acknowledged when what they mean is durable. */
import type { TaskState as MesosState, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import type { ScheduleStatus } from '../thrift/types.ts';
import { type ChangeOutcome, changeTask } from './task-changes.ts';
import { taskTransition } from './task-transitions.ts';
import type { Turn } from './turn.ts';

export const STATUS_OF_MESOS: { readonly [state in MesosState]: ScheduleStatus } = {
  TASK_STAGING: 'STARTING',
  TASK_STARTING: 'STARTING',
  TASK_RUNNING: 'RUNNING',
  TASK_FINISHED: 'FINISHED',
  TASK_FAILED: 'FAILED',
  TASK_KILLING: 'KILLED',
  TASK_KILLED: 'KILLED',
  TASK_LOST: 'LOST',
  TASK_ERROR: 'LOST',
  TASK_DROPPED: 'LOST',
  TASK_GONE: 'LOST',
  TASK_GONE_BY_OPERATOR: 'LOST',
  TASK_UNREACHABLE: 'PARTITIONED',
  TASK_UNKNOWN: 'PARTITIONED',
};

/** As figures name it. */
const RESULT_OF: { readonly [outcome in ChangeOutcome]: string } = {
  done: 'SUCCESS',
  same: 'NOOP',
  illegal: 'ILLEGAL',
  'killed-again': 'ILLEGAL_WITH_SIDE_EFFECTS',
  'not-from': 'INVALID_CAS_STATE',
  unknown: 'ILLEGAL',
};

/** Longer messages are cut before they are stored. */
const MESSAGE_MAX = 10_000;

export function handleStatus(turn: Turn, status: TaskStatus): void {
  const id = status.task_id.value;
  const to = STATUS_OF_MESOS[status.state];
  turn.count('scheduler_status_update');
  const known = changeTask(turn, id, to, { message: messageOf(status) });
  const outcome = known === 'unknown' ? strangerIs(turn, status) : known;
  if (status.reason !== undefined) {
    turn.count(`status_update_${status.reason}_${RESULT_OF[outcome]}`);
    turn.count(`task_exit_${status.reason}`);
  }
  if (status.state === 'TASK_LOST' && status.source !== undefined) {
    turn.count(`task_lost_${status.source}`);
  }
  if (status.uuid !== undefined) turn.act({ kind: 'acknowledge', status });
}

/** A task without a record must not run. */
function strangerIs(turn: Turn, { task_id: id, agent_id, state }: TaskStatus): ChangeOutcome {
  const nobody = { isService: false, maxTaskFailures: 0, failureCount: 0, wasKilling: false };
  const transition = taskTransition('UNKNOWN', STATUS_OF_MESOS[state], nobody);
  if (transition.kind === 'same' || !transition.effects.includes('kill')) return 'unknown';
  turn.act({ kind: 'kill', taskId: id.value, agentId: agent_id?.value });
  return 'killed-again';
}

function messageOf({ message, reason }: TaskStatus): string | undefined {
  if (reason === 'REASON_EXECUTOR_UNREGISTERED') return undefined;
  if (message !== undefined && message !== '') return message.slice(0, MESSAGE_MAX);
  if (reason === 'REASON_CONTAINER_LIMITATION_MEMORY') {
    return 'Task used more memory than requested.';
  }
  if (reason === 'REASON_CONTAINER_LIMITATION_DISK') return 'Task used more disk than requested.';
  return undefined;
}
