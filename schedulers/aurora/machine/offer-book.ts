/**
 * Offers that are held, in the order in which they are tried (spec aurora-scheduler, section 4.2). An agent
 * has one at a time: a second one makes both be declined, so that the master offers the whole again.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type {
  Attribute as MesosAttribute,
  Resource as MesosResource,
  Offer,
  Unavailability,
} from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../kit/offer-resources.ts';
import { portCount } from '../../kit/port-ranges.ts';
import type { Attribute, HostAttributes, MaintenanceMode } from '../thrift/types.ts';
import { Candidates } from './offer-candidates.ts';
import { type Need, OfferTree } from './offer-tree.ts';
import type { OfferOrder } from './settings.ts';
import { attributeSets, type Revocable } from './task-amounts.ts';
import type { Turn } from './turn.ts';
import type { Amounts, ConsideredHost, TaskConstraint } from './veto.ts';

const NANOS_PER_MS = 1_000_000;

/** When it begins. */
export function timeOf({ start }: Unavailability): Instant {
  return Number(start.nanoseconds) / NANOS_PER_MS;
}

export class HeldOffer {
  readonly offer: Offer;
  readonly resources: OfferResources;
  /** Places it among equals under `RANDOM`. */
  readonly lot: number;
  /** Offers that came later have higher ones. */
  readonly number: number;
  readonly unavailableAt: Instant | undefined;
  readonly attributes: ConsideredHost['attributes'];
  private known: Amounts | undefined;
  private considered: ConsideredHost | undefined;
  private readonly revocableTaken = { cpus: 0, ramMb: 0 };

  constructor(offer: Offer, lot: number, number: number) {
    this.offer = offer;
    this.lot = lot;
    this.number = number;
    this.resources = new OfferResources(offer);
    this.unavailableAt = offer.unavailability && timeOf(offer.unavailability);
    this.attributes = attributeSets(attributesOf(offer));
  }

  get id(): string {
    return this.offer.id.value;
  }

  /** To be called with whatever is taken from the resources. */
  changes(): void {
    this.known = undefined;
  }

  get amounts(): Amounts {
    this.known ??= this.count();
    return this.known;
  }

  private count(): Amounts {
    const { resources } = this;
    return {
      cpus: resources.scalar('cpus'),
      ramMb: resources.scalar('mem'),
      diskMb: resources.scalar('disk'),
      gpus: resources.scalar('gpus'),
      ports: portCount(resources.portRanges()),
    };
  }

  /** What of it has not been given to a task yet. */
  revocableLeft(kind: Revocable): number {
    return (revocableIn(this.offer, kind)?.scalar?.value ?? 0) - this.revocableTaken[kind];
  }

  /** What there is for a task that has these of the kind that may be taken back. */
  amountsFor(revocable: readonly Revocable[]): Amounts {
    if (revocable.length === 0) return this.amounts;
    const left = revocable.map((kind) => [kind, this.revocableLeft(kind)] as const);
    return { ...this.amounts, ...Object.fromEntries(left) };
  }

  /** Of the resource as it is offered; there must be as much. */
  takeRevocable(kind: Revocable, amount: number): readonly MesosResource[] {
    const offered = revocableIn(this.offer, kind);
    if (offered === undefined || amount <= 0) return [];
    this.revocableTaken[kind] += amount;
    return [{ ...offered, scalar: { value: amount } }];
  }

  host(mode: MaintenanceMode): ConsideredHost {
    if (this.considered?.mode === mode) return this.considered;
    const { attributes, unavailableAt } = this;
    this.considered = { attributes, mode, unavailableAt };
    return this.considered;
  }
}

/** What a group wants of a host. */
export interface ConstrainedNeed extends Need {
  readonly constraints: readonly TaskConstraint[];
}

const MODE_RANK: { readonly [mode in MaintenanceMode]: number } = {
  NONE: 0,
  SCHEDULED: 1,
  DRAINING: 2,
  DRAINED: 3,
};

interface Seen {
  /** Number of the last offer that was there. */
  readonly upTo: number;
  readonly retriable: readonly HeldOffer[];
}

/** So many that have gone are kept among the arrivals, and in the tree, at least. */
const ARRIVALS_SPARE = 100;
/** With more of them the tree is made anew. */
const NEWCOMERS_MAX = 200;

