/** The images of one container: its own, and those of its volumes. */
import type { ContainerInfo, Volume } from '../../wire/types/mesos.v1.ts';
import type { ProvisionedImage, Provisioner } from './provisioner/port.ts';

export interface ContainerImages {
  readonly image?: ProvisionedImage;
  /** Directories of the host. */
  readonly imageVolumes?: ReadonlyMap<Volume, string>;
}

export function needsImages(info: ContainerInfo | undefined): boolean {
  return info?.mesos?.image !== undefined || imageVolumesOf(info).length > 0;
}

/** Rejects with what is the rest of `Failed to launch container: ...`. */
export async function provisionImages(
  provisioner: Provisioner,
  containerId: string,
  info: ContainerInfo | undefined,
): Promise<ContainerImages> {
  const own = info?.mesos?.image;
  const image = own === undefined ? undefined : await provisioner.provision(containerId, own);
  const imageVolumes = new Map<Volume, string>();
  for (const volume of imageVolumesOf(info)) {
    const wanted = volume.image;
    if (wanted === undefined) continue;
    const { rootfs } = await provisioner.provision(containerId, wanted);
    imageVolumes.set(volume, rootfs);
  }
  return { ...(image === undefined ? {} : { image }), imageVolumes };
}

function imageVolumesOf(info: ContainerInfo | undefined): readonly Volume[] {
  return (info?.volumes ?? []).filter(({ image }) => image !== undefined);
}
