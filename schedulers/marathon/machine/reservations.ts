/**
 * Resident instances (spec marathon-behaviour, section 4.7): resources and volumes are reserved
 * first, the task is launched on them when an offer shows them, and what belongs to no instance any
 * more is given back. The instance is stored with its volumes before anything is reserved.
 */
import type { Offer, OfferOperation, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../kit/offer-resources.ts';
import { type Instance, isTerminal } from '../model/instance.ts';
import { isResident, persistentVolumesOf } from '../model/persistent-volumes.ts';
import { localVolume, type Reservation, reservationIdOf } from '../model/reservation.ts';
import { isPod } from '../model/run-spec.ts';
import { timeUuid } from '../model/time-uuid.ts';
import type { OfferDisks } from '../offers/disks.ts';
import { type Match, matchOffer } from '../offers/match.ts';
import { freeOperations, reserveOperations } from '../offers/reserve.ts';
import { isDelayed } from './instances.ts';
import { agentOf, matchContextOf, provision } from './provisioning.ts';
import { handleStatus } from './statuses.ts';
import type { Turn } from './turn.ts';

/** After it was freed, offers that show whether that has worked are asked for so long. */
const FREED_WANTED_MS = 30_000;

/** Reserves what the instance needs and makes its volumes; undefined when the offer lacks it. */
export function reserve(
  turn: Turn,
  instance: Instance,
  pool: OfferResources,
  disks: OfferDisks,
): readonly OfferOperation[] | undefined {
  const { state, settings, now } = turn;
  const { spec } = instance;
  const { offer } = pool;
  const wanted = persistentVolumesOf(spec);
  const roots = wanted.filter(({ info }) => info.type === 'root');
  const others = wanted.filter(({ info }) => info.type !== 'root');
  const plan = disks.plan(others.map(({ info }) => info));
  const match =
    plan === undefined
      ? undefined
      : matchOffer(spec, pool, {
          ...matchContextOf(turn, instance),
          rootVolumesMb: roots.map(({ info }) => info.size),
        });
  if (plan === undefined || match?.ok !== true) {
    const reasons = match?.ok === false ? match.error : (['InsufficientDisk'] as const);
    state.offers.rejected(spec.id, offer, reasons, now);
    return undefined;
  }
  disks.commit(plan);
  state.offers.used(spec.id, now);
  const volumes = [...roots, ...others].map(({ containerPath }) =>
    localVolume(spec.id, containerPath, timeUuid(now, turn.random)),
  );
  const confirmBy = now + settings.taskReservationTimeoutMs;
  const reservation: Reservation = { role: spec.role, volumes, confirmBy };
  turn.putInstance({ ...instance, agent: agentOf(offer), reservation });
  const taken = [...match.value.rootVolumes, ...plan.taken];
  return reserveOperations(
    {
      frameworkId: offer.framework_id.value,
      reservationId: instance.id,
      role: spec.role,
      principal: settings.principal,
    },
    [...match.value.tasks.flatMap(({ resources }) => resources), ...match.value.executorResources],
    volumes.flatMap((volume, index) => {
      const disk = taken[index];
      return disk === undefined ? [] : [{ volume, disk }];
    }),
  );
}

export interface ReservationUse {
  readonly launches: readonly OfferOperation[];
  readonly frees: readonly OfferOperation[];
}

/** Launches at most `max` instances on what the offer shows of theirs; frees what nobody owns. */
export function useReservations(turn: Turn, offer: Offer, max: number): ReservationUse {
  const shown = byReservation(offer);
  const launches: OfferOperation[] = [];
  const orphaned: Resource[] = [];
  for (const [id, resources] of shown) {
    const instance = turn.state.instances.find(id);
    const reservation = instance?.reservation;
    if (instance === undefined || reservation === undefined) {
      orphaned.push(...resources);
      noteFreed(turn, id);
      continue;
    }
    orphaned.push(...resources.filter((resource) => isForeignVolume(resource, reservation)));
    if (!hasVolumes(resources, reservation)) continue;
    if (isLost(instance)) {
      tellGone(turn, instance);
      continue;
    }
    const confirmed = confirm(turn, instance, reservation);
    const launched = launches.length < max ? launchOn(turn, confirmed, offer) : undefined;
    if (launched !== undefined) launches.push(launched);
  }
  noteMissing(turn, offer, shown);
  const frees = orphaned.length === 0 ? [] : freeOperations(orphaned);
  return { launches, frees };
}

function isLost({ condition }: Instance): boolean {
  return condition === 'Unreachable' || condition === 'UnreachableInactive';
}

/** Its agent is back, and nothing uses the volumes: the tasks have ended, though nobody has said so. */
function tellGone(turn: Turn, { tasks }: Instance): void {
  const message = 'its volumes are offered, so the task is gone';
  for (const { id, condition } of tasks) {
    if (isTerminal(condition)) continue;
    handleStatus(turn, { task_id: { value: id }, state: 'TASK_GONE', message });
  }
}

function byReservation(offer: Offer): ReadonlyMap<string, readonly Resource[]> {
  const found = new Map<string, Resource[]>();
  for (const resource of offer.resources ?? []) {
    const id = reservationIdOf(resource, offer.framework_id.value);
    if (id === undefined) continue;
    const known = found.get(id);
    if (known === undefined) found.set(id, [resource]);
    else known.push(resource);
  }
  return found;
}

function persistenceOf(resource: Resource): string | undefined {
  return resource.disk?.persistence?.id;
}

function isForeignVolume(resource: Resource, { volumes }: Reservation): boolean {
  const id = persistenceOf(resource);
  return id !== undefined && !volumes.some(({ persistenceId }) => persistenceId === id);
}

function hasVolumes(resources: readonly Resource[], { volumes }: Reservation): boolean {
  const ids = new Set(resources.map(persistenceOf));
  return volumes.every(({ persistenceId }) => ids.has(persistenceId));
}

function confirm(turn: Turn, instance: Instance, reservation: Reservation): Instance {
  if (reservation.confirmBy === undefined) return instance;
  const { role, volumes } = reservation;
  const confirmed = { ...instance, reservation: { role, volumes } };
  turn.putInstance(confirmed);
  return confirmed;
}

function launchOn(turn: Turn, instance: Instance, offer: Offer): OfferOperation | undefined {
  const { state, now } = turn;
  const { spec, reservation } = instance;
  const waits = instance.goal === 'Running' && instance.condition === 'Scheduled';
  if (!waits || state.tokens.available(now) === 0 || isDelayed(turn, instance)) return undefined;
  const isMine = (resource: Resource): boolean =>
    reservationIdOf(resource, offer.framework_id.value) === instance.id;
  const pool = new OfferResources(offer, { usable: isMine });
  const match = matchOffer(spec, pool, { ...matchContextOf(turn, instance), isBound: true });
  if (!match.ok) {
    state.offers.rejected(spec.id, offer, match.error, now);
    return undefined;
  }
  const ids = new Set(reservation?.volumes.map(({ persistenceId }) => persistenceId));
  const volumes = (offer.resources ?? []).filter((resource) => {
    const id = persistenceOf(resource);
    return isMine(resource) && id !== undefined && ids.has(id);
  });
  const used = withVolumes(match.value, volumes, isPod(spec));
  const operation = provision(turn, instance, offer, used);
  if (operation === undefined) return undefined;
  state.offers.used(spec.id, now);
  state.tokens.take(now);
  return operation;
}

/** Volumes of a pod belong to its executor, whose sandbox all containers see. */
function withVolumes(match: Match, volumes: readonly Resource[], ofPod: boolean): Match {
  if (ofPod) return { ...match, executorResources: [...match.executorResources, ...volumes] };
  const tasks = match.tasks.map((task) => ({
    ...task,
    resources: [...task.resources, ...volumes],
  }));
  return { ...match, tasks };
}

/** What waits only for reservations that this offer does not show. */
function noteMissing(turn: Turn, offer: Offer, shown: ReadonlyMap<string, unknown>): void {
  const { instances, offers } = turn.state;
  for (const id of instances.specsWaiting()) {
    const waiting = [...instances.waitingOf(id).values()];
    const [first] = waiting;
    if (first === undefined || !isResident(first.spec)) continue;
    const isElsewhere = waiting.every(
      (instance) => instance.reservation !== undefined && !shown.has(instance.id),
    );
    if (isElsewhere) offers.rejected(id, offer, ['NoCorrespondingReservationFound'], turn.now);
  }
}

function noteFreed(turn: Turn, id: string): void {
  const orphan = turn.state.orphans.get(id);
  if (orphan === undefined) return;
  const wantedUntil = Math.min(orphan.wantedUntil, turn.now + FREED_WANTED_MS);
  turn.state.orphans.set(id, { ...orphan, wantedUntil });
}

/** Roles whose offers may still show something to free; those waited for too long are forgotten. */
export function orphanRoles(turn: Turn): ReadonlySet<string> {
  const roles = new Set<string>();
  for (const [id, { role, wantedUntil }] of turn.state.orphans) {
    if (wantedUntil > turn.now) {
      roles.add(role);
      turn.act({ kind: 'wake', at: wantedUntil });
      continue;
    }
    turn.state.orphans.delete(id);
    turn.persist({ kind: 'delete-orphan', reservationId: id });
  }
  return roles;
}

/** Reservations that no offer has shown in time are given up; a new instance tries elsewhere. */
export function expireReservations(turn: Turn): void {
  const { instances, isSubscribed } = turn.state;
  if (!isSubscribed) return;
  for (const id of instances.specsWaiting()) {
    for (const instance of [...instances.waitingOf(id).values()]) {
      const confirmBy = instance.reservation?.confirmBy;
      if (confirmBy !== undefined && confirmBy <= turn.now) turn.expunge(instance);
    }
  }
}

/** No offers came while there was no subscription: time begins anew. */
export function prolongReservations(turn: Turn): void {
  const confirmBy = turn.now + turn.settings.taskReservationTimeoutMs;
  for (const instance of [...turn.state.instances.all()]) {
    const { reservation } = instance;
    if (reservation?.confirmBy === undefined) continue;
    turn.putInstance({ ...instance, reservation: { ...reservation, confirmBy } });
  }
}
