/**
 * Disks of an offer that persistent volumes can be made of (spec marathon-behaviour, section 4.7):
 * of `path` disks a part, the one with most room first; of `mount` disks the smallest that fits,
 * whole. Volumes of type root come out of the ordinary disk and are not treated here.
 */
import type { Offer, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { reservationRole } from '../../kit/offer-resources.ts';
import type { PersistentVolumeInfo } from '../model/app.ts';

interface Disk {
  readonly resource: Resource;
  readonly freeMb: number;
}

export interface DiskPlan {
  /** Per volume. */
  readonly taken: readonly Resource[];
  readonly rest: readonly Disk[];
}

export class OfferDisks {
  private disks: readonly Disk[];

  constructor(offer: Offer) {
    this.disks = (offer.resources ?? [])
      .filter(isUnusedDisk)
      .map((resource) => ({ resource, freeMb: resource.scalar?.value ?? 0 }));
  }

  /** A disk per volume; undefined when not all find one. Nothing is taken before `commit`. */
  plan(volumes: readonly PersistentVolumeInfo[]): DiskPlan | undefined {
    let rest = this.disks;
    const taken: Resource[] = [];
    for (const volume of volumes) {
      const disk = bestDisk(rest, volume);
      if (disk === undefined) return undefined;
      const sizeMb = volume.type === 'mount' ? disk.freeMb : volume.size;
      taken.push({ ...disk.resource, scalar: { value: sizeMb } });
      const smaller = { ...disk, freeMb: disk.freeMb - sizeMb };
      rest = rest.map((each) => (each === disk ? smaller : each));
    }
    return { taken, rest };
  }

  commit(plan: DiskPlan): void {
    this.disks = plan.rest;
  }
}

function isUnusedDisk(resource: Resource): boolean {
  const source = resource.disk?.source?.type;
  return (
    resource.name === 'disk' &&
    (source === 'PATH' || source === 'MOUNT') &&
    resource.disk?.persistence === undefined &&
    resource.revocable === undefined &&
    resource.shared === undefined &&
    reservationRole(resource) === '*'
  );
}

function bestDisk(disks: readonly Disk[], volume: PersistentVolumeInfo): Disk | undefined {
  const fitting = disks.filter((disk) => fits(disk, volume));
  const bySize = [...fitting].sort((a, b) => a.freeMb - b.freeMb);
  return volume.type === 'mount' ? bySize[0] : bySize.at(-1);
}

function fits({ resource, freeMb }: Disk, volume: PersistentVolumeInfo): boolean {
  const source = resource.disk?.source;
  const isKind = source?.type === (volume.type === 'mount' ? 'MOUNT' : 'PATH');
  if (!isKind || freeMb < volume.size || freeMb === 0) return false;
  if (volume.maxSize !== undefined && freeMb > volume.maxSize) return false;
  if (volume.profileName !== undefined && source?.profile !== volume.profileName) return false;
  const root = source?.path?.root ?? source?.mount?.root ?? '';
  return (volume.constraints ?? []).every(([, operator, value = '']) => {
    const matches = new RegExp(`^(?:${value})$`).test(root);
    return operator === 'LIKE' ? matches : !matches;
  });
}
