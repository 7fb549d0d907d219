/**
 * Operations on reservations (spec marathon-behaviour, section 4.7): RESERVE and CREATE for a new
 * resident instance, DESTROY and UNRESERVE for what no instance needs any more. Reservations are
 * written in the old form (`role` and `reservation`), as frameworks without refinement do.
 */
import type { OfferOperation, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { type LocalVolume, reservationLabels } from '../model/reservation.ts';

export interface ReserveContext {
  readonly frameworkId: string;
  readonly reservationId: string;
  readonly role: string;
  readonly principal: string | undefined;
}

/** Each volume with the unreserved disk it is made of. */
export interface VolumeDisk {
  readonly volume: LocalVolume;
  readonly disk: Resource;
}

export function reserveOperations(
  context: ReserveContext,
  resources: readonly Resource[],
  disks: readonly VolumeDisk[],
): OfferOperation[] {
  const all = [...resources, ...disks.map(({ disk }) => disk)];
  const volumes = disks.map(({ volume, disk }): Resource => {
    const { principal } = context;
    return {
      ...reserved(context, disk),
      disk: {
        ...disk.disk,
        persistence: { id: volume.persistenceId, principal },
        volume: { container_path: volume.containerPath, mode: 'RW' },
      },
    };
  });
  return [
    { type: 'RESERVE', reserve: { resources: all.map((each) => reserved(context, each)) } },
    { type: 'CREATE', create: { volumes } },
  ];
}

function reserved(context: ReserveContext, resource: Resource): Resource {
  const labels = { labels: reservationLabels(context.frameworkId, context.reservationId) };
  const { role, principal } = context;
  return { ...resource, role, reservation: { principal, labels } };
}

/** Volumes are destroyed first: what they are made of cannot be unreserved before. */
export function freeOperations(resources: readonly Resource[]): OfferOperation[] {
  const volumes = resources.filter(({ disk }) => disk?.persistence !== undefined);
  const plain = resources.map((resource): Resource => {
    if (resource.disk?.persistence === undefined) return resource;
    const source = resource.disk.source;
    return { ...resource, disk: source === undefined ? undefined : { source } };
  });
  return [
    ...(volumes.length === 0 ? [] : [{ type: 'DESTROY' as const, destroy: { volumes } }]),
    { type: 'UNRESERVE', unreserve: { resources: plain } },
  ];
}
