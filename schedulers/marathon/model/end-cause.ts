/** Who or what made Marathon end a task; a task without a cause has ended by itself or its agent. */

export type EndCause =
  /** A deployment scales, upgrades or removes the app or pod. */
  | {
      readonly by: 'deployment';
      readonly deploymentId: string;
      readonly action: string;
    }
  /** Somebody asked for it through the API; records of earlier days do not say who. */
  | { readonly by: 'request'; readonly clientIp?: string; readonly uri?: string }
  /** There were more instances than wanted. */
  | { readonly by: 'surplus' }
  /** Its app or pod is gone. */
  | { readonly by: 'removed' }
  /** Its health check failed too often. */
  | { readonly by: 'health-check'; readonly reason: string }
  /** Nothing was heard of its launch in time. */
  | { readonly by: 'overdue-launch' }
  /** Its agent was lost from sight for longer than its strategy allows. */
  | { readonly by: 'unreachable' };

/** One run of an instance that has ended. */
export interface EndedRun {
  readonly specId: string;
  readonly instanceId: string;
  readonly incarnation: number;
  readonly version: string;
  readonly host: string | undefined;
  readonly agentId: string | undefined;
  readonly stagedAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number;
  readonly condition: string;
  readonly cause: EndCause | undefined;
  readonly tasks: readonly {
    readonly id: string;
    readonly state: string | undefined;
    readonly message: string | undefined;
  }[];
}

export function endedRunKey({ instanceId, incarnation }: EndedRun): string {
  return `${instanceId}.${incarnation}`;
}
