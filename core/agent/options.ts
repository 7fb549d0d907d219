/** What an agent is told once at its start; made from flags in `flags.ts` or by hand. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Credential } from '../auth/credentials.ts';
import type { DurationMs } from '../base/duration.ts';
import type { AuthenticateeFactory } from '../modules/types.ts';
import type {
  AgentInfoCapability,
  Attribute,
  DomainInfo,
  Resource,
} from '../wire/types/mesos.v1.ts';
import { NO_ISOLATION } from './containerizer/isolation-options.ts';
import { AGENT_CAPABILITIES } from './features.ts';
import type { OversubscriptionOptions } from './oversubscription-flags.ts';
import type { ExecutorClaims } from './security.ts';

export interface AgentOptions extends OversubscriptionOptions {
  /** `host:port`, `zk://...`. */
  readonly master: string;
  readonly ip: string;
  /** Told of containers in the host's network beside the agent's own address. */
  readonly ip6: string | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  readonly advertiseIp: string | undefined;
  readonly advertisePort: number | undefined;
  readonly hostname: string;
  /** Absolute. */
  readonly workDir: string;
  readonly runtimeDir: string;
  readonly launcherDir: string;
  /** Where containers with an image see their sandbox. */
  readonly sandboxDirectory: string;
  /** List form, unallocated. */
  readonly resources: readonly Resource[];
  readonly attributes: readonly Attribute[];
  readonly domain: DomainInfo | undefined;
  readonly switchUser: boolean;
  readonly recover: 'reconnect' | 'cleanup';
  readonly reconfigurationPolicy: 'equal' | 'additive';
  readonly strict: boolean;
  readonly executorRegistrationTimeoutMs: DurationMs;
  readonly executorReregistrationTimeoutMs: DurationMs;
  /** Undefined: driver executors are asked to come back once. */
  readonly executorReregistrationRetryMs: DurationMs | undefined;
  readonly executorShutdownGraceMs: DurationMs;
  readonly recoveryTimeoutMs: DurationMs;
  readonly registrationBackoffFactorMs: DurationMs;
  /** Proved to the master before registering; without it nothing is. */
  readonly credential: Credential | undefined;
  /** Of a module, instead of CRAM-MD5. */
  readonly authenticatee?: AuthenticateeFactory | undefined;
  readonly authenticationBackoffFactorMs: DurationMs;
  readonly authenticationTimeoutMinMs: DurationMs;
  readonly authenticationTimeoutMaxMs: DurationMs;
  /** Who may do what; without one everybody may do everything. */
  readonly authorizer: Authorizer | undefined;
  /** Makes the token of an executor; undefined when they get none. */
  readonly executorToken: ((claims: ExecutorClaims) => string) | undefined;
  readonly executorEnvironment: Readonly<Record<string, string>> | undefined;
  /** The Unix socket executors may use; undefined: there is none. */
  readonly domainSocket: string | undefined;
  readonly httpCommandExecutor: boolean;
  /** Whether command tasks are run by executors of the launcher; else theirs register by themselves. */
  readonly hostsCommandExecutors: boolean;
  /** Whether tasks without a container may have an image all the same, which takes its time. */
  readonly hasDefaultContainer: boolean;
  readonly gcDelayMs: DurationMs;
  readonly gcDiskHeadroom: number;
  readonly diskWatchIntervalMs: DurationMs;
  readonly maxCompletedExecutorsPerFramework: number;
  readonly frameworksHome: string;
  readonly fetcherStallTimeoutMs: DurationMs;
  /** Between heartbeats on the streams of attached containers. */
  readonly httpHeartbeatIntervalMs: DurationMs;
  /** Whether sandboxes of nested and standalone containers are collected like those of executors. */
  readonly gcNonExecutorContainerSandboxes: boolean;
  /** What the agent says it can do. */
  readonly capabilities: readonly AgentInfoCapability[];
  /** Absolute. */
  readonly fetcherCacheDir: string;
  readonly fetcherCacheSizeBytes: number;
  /** Where `bin/hadoop` is; undefined looks for `hadoop` on the path. */
  readonly hadoopHome: string | undefined;
  /** Names of `--isolation`, complete. */
  readonly isolators: readonly string[];
  /** Every flag with its effective value as text, for `/flags`. */
  readonly flags: Readonly<Record<string, string>>;
}

export const AGENT_VERSION = '1.12.0';

/** Everything but what is particular to a host; `orrery local` and tests fill in the rest. */
export const AGENT_DEFAULTS = {
  ip: '0.0.0.0',
  ip6: undefined,
  port: 5051,
  advertiseIp: undefined,
  advertisePort: undefined,
  launcherDir: '/usr/local/libexec/mesos',
  sandboxDirectory: '/mnt/mesos/sandbox',
  attributes: [],
  domain: undefined,
  switchUser: true,
  recover: 'reconnect',
  reconfigurationPolicy: 'equal',
  strict: true,
  executorRegistrationTimeoutMs: 60_000,
  executorReregistrationTimeoutMs: 2_000,
  executorReregistrationRetryMs: undefined,
  executorShutdownGraceMs: 5_000,
  recoveryTimeoutMs: 900_000,
  registrationBackoffFactorMs: 1_000,
  credential: undefined,
  authenticationBackoffFactorMs: 1_000,
  authenticationTimeoutMinMs: 5_000,
  authenticationTimeoutMaxMs: 60_000,
  authorizer: undefined,
  executorToken: undefined,
  executorEnvironment: undefined,
  domainSocket: undefined,
  httpCommandExecutor: false,
  hostsCommandExecutors: true,
  resourceEstimator: undefined,
  oversubscribedResourcesIntervalMs: 15_000,
  qosController: undefined,
  hasDefaultContainer: false,
  gcDelayMs: 604_800_000,
  httpHeartbeatIntervalMs: 30_000,
  gcNonExecutorContainerSandboxes: false,
  capabilities: AGENT_CAPABILITIES,
  gcDiskHeadroom: 0.1,
  diskWatchIntervalMs: 60_000,
  maxCompletedExecutorsPerFramework: 150,
  frameworksHome: '',
  fetcherStallTimeoutMs: 60_000,
  fetcherCacheDir: join(tmpdir(), 'mesos', 'fetch'),
  fetcherCacheSizeBytes: 2 * 1024 ** 3,
  hadoopHome: undefined,
  isolators: NO_ISOLATION.isolators,
  flags: {},
} as const satisfies Partial<AgentOptions>;
