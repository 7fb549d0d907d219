/** States of tasks and operations (spec scheduler-api, sections 16.1 and 16.5): which are final, what may follow. */
import { isTerminal } from '../base/terminal-states.ts';
import type { OperationState, TaskState } from '../wire/types/mesos.v1.ts';

/** Whether a task leaves its resources when it enters `state`. */
export function freesResources(state: TaskState): boolean {
  return isTerminal(state) || state === 'TASK_UNREACHABLE';
}

/** Any state may follow a live one; a final one stays. */
export function mayFollow(current: TaskState, next: TaskState): boolean {
  return !isTerminal(current) || current === next;
}

const OVER: ReadonlySet<OperationState> = new Set<OperationState>([
  'OPERATION_FINISHED',
  'OPERATION_FAILED',
  'OPERATION_ERROR',
  'OPERATION_DROPPED',
  'OPERATION_GONE_BY_OPERATOR',
]);

export function isOperationOver(state: OperationState): boolean {
  return OVER.has(state);
}
