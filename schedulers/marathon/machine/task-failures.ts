/** The last failure of an app or pod, as `lastTaskFailure` shows it; stored. */
import type { TaskState } from '../../../core/wire/types/mesos.v1.ts';
import type { Instance } from '../model/instance.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import type { Turn } from './turn.ts';

/** Longer messages are cut before they are stored. */
export const MESSAGE_MAX = 10_000;

export function recordTaskFailure(
  turn: Turn,
  { spec, agent }: Instance,
  {
    taskId,
    state,
    message = '',
  }: {
    readonly taskId: string;
    readonly state: TaskState;
    readonly message?: string | undefined;
  },
): void {
  const failure = {
    appId: spec.id,
    host: agent?.host ?? '',
    message: message.slice(0, MESSAGE_MAX),
    state,
    taskId,
    timestamp: formatTimestamp(turn.now),
    version: spec.version,
    slaveId: agent?.agentId,
  };
  turn.state.failures.set(spec.id, failure);
  turn.persist({ kind: 'put-failure', failure });
}
