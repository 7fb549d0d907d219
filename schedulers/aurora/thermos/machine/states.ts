/** The lives of a process and of a task as tables (spec thermos, sections 2 and 4). */
import type { ProcessState, ThermosTaskState } from '../../thrift/types.ts';

/** What may follow; after an end a new run begins, which is another entry. */
export const NEXT_PROCESS: Readonly<Record<ProcessState, readonly ProcessState[]>> = {
  WAITING: ['FORKED', 'FAILED'],
  FORKED: ['RUNNING', 'KILLED', 'LOST'],
  RUNNING: ['SUCCESS', 'FAILED', 'KILLED', 'LOST'],
  SUCCESS: [],
  KILLED: [],
  FAILED: [],
  LOST: [],
};

/**
 * CLEANING is passed by every task that its runner ends; its time may end before the final processes begin. Who kills a
 * task without its runner (`thermos kill`) writes the end at once.
 */
export const NEXT_TASK: Readonly<Record<ThermosTaskState, readonly ThermosTaskState[]>> = {
  ACTIVE: ['CLEANING', 'KILLED', 'LOST'],
  CLEANING: ['FINALIZING', 'SUCCESS', 'FAILED', 'KILLED', 'LOST'],
  FINALIZING: ['SUCCESS', 'FAILED', 'KILLED', 'LOST'],
  SUCCESS: [],
  FAILED: [],
  KILLED: [],
  LOST: [],
};

export type TaskResult = 'SUCCESS' | 'FAILED' | 'KILLED' | 'LOST';

export function isProcessEnd(state: ProcessState | undefined): boolean {
  return state !== undefined && NEXT_PROCESS[state].length === 0;
}

export function isTaskEnd(state: ThermosTaskState | undefined): state is TaskResult {
  return state !== undefined && NEXT_TASK[state].length === 0;
}
