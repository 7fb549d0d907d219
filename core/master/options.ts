/** Settings of the machine, all present, durations in ms; compiled from flags in `flags.ts`. */

import type { AllocatorOptions } from '../allocator/types.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Credentials } from '../auth/credentials.ts';
import type { DurationMs } from '../base/duration.ts';
import type { AuthenticatorFactory } from '../modules/types.ts';
import type { DomainInfo } from '../wire/types/mesos.v1.ts';
import type { RateLimits } from './rate-limits.ts';
import { DEFAULT_REGISTRAR_LIMITS, type RegistrarLimits } from './registrar.ts';
import type { StateLimits } from './state.ts';

export interface MachineOptions extends StateLimits {
  /** Who may do what; without one everybody may do everything. */
  readonly authorizer: Authorizer | undefined;
  /** Whether drivers and agents must have proved who they are (`--authenticate_*`). */
  readonly authenticateFrameworks: boolean;
  readonly authenticateAgents: boolean;
  /** Of classic drivers' messages. */
  readonly rateLimits: RateLimits | undefined;
  readonly rootSubmissions: boolean;
  /** Roles that may be used; `undefined` allows any. `*` is always in it. */
  readonly roleWhitelist: ReadonlySet<string> | undefined;
  readonly offerTimeoutMs: DurationMs | undefined;
  readonly agentPingTimeoutMs: DurationMs;
  readonly maxAgentPingTimeouts: number;
  readonly agentReregisterTimeoutMs: DurationMs;
  readonly requireAgentDomain: boolean;
  readonly domain: DomainInfo | undefined;
  readonly registryGcIntervalMs: DurationMs;
  readonly registryMaxAgentAgeMs: DurationMs;
  readonly registryMaxAgentCount: number;
  /** Removals at once after a failover that stop the master; a fraction of the known agents. */
  readonly recoveryAgentRemovalLimit: number;
  /** At most `count` agents are marked unreachable in `intervalMs`. */
  readonly agentRemovalRate:
    | { readonly count: number; readonly intervalMs: DurationMs }
    | undefined;
  readonly offerConstraintsRe2MaxProgramSize: number;
  readonly heartbeatIntervalMs: DurationMs;
}

export const DEFAULT_MACHINE_OPTIONS: MachineOptions = {
  maxCompletedFrameworks: 50,
  maxCompletedTasksPerFramework: 1_000,
  maxUnreachableTasksPerFramework: 1_000,
  authorizer: undefined,
  authenticateFrameworks: false,
  authenticateAgents: false,
  rateLimits: undefined,
  rootSubmissions: true,
  roleWhitelist: undefined,
  offerTimeoutMs: undefined,
  agentPingTimeoutMs: 15_000,
  maxAgentPingTimeouts: 5,
  agentReregisterTimeoutMs: 600_000,
  requireAgentDomain: false,
  domain: undefined,
  registryGcIntervalMs: 900_000,
  registryMaxAgentAgeMs: 1_209_600_000,
  registryMaxAgentCount: 102_400,
  recoveryAgentRemovalLimit: 1,
  agentRemovalRate: undefined,
  offerConstraintsRe2MaxProgramSize: 100,
  heartbeatIntervalMs: 15_000,
};

/** Everything a master needs to know; made from flags or directly by tests and `orrery local`. */
export interface CompiledMasterOptions {
  readonly machine: MachineOptions;
  readonly allocator: Partial<AllocatorOptions>;
  /** Announced in MasterInfo and redirects. */
  readonly hostname: string;
  /** The name of the cluster in the web interface. */
  readonly cluster: string | undefined;
  /** Initial weights; the registry's win. */
  readonly weights: ReadonlyMap<string, number>;
  /** What `/flags` and `/state` show: set flags by name, in their canonical text. */
  readonly flags: Readonly<Record<string, string>>;
  readonly maxOperatorEventStreamSubscribers: number;
  readonly publishPerFrameworkMetrics: boolean;
  readonly registrar: RegistrarLimits;
  /** Of `--credentials`: what agents and drivers authenticate against. */
  readonly credentials: Credentials | undefined;
  /** Of a module, instead of CRAM-MD5 with these credentials. */
  readonly authenticator?: AuthenticatorFactory | undefined;
  /** Of one exchange with an agent or driver. */
  readonly authenticationTimeoutMs: DurationMs;
}

export const DEFAULT_MASTER_OPTIONS: CompiledMasterOptions = {
  machine: DEFAULT_MACHINE_OPTIONS,
  allocator: {},
  hostname: 'localhost',
  cluster: undefined,
  weights: new Map(),
  flags: {},
  maxOperatorEventStreamSubscribers: 1_000,
  publishPerFrameworkMetrics: true,
  registrar: DEFAULT_REGISTRAR_LIMITS,
  credentials: undefined,
  authenticationTimeoutMs: 15_000,
};
