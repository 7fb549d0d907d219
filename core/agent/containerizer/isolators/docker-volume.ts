/** `docker/volume`: volumes of Docker's volume drivers (spec agent-runtime, section 8.3). */
import { err, ok, type Result } from '../../../base/result.ts';
import type { Volume } from '../../../wire/types/mesos.v1.ts';
import { depthOf, type IsolatedContainer, type Isolator } from '../isolator.ts';
import type { PlanPart } from '../plan.ts';
import type { PlannedVolume } from '../volume-plan.ts';
import { bindLines } from './mount-lines.ts';

export interface DockerVolumeOptions {
  /** `--docker_volume_checkpoint_dir`. */
  readonly root: string;
  /** Absolute path of `dvdcli`. */
  readonly program: string;
  /** `--docker_volume_chown`. */
  readonly isChowned: boolean;
}

export function dockerVolumeIsolator(options: DockerVolumeOptions): Isolator {
  return { name: 'docker/volume', prepare: (container) => prepare(container, options) };
}

function prepare(
  container: IsolatedContainer,
  { root, program, isChowned }: DockerVolumeOptions,
): Result<PlanPart> {
  const { id, user, containerInfo } = container;
  const volumes: PlannedVolume[] = [];
  const setup: string[] = [];
  for (const volume of containerInfo?.volumes ?? []) {
    if (volume.source?.type !== 'DOCKER_VOLUME') continue;
    const variable = `VOLUME_${depthOf(id)}_${volumes.length}`;
    const planned = plannedOf(volume, variable, id);
    if (!planned.ok) return planned;
    const { driver, name } = planned.value;
    if (volumes.some((each) => each.driver === driver && each.name === name)) {
      return err(`Found duplicate docker volume with driver '${driver}' and name '${name}'`);
    }
    volumes.push(planned.value);
    const { container_path: target, mode } = volume;
    const isOther = user !== undefined && user.uid !== 0;
    setup.push(
      ...(isChowned && isOther ? [`chown ${user.uid}:${user.gid} "$${variable}"`] : []),
      ...bindLines(container, { source: { variable }, target, isReadOnly: mode === 'RO' }),
    );
  }
  if (volumes.length === 0) return ok({});
  return ok({
    namespaces: ['mount'],
    setup,
    dockerVolumes: { containerId: id, root, program, volumes },
  });
}

function plannedOf(volume: Volume, variable: string, id: string): Result<PlannedVolume> {
  const { driver, name = '', driver_options: given } = volume.source?.docker_volume ?? {};
  if (driver === undefined) {
    return err(`The volume driver is not specified for volume '${name}' with container ${id}`);
  }
  // The last of equal keys counts.
  const options = new Map((given?.parameter ?? []).map(({ key, value }) => [key, value]));
  return ok({ driver, name, options: [...options], variable });
}
