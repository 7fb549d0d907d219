/** Gives pending tasks to offers: the first that passes the filter (spec aurora-scheduler, section 4). */
import { randomInteger } from '../../../core/base/random.ts';
import type { Resource as MesosResource } from '../../../core/wire/types/mesos.v1.ts';
import type { ScalarDemand } from '../../kit/offer-resources.ts';
import { portAt, portCount, removePort } from '../../kit/port-ranges.ts';
import type { AssignedTask, ScheduledTask, TaskConfig } from '../thrift/types.ts';
import type { Launch } from './effects.ts';
import { keyText } from './job-key.ts';
import { type HeldOffer, modeOf, type OfferBook } from './offer-book.ts';
import type { Candidates } from './offer-candidates.ts';
import type { PendingGroup, PendingGroups } from './pending-groups.ts';
import type { Preemptor } from './preemptor.ts';
import { forGroup, forInstance, type Reservations } from './reservations.ts';
import { AGENT_ASSIGNED } from './schedule-status.ts';
import {
  amountsOf,
  attributeSets,
  constraintsOf,
  portNames,
  type Revocable,
  revocableOf,
  withExecutor,
} from './task-amounts.ts';
import { changeTask } from './task-changes.ts';
import { taskInfo } from './task-info.ts';
import { jobOf } from './task-table.ts';
import type { Turn } from './turn.ts';
import { type Amounts, type TaskConstraint, totalScore, type Veto, vetoes } from './veto.ts';
import { VetoCounts } from './veto-counts.ts';

export interface Wanted {
  readonly config: TaskConfig;
  readonly amounts: Amounts;
  /** Which of them are those that may be taken back. */
  readonly revocable: readonly Revocable[];
  readonly constraints: readonly TaskConstraint[];
  /** Asked only for limits. */
  readonly countWith: (attribute: string, value: string) => number;
  /** A task of it was placed: what was counted is counted anew. */
  readonly placed: () => void;
}

export interface SchedulingParts {
  readonly groups: PendingGroups;
  readonly offers: OfferBook;
  readonly reservations: Reservations;
  readonly preemptor: Preemptor;
}

export function wantedOf(turn: Turn, config: TaskConfig): Wanted {
  const counts = new Map<string, number>();
  return {
    config,
    amounts: withExecutor(config, turn.settings.executors),
    revocable: revocableOf(config, turn.settings),
    constraints: constraintsOf(config),
    countWith: (attribute, value) => {
      const key = `${attribute}\0${value}`;
      const known = counts.get(key) ?? countWith(turn, config, attribute, value);
      counts.set(key, known);
      return known;
    },
    placed: () => counts.clear(),
  };
}

/** Tries one group; `groups` learns how it went. */
export function tryGroup(turn: Turn, id: string, parts: SchedulingParts): void {
  const { groups, offers, preemptor } = parts;
  const group = groups.get(id);
  if (group === undefined || !groups.mayTry(turn, id)) return;
  if (!isExecutorKnown(turn, group.config)) {
    turn.count('schedule_attempts_failed');
    groups.tried(turn, id, false);
    return;
  }
  const wanted = wantedOf(turn, group.config);
  const launches = new Map<HeldOffer, Launch[]>();
  let werePlaced = true;
  const search = new Search(turn, wanted, {
    candidates: offers.candidates(turn, group, wanted),
    group,
    reservations: parts.reservations,
  });
  for (const taskId of [...group.taskIds].slice(0, turn.settings.scheduling.tasksPerAttemptMax)) {
    const task = turn.state.tasks.get(taskId);
    if (task === undefined) continue;
    turn.count('schedule_attempts_fired');
    const found = placeFor(turn, task, search, parts);
    if (found === 'waits') {
      turn.count('schedule_attempts_no_match');
      werePlaced = false;
      continue;
    }
    if (found === undefined) {
      turn.count('schedule_attempts_no_match');
      preemptor.preemptFor(turn, group, task);
      werePlaced = false;
      break;
    }
    const launch = assign(turn, task, wanted, found);
    wanted.placed();
    launches.set(found, [...(launches.get(found) ?? []), launch]);
  }
  const { nearest } = search;
  search.counts.report(turn);
  if (nearest !== undefined) groups.fits.vetoed(group.id, nearest, turn.now);
  if (search.isExhausted) offers.haveSeen(group, search.retriable);
  for (const [held, launched] of launches) {
    offers.remove(turn, held.id);
    parts.reservations.release(held.offer.agent_id.value, search.own);
    turn.act({ kind: 'launch', offer: held.offer, launches: launched });
  }
  groups.tried(turn, id, werePlaced);
}

/** Its executor may have been taken from the flags since the job was made; such tasks wait until it is back. */
function isExecutorKnown({ settings }: Turn, { executorConfig }: TaskConfig): boolean {
  return executorConfig === undefined || settings.executors.has(executorConfig.name ?? '');
}

/** `waits` for the agent that is kept for the instance. */
function placeFor(
  turn: Turn,
  task: ScheduledTask,
  search: Search,
  { offers, reservations }: SchedulingParts,
): HeldOffer | 'waits' | undefined {
  const own = forInstance(search.wanted.config, task.assignedTask.instanceId);
  for (const agentId of reservations.agentsFor(own, turn.now)) {
    const held = offers.ofAgent(agentId);
    if (held === undefined) return 'waits';
    reservations.release(agentId, own);
    if (vetoesOf(turn, search.wanted, held).length === 0) return held;
  }
  return search.next();
}

/**
 * The offers of one try, each looked at once: tasks of a group are alike, so what one cannot have the next cannot
 * either, and an offer that one was given may have room for more.
 */
