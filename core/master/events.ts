/**
 * Changes that operators may watch (`Master.onOperatorEvent`): the v1 event stream and incremental
 * views are fed from these. The records are live; render what is needed before returning.
 */
import type { Task, TaskState, TaskStatus } from '../wire/types/mesos.v1.ts';
import type { Agent, Framework } from './records.ts';

/** How an agent left; it may be back after the first. */
export type AgentDeparture = 'unreachable' | 'removed' | 'gone';

export type OperatorEvent =
  | { readonly kind: 'task-added'; readonly framework: Framework; readonly task: Task }
  | {
      readonly kind: 'task-updated';
      readonly framework: Framework;
      readonly task: Task;
      readonly status: TaskStatus;
      readonly state: TaskState;
    }
  /** The task left the live tasks (acknowledged, unreachable, ...); no event of the original. */
  | { readonly kind: 'task-removed'; readonly framework: Framework; readonly task: Task }
  | { readonly kind: 'agent-added'; readonly agent: Agent }
  /** Connection, activation, resources or info changed; no event of the original. */
  | { readonly kind: 'agent-updated'; readonly agent: Agent }
  | { readonly kind: 'agent-removed'; readonly agent: Agent; readonly how: AgentDeparture }
  | { readonly kind: 'framework-added'; readonly framework: Framework }
  | { readonly kind: 'framework-updated'; readonly framework: Framework }
  /** Connection, offers or sums changed; no event of the original. */
  | { readonly kind: 'framework-changed'; readonly framework: Framework }
  | { readonly kind: 'framework-removed'; readonly framework: Framework };
