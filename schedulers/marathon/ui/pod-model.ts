/** What the pages show of pods, read from their status documents. Pure. */
import {
  type Json,
  numberIn,
  numberOrNone,
  recordIn,
  recordsIn,
  textIn,
  textOrNone,
} from '../../../core/webui/kit/reading.ts';
import type { ListedSpec } from './model.ts';

export interface PodRow extends ListedSpec {
  readonly kind: 'pod';
  /** The definition as the API shows it. */
  readonly spec: Json;
  readonly version: string;
  readonly condition: string;
  readonly pods: readonly PodInstanceRow[];
}

export interface PodInstanceRow {
  readonly id: string;
  readonly status: string;
  readonly message: string | undefined;
  readonly host: string;
  readonly version: string;
  readonly addresses: readonly string[];
  readonly since: number;
  readonly containers: readonly ContainerRow[];
}

export interface ContainerRow {
  readonly name: string;
  /** Of its task. */
  readonly id: string;
  readonly state: string;
  readonly health: 'healthy' | 'unhealthy' | 'unknown';
  readonly endpoints: readonly { readonly name: string; readonly port: number | undefined }[];
}

/** `deployments` are those under way that change the pod: its own document does not name them. */
export function podRow(status: Json, deployments: readonly string[]): PodRow {
  const spec = recordIn(status, 'spec');
  const pods = recordsIn(status, 'instances').map(podInstanceRow);
  const count = (state: string): number => pods.filter((each) => each.status === state).length;
  const checked = recordsIn(spec, 'containers').some(
    (container) => container['healthCheck'] !== undefined,
  );
  const sum = (name: string): number =>
    recordsIn(spec, 'containers').reduce(
      (total, container) => total + numberIn(recordIn(container, 'resources'), name),
      0,
    );
  const running = count('STABLE') + count('DEGRADED');
  return {
    kind: 'pod',
    spec,
    id: textIn(status, 'id'),
    version: textIn(spec, 'version'),
    condition: textIn(status, 'status'),
    cpus: sum('cpus'),
    mem: sum('mem'),
    instances: numberIn(recordIn(spec, 'scaling'), 'instances'),
    staged: count('STAGING') + count('PENDING'),
    running,
    healthy: checked ? count('STABLE') : 0,
    unhealthy: count('DEGRADED'),
    labels: Object.entries(recordIn(spec, 'labels')).map(([name, value]) => [name, String(value)]),
    deployments,
    pods,
  };
}

function podInstanceRow(json: Json): PodInstanceRow {
  return {
    id: textIn(json, 'id'),
    status: textIn(json, 'status'),
    message: textOrNone(json, 'message'),
    host: textIn(json, 'agentHostname'),
    version: textIn(json, 'specReference').split('::versions/').at(-1) ?? '',
    addresses: recordsIn(json, 'networks').flatMap(({ addresses }) =>
      Array.isArray(addresses) ? addresses.map(String) : [],
    ),
    since: Date.parse(textIn(json, 'statusSince')),
    containers: recordsIn(json, 'containers').map(containerRow),
  };
}

function containerRow(json: Json): ContainerRow {
  const [healthy] = recordsIn(json, 'conditions').filter(
    (condition) => textIn(condition, 'name') === 'healthy',
  );
  const value = healthy === undefined ? undefined : textIn(healthy, 'value');
  return {
    name: textIn(json, 'name'),
    id: textIn(json, 'containerId'),
    state: textIn(json, 'status').replace(/^TASK_/, ''),
    health: value === undefined ? 'unknown' : value === 'true' ? 'healthy' : 'unhealthy',
    endpoints: recordsIn(json, 'endpoints').map((endpoint) => ({
      name: textIn(endpoint, 'name'),
      port: numberOrNone(endpoint, 'allocatedHostPort'),
    })),
  };
}

/** The part of a pod's document that can be sent back. */
export function podDefinitionOf({ version: _, ...definition }: Json): Json {
  return definition;
}

export function withInstances(definition: Json, instances: number): Json {
  return { ...definition, scaling: { kind: 'fixed', instances } };
}

/** What is suggested for a new pod: one container that runs. */
export function suggestedPod(prefix: string): Json {
  return {
    id: prefix,
    scaling: { kind: 'fixed', instances: 1 },
    containers: [
      { name: 'main', exec: { command: { shell: '' } }, resources: { cpus: 0.1, mem: 32 } },
    ],
  };
}

/** What the form edits of one container; all as typed. */
export interface ContainerFields {
  readonly name: string;
  readonly command: string;
  readonly image: string;
  readonly cpus: string;
  readonly mem: string;
}

export function containerFields(container: Json): ContainerFields {
  const resources = recordIn(container, 'resources');
  const number = (name: string): string => String(numberOrNone(resources, name) ?? '');
  return {
    name: textIn(container, 'name'),
    command: textIn(recordIn(recordIn(container, 'exec'), 'command'), 'shell'),
    image: textIn(recordIn(container, 'image'), 'id'),
    cpus: number('cpus'),
    mem: number('mem'),
  };
}

/** The container with what the form says; members that the form does not know stay. */
export function withContainerFields(container: Json, form: ContainerFields): Json {
  const { exec, image, ...rest } = container;
  const hadShell =
    textOrNone(recordIn(recordIn(container, 'exec'), 'command'), 'shell') !== undefined;
  const shell = { ...recordIn(container, 'exec'), command: { shell: form.command } };
  const command =
    form.command !== '' ? { exec: shell } : hadShell || exec === undefined ? {} : { exec };
  const known = recordIn({ image }, 'image');
  const named = form.image === '' ? {} : { image: { kind: 'DOCKER', ...known, id: form.image } };
  const resources = {
    ...recordIn(container, 'resources'),
    ...numberField('cpus', form.cpus),
    ...numberField('mem', form.mem),
  };
  return { ...rest, name: form.name, ...command, ...named, resources };
}

/** A text that is no number is sent as it is: the answer says what is wrong with it. */
function numberField(name: string, text: string): Json {
  if (text.trim() === '') return {};
  return { [name]: Number.isNaN(Number(text)) ? text : Number(text) };
}
