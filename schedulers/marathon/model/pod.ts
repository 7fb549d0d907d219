/**
 * The canonical pod: containers that are placed together, share networks and volumes, and live and
 * die together (spec marathon-app-model, section 9). What planner, queue and instances need of any
 * run spec is kept under the names that apps use; `pod-json.ts` writes the nested form of the API.
 */
import type {
  Artifact,
  Constraint,
  EnvironmentValue,
  KillSelection,
  Network,
  PersistentVolumeInfo,
  ResourceLimits,
  UnreachableStrategy,
  UpgradeStrategy,
  VersionInfo,
} from './app.ts';
import type { RawLinuxInfo } from './linux-rules.ts';
import type { PathId } from './path-id.ts';
import type { Version } from './timestamp.ts';

type Labels = Readonly<Record<string, string>>;

export interface PodResources {
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly gpus: number;
}

export interface PodEndpoint {
  readonly name: string;
  readonly containerPort?: number | undefined;
  /** 0 = any; absent = none on the host. */
  readonly hostPort?: number | undefined;
  readonly protocol: readonly string[];
  readonly labels: Labels;
  readonly networkNames: readonly string[];
}

export interface PodCommand {
  readonly shell?: string | undefined;
  readonly argv?: readonly string[] | undefined;
}

interface PodProbeKinds {
  readonly http?:
    | {
        readonly endpoint: string;
        readonly path?: string | undefined;
        readonly scheme?: 'HTTP' | 'HTTPS' | undefined;
      }
    | undefined;
  readonly tcp?: { readonly endpoint: string } | undefined;
  readonly exec?: { readonly command: PodCommand } | undefined;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly delaySeconds: number;
}

/** Run by the agent; a container without a good result for too long is killed by its executor. */
export interface PodHealthCheck extends PodProbeKinds {
  readonly gracePeriodSeconds: number;
  readonly maxConsecutiveFailures: number;
}

/** Run by the agent too, but nothing follows from its result. */
export type PodCheck = PodProbeKinds;

export interface PodImage {
  readonly kind: 'DOCKER' | 'APPC';
  readonly id: string;
  readonly pullConfig?: { readonly secret: string } | undefined;
  readonly forcePull?: boolean | undefined;
  readonly labels: Labels;
}

export interface PodVolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean | undefined;
}

export interface PodContainer {
  readonly name: string;
  readonly exec?:
    | { readonly command: PodCommand; readonly overrideEntrypoint?: boolean | undefined }
    | undefined;
  readonly resources: PodResources;
  readonly resourceLimits?: ResourceLimits | undefined;
  readonly endpoints: readonly PodEndpoint[];
  readonly image?: PodImage | undefined;
  readonly environment: Readonly<Record<string, EnvironmentValue>>;
  readonly user?: string | undefined;
  readonly healthCheck?: PodHealthCheck | undefined;
  readonly check?: PodCheck | undefined;
  readonly volumeMounts: readonly PodVolumeMount[];
  readonly artifacts: readonly Artifact[];
  readonly labels: Labels;
  readonly lifecycle?: { readonly killGracePeriodSeconds?: number | undefined } | undefined;
  readonly tty?: boolean | undefined;
  readonly linuxInfo?: RawLinuxInfo | undefined;
}

/** Without `host`, `secret` and `persistent` it is ephemeral: a directory of the pod's sandbox. */
export interface PodVolume {
  readonly name: string;
  readonly host?: string | undefined;
  readonly secret?: string | undefined;
  readonly persistent?: PersistentVolumeInfo | undefined;
}

export interface Pod {
  readonly id: PathId;
  readonly labels: Labels;
  readonly user?: string | undefined;
  readonly environment: Readonly<Record<string, EnvironmentValue>>;
  /** At least one; their names are unique. */
  readonly containers: readonly PodContainer[];
  readonly secrets: Readonly<Record<string, { readonly source: string }>>;
  readonly volumes: readonly PodVolume[];
  readonly networks: readonly Network[];
  readonly executorResources: Omit<PodResources, 'gpus'>;
  readonly linuxInfo?: RawLinuxInfo | undefined;
  readonly legacySharedCgroups?: boolean | undefined;
  readonly instances: number;
  readonly backoffSeconds: number;
  readonly backoffFactor: number;
  readonly maxLaunchDelaySeconds: number;
  readonly upgradeStrategy: UpgradeStrategy;
  readonly constraints: readonly Constraint[];
  readonly acceptedResourceRoles?: readonly string[] | undefined;
  readonly killSelection: KillSelection;
  readonly unreachableStrategy: UnreachableStrategy;
  readonly role: string;
  readonly version: Version;
  readonly versionInfo: VersionInfo;
}

/** What all containers need, without the executor. */
export function totalOf(pod: Pod): PodResources {
  const sum = (name: keyof PodResources): number =>
    pod.containers.reduce((total, { resources }) => total + resources[name], 0);
  return { cpus: sum('cpus'), mem: sum('mem'), disk: sum('disk'), gpus: sum('gpus') };
}
