/** Task ids `ct:<dueMillis>:<attempt>:<jobName>:<arguments>` (spec chronos, section 5.3). */
import type { Instant } from '../../core/base/clock.ts';

export interface TaskKey {
  readonly due: Instant;
  readonly attempt: number;
  readonly jobName: string;
  readonly arguments: string;
}

export const JOB_NAME = /^[\w.-]+$/;

/** `;` is removed from the arguments: they end up in shell commands. */
export function formatTaskId(key: TaskKey): string {
  const text = key.arguments.replaceAll(';', '');
  return `ct:${key.due}:${key.attempt}:${key.jobName}:${text}`;
}

/** Undefined for ids of other frameworks' making. */
export function parseTaskId(id: string): TaskKey | undefined {
  const match = /^ct:(\d+):(\d+):([\w.-]+):?(.*)$/s.exec(id);
  if (match === null) return undefined;
  const [, due = '', attempt = '', jobName = '', text = ''] = match;
  return { due: Number(due), attempt: Number(attempt), jobName, arguments: text };
}