class Search {
  /** Offers whose veto may go while they are held. */
  readonly retriable: HeldOffer[] = [];
  /** The reasons of the offer that came nearest. */
  nearest: readonly Veto[] | undefined;
  private readonly turn: Turn;
  readonly wanted: Wanted;
  private readonly candidates: Candidates;
  private readonly reservations: Reservations;
  /** As reservations name the group. */
  readonly own: string;
  private nearestScore = Infinity;
  readonly counts = new VetoCounts();
  /** Nobody is left who might have room. */
  isExhausted = false;

  constructor(
    turn: Turn,
    wanted: Wanted,
    place: {
      readonly candidates: Candidates;
      readonly group: PendingGroup;
      readonly reservations: Reservations;
    },
  ) {
    this.turn = turn;
    this.wanted = wanted;
    this.candidates = place.candidates;
    this.reservations = place.reservations;
    this.own = forGroup(turn.state.configText(place.group.config));
  }

  next(): HeldOffer | undefined {
    for (;;) {
      const held = this.candidates.current;
      if (held === undefined) break;
      if (this.isKept(held)) this.retriable.push(held);
      else {
        const found = this.consider(held);
        if (found.length === 0) return held;
        if (found.some(({ kind }) => kind !== 'static')) this.retriable.push(held);
      }
      this.candidates.pass(held);
    }
    if (!this.isExhausted) {
      this.candidates.lookAtNearest((held) => {
        const found = this.isKept(held) ? [] : this.consider(held);
        return found.length === 0 ? Infinity : totalScore(found);
      });
    }
    this.isExhausted = true;
    return undefined;
  }

  /** Why not; remembers the nearest. */
  private consider(held: HeldOffer): readonly Veto[] {
    const found = vetoesOf(this.turn, this.wanted, held);
    const score = totalScore(found);
    this.counts.add(held, found);
    if (found.length > 0 && score <= this.nearestScore) {
      this.nearest = found;
      this.nearestScore = score;
    }
    return found;
  }

  /** For somebody else, for a while. */
  private isKept(held: HeldOffer): boolean {
    return this.reservations.isKeptFrom(held.offer.agent_id.value, this.own, this.turn.now);
  }
}

function vetoesOf(turn: Turn, wanted: Wanted, held: HeldOffer): readonly Veto[] {
  return vetoes(
    {
      host: held.host(modeOf(turn, held)),
      offered: held.amountsFor(wanted.revocable),
      wanted: wanted.amounts,
      constraints: wanted.constraints,
      countWith: wanted.countWith,
      unavailabilityThresholdMs: turn.settings.unavailabilityThresholdMs,
    },
    turn.now,
  );
}

function countWith(turn: Turn, config: TaskConfig, attribute: string, value: string): number {
  const job = config.job === undefined ? '' : keyText(config.job);
  return turn.state.tasks.activeOf(job).filter((task) => {
    const host = task.assignedTask.slaveHost;
    if (!AGENT_ASSIGNED.has(task.status) || host === undefined) return false;
    const attributes = turn.state.hosts.get(host)?.attributes ?? [];
    return attributeSets(attributes).get(attribute)?.has(value) === true;
  }).length;
}

/** Takes the resources out of the offer and makes the task ASSIGNED. */
function assign(turn: Turn, task: ScheduledTask, wanted: Wanted, held: HeldOffer): Launch {
  const own = amountsOf(wanted.config.resources);
  const executor = {
    cpus: wanted.amounts.cpus - own.cpus,
    mem: wanted.amounts.ramMb - own.ramMb,
  };
  const scalars = { cpus: own.cpus, mem: own.ramMb, disk: own.diskMb, gpus: own.gpus };
  held.changes();
  const { ports, resources: portResources } = takePorts(turn, wanted.config, held);
  const take = (amounts: ScalarDemand): readonly MesosResource[] => {
    const { cpus = 0, mem = 0 } = amounts;
    const isRevocable = (kind: Revocable): boolean => wanted.revocable.includes(kind);
    const others = {
      ...amounts,
      ...(isRevocable('cpus') ? { cpus: 0 } : {}),
      ...(isRevocable('ramMb') ? { mem: 0 } : {}),
    };
    return [
      ...(isRevocable('cpus') ? held.takeRevocable('cpus', cpus) : []),
      ...(isRevocable('ramMb') ? held.takeRevocable('ramMb', mem) : []),
      ...(held.resources.take(others) ?? []),
    ];
  };
  const resources = [...take(scalars), ...portResources];
  const executorResources = take(executor);
  const assigned: AssignedTask = {
    ...task.assignedTask,
    slaveId: held.offer.agent_id.value,
    slaveHost: held.offer.hostname,
    assignedPorts: ports,
  };
  const { taskId } = assigned;
  changeTask(turn, taskId, 'ASSIGNED', { from: 'PENDING', assigned });
  return {
    assigned,
    info: taskInfo(
      { assigned, key: keyText(jobOf(task)), resources, executorResources },
      turn.settings,
    ),
  };
}

function takePorts(
  turn: Turn,
  config: TaskConfig,
  held: HeldOffer,
): { readonly ports: ReadonlyMap<string, number>; readonly resources: readonly MesosResource[] } {
  const ports = new Map<string, number>();
  let ranges = held.resources.portRanges();
  for (const name of portNames(config.resources)) {
    const port = portAt(ranges, randomInteger(turn.random, portCount(ranges)));
    if (port === undefined) break;
    ports.set(name, port);
    ranges = removePort(ranges, port);
  }
  return { ports, resources: held.resources.takePorts([...ports.values()]) ?? [] };
}
