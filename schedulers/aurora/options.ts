/** What an Aurora scheduler is made with; compiled from flags in `flags.ts`. */
import type { DurationMs } from '../../core/base/duration.ts';
import type { SchedulerOptions } from '../../core/scheduler/index.ts';
import type { CoordinatorOptions } from './coordinator.ts';
import type { ElectionSettings } from './election-flags.ts';
import type { ShiroRealm } from './http/security/shiro.ts';
import type { MachineSettings } from './machine/settings.ts';
import type { ReconciliationOptions } from './reconciliation-schedule.ts';
import type { SlaVarsOptions } from './sla-vars.ts';
import type { VarsHistoryOptions } from './vars-history.ts';
import type { WebhookOptions } from './webhook.ts';

export interface AuroraOptions extends ElectionSettings {
  readonly master: string;
  readonly http: { readonly ip: string; readonly port: number };
  /** The advertised name. */
  readonly hostname: string;
  readonly framework: {
    readonly name: string;
    readonly user: string;
    readonly failoverTimeoutSeconds: number;
    readonly isPartitionAware: boolean;
    readonly usesGpus: boolean;
    readonly usesRevocable: boolean;
    readonly principal: string | undefined;
  };
  readonly credential: SchedulerOptions['credential'];
  readonly reconciliation: ReconciliationOptions;
  readonly varsHistory: VarsHistoryOptions;
  /** In front of links to figures; told with every answer. */
  readonly statsUrlPrefix: string;
  /** Who may call; undefined lets everybody. */
  readonly realm: ShiroRealm | undefined;
  /** The one other origin whose pages may call. */
  readonly allowedOrigin: string | undefined;
  readonly slaVars: SlaVarsOptions;
  readonly backups: {
    /** Undefined writes none. */
    readonly directory: string | undefined;
    readonly intervalMs: DurationMs;
    readonly keptMax: number;
  };
  readonly coordinators: CoordinatorOptions;
  /** Who is told of the states of tasks. */
  readonly webhook: WebhookOptions | undefined;
  readonly machine: MachineSettings;
}
