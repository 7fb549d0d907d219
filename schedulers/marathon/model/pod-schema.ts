/**
 * The JSON model of pods: types, ranges and patterns (spec marathon-app-model, section 9). What a
 * schema cannot say stands in `pod-validate.ts`.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { Artifact, EnvironmentValue, Network, RawVolume, ResourceLimits } from './app.ts';
import {
  AMOUNT,
  ajv,
  BOOLEAN,
  COMMAND,
  ENVIRONMENT,
  EXECUTOR_RESOURCES,
  FETCH,
  FRACTION,
  KILL_SELECTION,
  LABELS,
  list,
  NATURAL,
  NETWORKS,
  names,
  object,
  PATH,
  PORT,
  RESOURCE_LIMITS,
  SCHEME,
  SECRETS,
  STRING,
  UNREACHABLE_STRATEGY,
} from './app-schema.ts';
import { LINUX_INFO_SCHEMA, type RawLinuxInfo } from './linux-rules.ts';
import { PERSISTENT_SCHEMA } from './persistent-volumes.ts';
import type {
  PodCheck,
  PodContainer,
  PodEndpoint,
  PodHealthCheck,
  PodImage,
  PodResources,
  PodVolume,
  PodVolumeMount,
} from './pod.ts';
import { type Violation, violationsOfSchema } from './violations.ts';

/** What a client may send. */
export interface RawPod {
  readonly id: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly user?: string;
  readonly environment?: Readonly<Record<string, EnvironmentValue>>;
  readonly containers: readonly RawPodContainer[];
  readonly secrets?: Readonly<Record<string, { readonly source: string }>>;
  readonly volumes?: readonly RawPodVolume[];
  readonly networks?: readonly Partial<Network>[];
  readonly scaling?: { readonly kind?: 'fixed'; readonly instances: number };
  readonly scheduling?: RawScheduling;
  readonly executorResources?: Partial<Omit<PodResources, 'gpus'>>;
  readonly role?: string;
  readonly linuxInfo?: RawLinuxInfo;
  readonly legacySharedCgroups?: boolean;
}

type RawPodVolume = Omit<PodVolume, 'persistent'> & {
  readonly persistent?: RawVolume['persistent'];
};

export interface RawScheduling {
  readonly backoff?: {
    readonly backoff?: number;
    readonly backoffFactor?: number;
    readonly maxLaunchDelay?: number;
  };
  readonly upgrade?: {
    readonly minimumHealthCapacity?: number;
    readonly maximumOverCapacity?: number;
  };
  readonly placement?: {
    readonly constraints?: readonly {
      readonly fieldName: string;
      readonly operator: string;
      readonly value?: string;
    }[];
    readonly acceptedResourceRoles?: readonly string[];
  };
  readonly killSelection?: 'YOUNGEST_FIRST' | 'OLDEST_FIRST';
  readonly unreachableStrategy?:
    | 'disabled'
    | { readonly inactiveAfterSeconds?: number; readonly expungeAfterSeconds?: number };
}