export class OfferBook {
  private readonly offers = new Map<string, HeldOffer>();
  private readonly byAgent = new Map<string, HeldOffer>();
  /** Of those that were held when it was made; some may have gone. */
  private tree: OfferTree | undefined;
  private readonly newcomers = new Set<HeldOffer>();
  /** By number; some may have gone. */
  private arrivals: HeldOffer[] = [];
  private lastNumber = 0;
  /** Of groups that no offer suited: what is left to look at. */
  private readonly seen = new WeakMap<object, Seen>();

  get size(): number {
    return this.offers.size;
  }

  get(id: string): HeldOffer | undefined {
    return this.offers.get(id);
  }

  ofAgent(agentId: string): HeldOffer | undefined {
    return this.byAgent.get(agentId);
  }

  all(): Iterable<HeldOffer> {
    return this.offers.values();
  }

  add(turn: Turn, offer: Offer): void {
    const other = this.byAgent.get(offer.agent_id.value);
    saveHost(turn, offer);
    const { refuseSeconds, holdMs, holdJitterMs, holdsForever } = turn.settings.offers;
    if (other !== undefined) {
      this.remove(turn, other.id);
      turn.act({ kind: 'decline', offer: other.offer, refuseSeconds });
      turn.act({ kind: 'decline', offer, refuseSeconds });
      return;
    }
    this.lastNumber += 1;
    const held = new HeldOffer(offer, turn.random.float(), this.lastNumber);
    this.arrivals.push(held);
    this.offers.set(held.id, held);
    this.byAgent.set(offer.agent_id.value, held);
    this.newcomers.add(held);
    if (holdsForever) return;
    const at = turn.now + holdMs + Math.floor(turn.random.float() * holdJitterMs);
    turn.timetable.set('offer', held.id, at);
  }

  /** Used, declined, or rescinded by the master. */
  remove(turn: Turn, id: string): void {
    const held = this.offers.get(id);
    if (held === undefined) return;
    this.offers.delete(id);
    if (this.arrivals.length > 2 * this.offers.size + ARRIVALS_SPARE) {
      this.arrivals = [...this.offers.values()];
    }
    this.byAgent.delete(held.offer.agent_id.value);
    this.newcomers.delete(held);
    turn.timetable.clear('offer', id);
  }

  decline(turn: Turn, id: string): void {
    const held = this.offers.get(id);
    if (held === undefined) return;
    this.remove(turn, id);
    const { refuseSeconds } = turn.settings.offers;
    turn.act({ kind: 'decline', offer: held.offer, refuseSeconds });
  }

  declineAll(turn: Turn): void {
    for (const id of [...this.offers.keys()]) this.decline(turn, id);
  }

  /** The connection is gone, and with it all offers. */
  clear(turn: Turn): void {
    for (const id of [...this.offers.keys()]) this.remove(turn, id);
  }

  /** A host's mode has changed. */
  reorder(): void {
    this.tree = undefined;
  }

  /**
   * The offers that may suit tasks of the group, in the order in which they are tried: those it has not been tried
   * with, and those whose veto may have gone. A static veto holds as long as the offer.
   */
  candidates(turn: Turn, group: object, need: ConstrainedNeed): Candidates {
    const seen = this.seen.get(group);
    if (seen === undefined) return this.allCandidates(turn, need);
    const left = seen.retriable.filter((held) => this.isHeld(held));
    return new Candidates(inOrder(turn, [...left, ...this.after(seen.upTo)]), undefined);
  }

  /** None of the candidates had room; these may have later. */
  haveSeen(group: object, retriable: readonly HeldOffer[]): void {
    this.seen.set(group, { upTo: this.lastNumber, retriable });
  }

  private isHeld(held: HeldOffer): boolean {
    return this.offers.get(held.id) === held;
  }

  private after(number: number): readonly HeldOffer[] {
    const { arrivals } = this;
    let from = arrivals.length;
    while (from > 0 && (arrivals[from - 1]?.number ?? 0) > number) from -= 1;
    return arrivals.slice(from).filter((held) => this.isHeld(held));
  }

