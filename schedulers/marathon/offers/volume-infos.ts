/** Volumes of an app's container, persistent ones excepted (spec marathon-app-model, section 4.1). */
import type {
  Parameter,
  Secret,
  Volume,
  VolumeSourceCSIVolumeStaticProvisioning,
} from '../../../core/wire/types/mesos.v1.ts';
import type { App, AppVolume, ExternalVolumeInfo } from '../model/app.ts';
import { DRIVER_OPTION, secretsOf } from '../model/external-volumes.ts';
import type { Secrets } from '../model/run-spec-rules.ts';
import { secretReference } from './secrets.ts';

export function volumesOf({ container, secrets }: App): readonly Volume[] {
  return (container?.volumes ?? []).flatMap((volume) => volumeOf(volume, secrets));
}

/** Persistent volumes are resources of the task. */
function volumeOf(volume: AppVolume, secrets: Secrets): Volume[] {
  const { containerPath, hostPath, external, secret, mode = 'RO' } = volume;
  if (containerPath === undefined) return [];
  const common = { mode, container_path: containerPath };
  if (hostPath !== undefined) return [{ ...common, host_path: hostPath }];
  if (secret !== undefined) {
    const source = { type: 'SECRET', secret: secretReference(secrets, secret) } as const;
    return [{ ...common, source }];
  }
  if (external === undefined) return [];
  const source = external.provider === 'csi' ? csiSource(external, secrets) : dvdiSource(external);
  return [{ ...common, source }];
}

const PREFIX = 'dvdi/';

/** Options go to the driver without their prefix; the size of the volume is one of them. */
function dvdiSource({ name = '', options, size }: ExternalVolumeInfo): Volume['source'] {
  const all = { ...options, ...(size === undefined ? {} : { [`${PREFIX}size`]: size }) };
  const parameter = Object.entries(all).flatMap(([key, value]): Parameter[] =>
    key.startsWith(PREFIX) && key !== DRIVER_OPTION
      ? [{ key: key.slice(PREFIX.length), value: String(value).trim() }]
      : [],
  );
  const driver = String(options[DRIVER_OPTION]);
  const driverOptions = parameter.length === 0 ? {} : { driver_options: { parameter } };
  return { type: 'DOCKER_VOLUME', docker_volume: { driver, name, ...driverOptions } };
}

function csiSource({ name = '', options }: ExternalVolumeInfo, secrets: Secrets): Volume['source'] {
  const capability = Object(options['capability']);
  const fsType: unknown = Reflect.get(capability, 'fsType');
  const flags: unknown = Reflect.get(capability, 'mountFlags');
  const isBlock = Reflect.get(capability, 'accessType') === 'block';
  const mount = {
    ...(typeof fsType === 'string' ? { fs_type: fsType } : {}),
    ...(Array.isArray(flags) ? { mount_flags: flags.map(String) } : {}),
  };
  const mode = ACCESS_MODES.find((each) => each === Reflect.get(capability, 'accessMode'));
  const context = Object.entries(Object(options['volumeContext'] ?? {}));
  const provisioning: VolumeSourceCSIVolumeStaticProvisioning = {
    volume_id: name,
    volume_capability: {
      ...(isBlock ? { block: {} } : { mount }),
      access_mode: { mode: mode ?? 'UNKNOWN' },
    },
    ...withSecrets('node_stage_secrets', options['nodeStageSecret'], secrets),
    ...withSecrets('node_publish_secrets', options['nodePublishSecret'], secrets),
    ...(context.length === 0
      ? {}
      : { volume_context: Object.fromEntries(context.map(([key, each]) => [key, String(each)])) }),
  };
  return {
    type: 'CSI_VOLUME',
    csi_volume: {
      plugin_name: String(options['pluginName']),
      static_provisioning: provisioning,
    },
  };
}

const ACCESS_MODES = [
  'SINGLE_NODE_WRITER',
  'SINGLE_NODE_READER_ONLY',
  'MULTI_NODE_READER_ONLY',
  'MULTI_NODE_SINGLE_WRITER',
  'MULTI_NODE_MULTI_WRITER',
] as const;

function withSecrets(
  member: 'node_stage_secrets' | 'node_publish_secrets',
  given: unknown,
  secrets: Secrets,
): Partial<Record<typeof member, Readonly<Record<string, Secret>>>> {
  const entries = Object.entries(secretsOf(given));
  if (entries.length === 0) return {};
  return {
    [member]: Object.fromEntries(
      entries.map(([key, { secret }]) => [key, secretReference(secrets, secret)]),
    ),
  };
}