export interface RawPodContainer {
  readonly name: string;
  readonly exec?: NonNullable<PodContainer['exec']>;
  readonly resources: Partial<PodResources>;
  readonly resourceLimits?: ResourceLimits;
  readonly endpoints?: readonly (Partial<PodEndpoint> & { readonly name: string })[];
  readonly image?: Omit<PodImage, 'labels'> & { readonly labels?: PodImage['labels'] };
  readonly environment?: Readonly<Record<string, EnvironmentValue>>;
  readonly user?: string;
  readonly healthCheck?: Partial<PodHealthCheck>;
  readonly check?: Partial<PodCheck>;
  readonly volumeMounts?: readonly PodVolumeMount[];
  readonly artifacts?: readonly (Partial<Artifact> & { readonly uri: string })[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly lifecycle?: { readonly killGracePeriodSeconds?: number };
  readonly tty?: boolean;
  readonly linuxInfo?: RawLinuxInfo;
}

const NAME = {
  type: 'string',
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  minLength: 1,
  maxLength: 63,
};
const FILE_PATH = { type: 'string', minLength: 1, maxLength: 1024 };

const ENDPOINT = object(
  {
    name: NAME,
    containerPort: { ...PORT, minimum: 1 },
    hostPort: PORT,
    protocol: list(STRING),
    labels: LABELS,
    networkNames: list(STRING, { uniqueItems: true }),
  },
  ['name'],
);

const PROBE_KINDS = {
  http: object({ endpoint: NAME, path: FILE_PATH, scheme: SCHEME }, ['endpoint']),
  tcp: object({ endpoint: NAME }, ['endpoint']),
  exec: object({ command: COMMAND }, ['command']),
  intervalSeconds: NATURAL,
  timeoutSeconds: NATURAL,
  delaySeconds: NATURAL,
};

const HEALTH_CHECK = object({
  ...PROBE_KINDS,
  gracePeriodSeconds: NATURAL,
  maxConsecutiveFailures: NATURAL,
});

const IMAGE = object(
  {
    kind: names('DOCKER', 'APPC'),
    id: FILE_PATH,
    pullConfig: object({ secret: STRING }, ['secret']),
    forcePull: BOOLEAN,
    labels: LABELS,
  },
  ['kind', 'id'],
);

const CONTAINER = object(
  {
    name: NAME,
    exec: object({ command: COMMAND, overrideEntrypoint: BOOLEAN }, ['command']),
    resources: object({ cpus: AMOUNT, mem: AMOUNT, disk: AMOUNT, gpus: NATURAL }),
    resourceLimits: RESOURCE_LIMITS,
    endpoints: list(ENDPOINT),
    image: IMAGE,
    environment: ENVIRONMENT,
    user: { type: 'string', minLength: 1 },
    healthCheck: HEALTH_CHECK,
    check: object(PROBE_KINDS),
    volumeMounts: list(
      object({ name: NAME, mountPath: FILE_PATH, readOnly: BOOLEAN }, ['name', 'mountPath']),
    ),
    artifacts: FETCH,
    labels: LABELS,
    lifecycle: object({ killGracePeriodSeconds: AMOUNT }),
    tty: BOOLEAN,
    linuxInfo: LINUX_INFO_SCHEMA,
  },
  ['name', 'resources'],
);

const SCHEDULING = object({
  backoff: object({
    backoff: AMOUNT,
    backoffFactor: { type: 'number', minimum: 1 },
    maxLaunchDelay: AMOUNT,
  }),
  upgrade: object({ minimumHealthCapacity: FRACTION, maximumOverCapacity: FRACTION }),
  placement: object({
    constraints: list(
      object({ fieldName: STRING, operator: STRING, value: STRING }, ['fieldName', 'operator']),
    ),
    acceptedResourceRoles: list(STRING),
  }),
  killSelection: KILL_SELECTION,
  unreachableStrategy: UNREACHABLE_STRATEGY,
});

export const RAW_POD_SCHEMA = object(
  {
    id: PATH,
    labels: LABELS,
    version: STRING,
    user: STRING,
    environment: ENVIRONMENT,
    containers: list(CONTAINER, { minItems: 1 }),
    secrets: SECRETS,
    volumes: list(
      object({ name: NAME, host: FILE_PATH, secret: STRING, persistent: PERSISTENT_SCHEMA }, [
        'name',
      ]),
    ),
    networks: NETWORKS,
    scaling: object({ kind: names('fixed'), instances: NATURAL }, ['instances']),
    scheduling: SCHEDULING,
    executorResources: EXECUTOR_RESOURCES,
    role: STRING,
    linuxInfo: LINUX_INFO_SCHEMA,
    legacySharedCgroups: BOOLEAN,
  },
  ['id', 'containers'],
);

const isRawPod = ajv.compile<RawPod>(RAW_POD_SCHEMA);

export function readRawPod(document: unknown): Result<RawPod, readonly Violation[]> {
  return isRawPod(document) ? ok(document) : err(violationsOfSchema(isRawPod.errors ?? []));
}