  /** The tree, and beside it those that have come since it was made. */
  private allCandidates(turn: Turn, need: ConstrainedNeed): Candidates {
    const isOld =
      this.tree === undefined ||
      this.newcomers.size > NEWCOMERS_MAX ||
      this.tree.offers.length > 2 * this.offers.size + ARRIVALS_SPARE;
    if (isOld) {
      this.tree = new OfferTree(inOrder(turn, [...this.offers.values()]));
      this.newcomers.clear();
    }
    const [tree, newcomers] = [this.tree, inOrder(turn, [...this.newcomers])];
    if (tree === undefined) return new Candidates(newcomers, undefined);
    return new Candidates(newcomers, {
      tree,
      need,
      positions: positionsFor(tree, need.constraints),
      isHeld: (held) => this.isHeld(held),
      isBefore: (a, b) => comparePlaces(placeOf(turn, a), placeOf(turn, b)) <= 0,
    });
  }
}

/**
 * Of offers whose hosts can have what the constraints want, by the constraint that fewest fulfil; all others would be
 * refused for as long as they are held. Undefined where no constraint names values.
 */
export function positionsFor(
  tree: OfferTree,
  constraints: readonly TaskConstraint[],
): readonly number[] | undefined {
  let fewest: readonly number[] | undefined;
  for (const constraint of constraints) {
    if (constraint.kind !== 'value' || constraint.isNegated) continue;
    const positions = tree.positionsWith(constraint.name, constraint.values);
    if (fewest === undefined || positions.length < fewest.length) fewest = positions;
  }
  return fewest;
}

/** What decides the place of an offer; the smallest are tried first. */
function placeOf(turn: Turn, held: HeldOffer): readonly number[] {
  // Those that go away later come first, those that stay before all.
  const goesAway = -(held.unavailableAt ?? Infinity);
  const figures = turn.settings.offers.order.map((order) => figure(held, order));
  return [MODE_RANK[modeOf(turn, held)], goesAway, ...figures];
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < a.length; at += 1) {
    const [left = 0, right = 0] = [a[at], b[at]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function inOrder(turn: Turn, offers: readonly HeldOffer[]): readonly HeldOffer[] {
  return offers
    .map((held) => ({ held, place: placeOf(turn, held) }))
    .sort((a, b) => comparePlaces(a.place, b.place))
    .map(({ held }) => held);
}

/** Smaller ones are filled first. */
function figure(held: HeldOffer, order: OfferOrder): number {
  switch (order) {
    case 'RANDOM':
      return held.lot;
    case 'CPU':
      return held.resources.scalar('cpus');
    case 'MEMORY':
      return held.resources.scalar('mem');
    case 'DISK':
      return held.resources.scalar('disk');
    case 'REVOCABLE_CPU':
      return held.revocableLeft('cpus');
  }
}

/** The cluster's names. */
const REVOCABLE_NAMES: { readonly [kind in Revocable]: string } = { cpus: 'cpus', ramMb: 'mem' };

/** An agent offers one resource of each kind. */
function revocableIn({ resources = [] }: Offer, kind: Revocable): MesosResource | undefined {
  return resources.find(
    ({ name, revocable }) => name === REVOCABLE_NAMES[kind] && revocable !== undefined,
  );
}

export function modeOf(turn: Turn, held: HeldOffer): MaintenanceMode {
  return turn.state.hosts.get(held.offer.hostname)?.mode ?? 'NONE';
}

/** What the host says of itself is known even when it offers nothing. */
function saveHost(turn: Turn, offer: Offer): void {
  const known = turn.state.hosts.get(offer.hostname);
  const host: HostAttributes = {
    host: offer.hostname,
    attributes: attributesOf(offer),
    mode: known?.mode ?? 'NONE',
    slaveId: offer.agent_id.value,
  };
  if (known === undefined || JSON.stringify(known) !== JSON.stringify(host)) {
    turn.persist(turn.state.putHost(host));
  }
}

function attributesOf(offer: Offer): readonly Attribute[] {
  const sets = attributeSets(
    (offer.attributes ?? []).map((each) => ({ name: each.name, values: valuesOf(each) })),
  );
  return [...sets].map(([name, values]) => ({ name, values: [...values] }));
}

function valuesOf({ type, text, scalar, ranges, set }: MesosAttribute): readonly string[] {
  if (type === 'TEXT') return [text?.value ?? ''];
  if (type === 'SCALAR') return [String(scalar?.value ?? 0)];
  if (type === 'SET') return set?.item ?? [];
  return (ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`);
}
