/**
 * What a resident instance holds at its agent: resources reserved for it alone and volumes made of
 * them (spec marathon-behaviour, section 4.7). The labels are how offers are recognised.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { Label, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { type PathId, safeForm } from './path-id.ts';

export interface LocalVolume {
  readonly containerPath: string;
  readonly uuid: string;
  readonly persistenceId: string;
}

export interface Reservation {
  /** That it was made for; the run spec's may have changed since. */
  readonly role: string;
  readonly volumes: readonly LocalVolume[];
  /** Until then an offer must show it; absent once one has. */
  readonly confirmBy?: Instant | undefined;
}

/** A reservation whose instance is gone; what it holds is freed when an offer shows it. */
export interface Orphan {
  /** The label of its resources. */
  readonly reservationId: string;
  readonly role: string;
  /** Offers are asked for until then; afterwards it is freed when offers come for other reasons. */
  readonly wantedUntil: Instant;
}

const FRAMEWORK_LABEL = 'marathon_framework_id';
const INSTANCE_LABEL = 'marathon_task_id';

export function localVolume(spec: PathId, containerPath: string, uuid: string): LocalVolume {
  return { containerPath, uuid, persistenceId: `${safeForm(spec)}#${containerPath}#${uuid}` };
}

export function reservationLabels(frameworkId: string, reservationId: string): readonly Label[] {
  return [
    { key: FRAMEWORK_LABEL, value: frameworkId },
    { key: INSTANCE_LABEL, value: reservationId },
  ];
}

/** Reserved by some Marathon, so not for general use. */
export function isMarathonReservation(resource: Resource): boolean {
  return labelOf(resource, FRAMEWORK_LABEL) !== undefined;
}

/** Which instance of this framework a resource is reserved for; undefined for all others. */
export function reservationIdOf(resource: Resource, frameworkId: string): string | undefined {
  if (labelOf(resource, FRAMEWORK_LABEL) !== frameworkId) return undefined;
  return labelOf(resource, INSTANCE_LABEL);
}

function labelOf(resource: Resource, name: string): string | undefined {
  const labels = (resource.reservations?.at(-1) ?? resource.reservation)?.labels?.labels;
  return labels?.find(({ key }) => key === name)?.value;
}
