/** Rules about containers, port mappings and volumes (spec marathon-app-model, sections 4 and 5). */
import type { App, AppVolume, Container } from './app.ts';
import { usesHostNetworking } from './app.ts';
import type { ModelSettings } from './app-normalize.ts';
import { violationsOfExternal, violationsOfExternalUse } from './external-volumes.ts';
import { violationsOfLinuxInfo } from './linux-rules.ts';
import { violationsOfPersistent, violationsOfVolumePath } from './persistent-volumes.ts';
import { featureText, violationsOfPullSecret } from './run-spec-rules.ts';
import { type Violation, violation } from './violations.ts';

export function violationsOfContainer(app: App, settings: ModelSettings): Violation[] {
  const container = app.container;
  if (container === undefined) return [];
  const found: Violation[] = [];
  if (container.type === 'DOCKER' && container.docker === undefined) {
    found.push(violation('/container/docker', 'not defined'));
  }
  found.push(...violationsOfAppc(container));
  if (container.type === 'MESOS' && (container.docker?.parameters.length ?? 0) > 0) {
    found.push(violation('/container/docker/parameters', 'must be empty'));
  }
  if (container.type === 'DOCKER' && container.linuxInfo !== undefined) {
    found.push(violation('/container/linuxInfo', 'must be empty'));
  }
  found.push(...violationsOfLinuxInfo(container.linuxInfo, '/container/linuxInfo'));
  found.push(...violationsOfPullConfig(app, container, settings));
  found.push(...violationsOfMappings(app, container));
  container.volumes.forEach((volume, index) => {
    const path = `/container/volumes(${index})`;
    found.push(...violationsOfVolume(volume, path, { app, container, settings }));
  });
  found.push(...violationsOfExternalUse(app));
  return found;
}

/** What the id of an AppC image begins with: the only hash there is. */
const APPC_HASH = 'sha512-';

function violationsOfAppc({ type, docker, appc }: Container): Violation[] {
  if (appc === undefined) return [];
  if (type === 'DOCKER') return [violation('/container/appc', 'must be empty')];
  if (docker !== undefined) {
    const text = 'mesos containers should specify, at most, a single image type';
    return [violation('/container', text)];
  }
  const { id } = appc;
  if (id === undefined) return [];
  if (!id.startsWith(APPC_HASH)) {
    return [violation('/container/appc/id', `id must begin with '${APPC_HASH}',`)];
  }
  if (id.length > APPC_HASH.length) return [];
  const text = `id must contain non-empty digest after '${APPC_HASH}'.`;
  return [violation('/container/appc/id', text)];
}

function violationsOfPullConfig(
  app: App,
  container: Container,
  settings: ModelSettings,
): Violation[] {
  const secret = container.docker?.pullConfig?.secret;
  if (secret === undefined) return [];
  const path = '/container/docker/pullConfig';
  if (container.type === 'DOCKER') {
    return [violation(path, 'pullConfig is not supported with Docker containerizer')];
  }
  return violationsOfPullSecret(secret, app.secrets, settings, path);
}

function violationsOfMappings(app: App, container: Container): Violation[] {
  const mappings = container.portMappings ?? [];
  const path = '/container/portMappings';
  const found: Violation[] = [];
  if (usesHostNetworking(app)) return found;
  const names = mappings.flatMap(({ name }) => (name === undefined ? [] : [name]));
  if (new Set(names).size < names.length) {
    found.push(violation(path, 'Port names must be unique.'));
  }
  const known = app.networks.flatMap(({ name }) => (name === undefined ? [] : [name]));
  mappings.forEach((mapping, index) => {
    const given = mapping.networkNames ?? [];
    given.forEach((name, position) => {
      if (known.includes(name)) return;
      const at = `${path}(${index})/networkNames(${position})`;
      found.push(violation(at, `is not one of (${known.join(',')})`));
    });
    if (known.length > 1 && mapping.hostPort !== undefined && given.length !== 1) {
      found.push(
        violation(
          `${path}(${index})`,
          'networkNames must be a single item list when hostPort is specified and more than 1 container network is defined',
        ),
      );
    }
  });
  return found;
}

interface VolumeContext {
  readonly app: App;
  readonly container: Container;
  readonly settings: ModelSettings;
}

function violationsOfVolume(
  volume: AppVolume,
  path: string,
  { app, container, settings: { features } }: VolumeContext,
): Violation[] {
  if (volume.containerPath === undefined) {
    return [violation(`${path}/containerPath`, 'undefined')];
  }
  if (volume.persistent !== undefined) {
    const mode = volume.mode === 'RW' ? [] : [violation(`${path}/mode`, 'is not one of (RW)')];
    return [
      ...violationsOfVolumePath(volume.containerPath, `${path}/containerPath`),
      ...mode,
      ...violationsOfPersistent(volume.persistent, `${path}/persistent`),
    ];
  }
  const { external } = volume;
  if (external !== undefined) {
    if (features.has('external_volumes')) {
      return violationsOfExternal({ ...volume, external }, container, app, path);
    }
    return [violation(`${path}/external`, featureText('external_volumes'))];
  }
  if (volume.secret !== undefined) {
    if (!features.has('secrets')) return [violation(path, featureText('secrets'))];
    if (app.secrets[volume.secret] !== undefined) return [];
    return [violation(path, 'volume.secret must refer to an existing secret')];
  }
  const found: Violation[] = [];
  if (volume.hostPath === undefined) found.push(violation(`${path}/hostPath`, 'undefined'));
  if (volume.mode === undefined) found.push(violation(`${path}/mode`, 'undefined'));
  return found;
}
