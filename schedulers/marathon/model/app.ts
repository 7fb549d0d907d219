/**
 * The canonical app: what is stored, compared, deployed and written back (spec
 * marathon-app-model, section 2). Deprecated fields exist only in `RawApp`, what clients send.
 */
import type { RawLinuxInfo } from './linux-rules.ts';
import type { PathId } from './path-id.ts';
import type { Version } from './timestamp.ts';

export type EnvironmentValue = string | { readonly secret: string };

/** Field, operator, and the value where the operator takes one. */
export type Constraint = readonly string[];

export interface ResourceLimits {
  readonly cpus?: number | 'unlimited' | undefined;
  readonly mem?: number | 'unlimited' | undefined;
}

export interface ExecutorResources {
  readonly cpus?: number | undefined;
  readonly mem?: number | undefined;
  readonly disk?: number | undefined;
}

export interface Artifact {
  readonly uri: string;
  readonly extract: boolean;
  readonly executable: boolean;
  readonly cache: boolean;
  readonly destPath?: string | undefined;
}

export interface PortDefinition {
  /** The service port; the host port too when `requirePorts`. 0 = assigned. */
  readonly port: number;
  readonly name?: string | undefined;
  readonly protocol: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface PortMapping {
  readonly containerPort: number;
  readonly hostPort?: number | undefined;
  readonly servicePort: number;
  readonly protocol: string;
  readonly name?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly networkNames?: readonly string[] | undefined;
}

export type NetworkMode = 'container' | 'container/bridge' | 'host';

export interface Network {
  readonly mode: NetworkMode;
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface Parameter {
  readonly key: string;
  readonly value: string;
}

export interface DockerContainer {
  readonly image: string;
  readonly forcePullImage: boolean;
  readonly privileged: boolean;
  readonly parameters: readonly Parameter[];
  readonly pullConfig?: { readonly secret: string } | undefined;
}

/** An image in the format of App Container. */
export interface AppcImage {
  readonly image: string;
  readonly id?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly forcePullImage: boolean;
}

export interface PersistentVolumeInfo {
  readonly type: 'root' | 'path' | 'mount';
  /** MiB. */
  readonly size: number;
  readonly maxSize?: number | undefined;
  readonly profileName?: string | undefined;
  readonly constraints?: readonly Constraint[] | undefined;
}

export interface ExternalVolumeInfo {
  readonly name?: string | undefined;
  readonly provider?: string | undefined;
  /** GiB. */
  readonly size?: number | undefined;
  /** Of `dvdi` texts; of `csi` as its schema says. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly shared: boolean;
}

export interface AppVolume {
  readonly containerPath?: string | undefined;
  readonly hostPath?: string | undefined;
  readonly mode?: 'RO' | 'RW' | undefined;
  readonly persistent?: PersistentVolumeInfo | undefined;
  readonly external?: ExternalVolumeInfo | undefined;
  readonly secret?: string | undefined;
}

export interface Container {
  readonly type: 'MESOS' | 'DOCKER';
  readonly docker?: DockerContainer | undefined;
  readonly appc?: AppcImage | undefined;
  readonly volumes: readonly AppVolume[];
  readonly portMappings?: readonly PortMapping[] | undefined;
  readonly linuxInfo?: RawLinuxInfo | undefined;
}

export type HealthCheckProtocol =
  | 'HTTP'
  | 'HTTPS'
  | 'TCP'
  | 'COMMAND'
  | 'MESOS_TCP'
  | 'MESOS_HTTP'
  | 'MESOS_HTTPS';

export interface AppHealthCheck {
  readonly protocol: HealthCheckProtocol;
  readonly path?: string | undefined;
  readonly portIndex?: number | undefined;
  readonly port?: number | undefined;
  readonly command?: { readonly value: string } | undefined;
  readonly gracePeriodSeconds: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly maxConsecutiveFailures: number;
  readonly delaySeconds: number;
  readonly ignoreHttp1xx?: boolean | undefined;
  readonly ipProtocol: 'IPv4' | 'IPv6';
}

export interface AppCheck {
  readonly http?:
    | {
        readonly portIndex?: number | undefined;
        readonly port?: number | undefined;
        readonly path?: string | undefined;
        readonly scheme?: string | undefined;
      }
    | undefined;
  readonly tcp?:
    | { readonly portIndex?: number | undefined; readonly port?: number | undefined }
    | undefined;
  readonly exec?:
    | {
        readonly command: {
          readonly shell?: string | undefined;
          readonly argv?: readonly string[] | undefined;
        };
      }
    | undefined;
  readonly intervalSeconds?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly delaySeconds?: number | undefined;
}

export interface ReadinessCheck {
  readonly name: string;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly path: string;
  readonly portName: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly httpStatusCodesForReady: readonly number[];
  readonly preserveLastResponse: boolean;
}

export interface UpgradeStrategy {
  readonly minimumHealthCapacity: number;
  readonly maximumOverCapacity: number;
}

export type UnreachableStrategy =
  | 'disabled'
  | { readonly inactiveAfterSeconds: number; readonly expungeAfterSeconds: number };

export type KillSelection = 'YOUNGEST_FIRST' | 'OLDEST_FIRST';

export interface VersionInfo {
  readonly lastScalingAt: Version;
  readonly lastConfigChangeAt: Version;
}

export interface App {
  readonly id: PathId;
  readonly acceptedResourceRoles?: readonly string[] | undefined;
  readonly args: readonly string[];
  readonly backoffFactor: number;
  readonly backoffSeconds: number;
  readonly check?: AppCheck | undefined;
  readonly cmd?: string | undefined;
  readonly constraints: readonly Constraint[];
  readonly container?: Container | undefined;
  readonly cpus: number;
  readonly dependencies: readonly PathId[];
  readonly disk: number;
  readonly env: Readonly<Record<string, EnvironmentValue>>;
  readonly executor: string;
  readonly executorResources?: ExecutorResources | undefined;
  readonly fetch: readonly Artifact[];
  readonly gpus: number;
  readonly healthChecks: readonly AppHealthCheck[];
  readonly instances: number;
  readonly killSelection: KillSelection;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxLaunchDelaySeconds: number;
  readonly mem: number;
  readonly networks: readonly Network[];
  /** Only with host networking. */
  readonly portDefinitions?: readonly PortDefinition[] | undefined;
  readonly readinessChecks: readonly ReadinessCheck[];
  readonly requirePorts: boolean;
  readonly residency?: Readonly<Record<string, unknown>> | undefined;
  readonly resourceLimits?: ResourceLimits | undefined;
  readonly role: string;
  readonly secrets: Readonly<Record<string, { readonly source: string }>>;
  readonly taskKillGracePeriodSeconds?: number | undefined;
  readonly tty?: boolean | undefined;
  readonly unreachableStrategy: UnreachableStrategy;
  readonly upgradeStrategy: UpgradeStrategy;
  readonly user?: string | undefined;
  readonly version: Version;
  readonly versionInfo: VersionInfo;
}

/** What a client may send: every field optional, deprecated ones included. Unknown members stay out. */
export interface RawApp {
  readonly id?: string;
  readonly acceptedResourceRoles?: readonly string[];
  readonly args?: readonly string[];
  readonly backoffFactor?: number;
  readonly backoffSeconds?: number;
  readonly check?: AppCheck;
  readonly cmd?: string;
  readonly constraints?: readonly Constraint[];
  readonly container?: RawContainer;
  readonly cpus?: number;
  readonly dependencies?: readonly string[];
  readonly disk?: number;
  readonly env?: Readonly<Record<string, EnvironmentValue>>;
  readonly executor?: string;
  readonly executorResources?: ExecutorResources;
  readonly fetch?: readonly (Partial<Artifact> & { readonly uri: string })[];
  readonly gpus?: number;
  readonly healthChecks?: readonly Partial<AppHealthCheck>[];
  readonly instances?: number;
  readonly ipAddress?: RawIpAddress;
  readonly killSelection?: KillSelection;
  readonly labels?: Readonly<Record<string, string>>;
  readonly maxLaunchDelaySeconds?: number;
  readonly mem?: number;
  readonly networks?: readonly Partial<Network>[];
  readonly portDefinitions?: readonly Partial<PortDefinition>[];
  readonly ports?: readonly number[];
  readonly readinessChecks?: readonly Partial<ReadinessCheck>[];
  readonly requirePorts?: boolean;
  readonly residency?: Readonly<Record<string, unknown>>;
  readonly resourceLimits?: ResourceLimits;
  readonly role?: string;
  readonly secrets?: Readonly<Record<string, { readonly source: string }>>;
  readonly storeUrls?: readonly string[];
  readonly taskKillGracePeriodSeconds?: number;
  readonly tty?: boolean;
  readonly unreachableStrategy?:
    | 'disabled'
    | {
        readonly inactiveAfterSeconds?: number | undefined;
        readonly expungeAfterSeconds?: number | undefined;
      };
  readonly upgradeStrategy?: Partial<UpgradeStrategy>;
  readonly uris?: readonly string[];
  readonly user?: string;
  readonly version?: string;
}

export interface RawContainer {
  /** Of Marathon 0.6 and 0.7, with its `options` (`oldest-container.ts`). */
  readonly image?: string;
  readonly options?: readonly string[];
  readonly type?: 'MESOS' | 'DOCKER';
  readonly docker?: Partial<DockerContainer> & {
    readonly network?: 'HOST' | 'BRIDGE' | 'USER' | 'NONE';
    readonly portMappings?: readonly Partial<PortMapping>[];
    readonly credential?: Readonly<Record<string, unknown>>;
  };
  readonly appc?: Partial<AppcImage>;
  readonly volumes?: readonly RawVolume[];
  readonly portMappings?: readonly Partial<PortMapping>[];
  readonly linuxInfo?: RawLinuxInfo;
}

export type RawVolume = Omit<AppVolume, 'persistent' | 'external'> & {
  readonly external?: Partial<ExternalVolumeInfo>;
  readonly persistent?: Partial<PersistentVolumeInfo> & { readonly size: number };
};

export interface RawIpAddress {
  readonly networkName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly groups?: readonly string[];
  readonly discovery?: {
    readonly ports?: readonly {
      readonly number?: number;
      readonly name: string;
      readonly protocol?: string;
      readonly labels?: Readonly<Record<string, string>>;
    }[];
  };
}

export function usesHostNetworking(app: { readonly networks: readonly Network[] }): boolean {
  return app.networks.every((network) => network.mode === 'host');
}

/** The ports of an app in declaration order, host networking and mappings alike. */
export function servicePortsOf(app: App): readonly number[] {
  if (usesHostNetworking(app)) return (app.portDefinitions ?? []).map(({ port }) => port);
  return (app.container?.portMappings ?? []).map(({ servicePort }) => servicePort);
}

/** Health checks that Marathon itself runs; the rest is given to the agent. */
export function isRunByMarathon(check: AppHealthCheck): boolean {
  return check.protocol === 'HTTP' || check.protocol === 'HTTPS' || check.protocol === 'TCP';
}
