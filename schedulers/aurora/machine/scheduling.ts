/** Gives pending tasks to offers: the first that passes the filter (spec aurora-scheduler, section 4). */
import { randomInteger } from '../../../core/base/random.ts';
import type { Resource as MesosResource } from '../../../core/wire/types/mesos.v1.ts';
import { portAt, portCount, removePort } from '../../kit/port-ranges.ts';
import type { AssignedTask, ScheduledTask, TaskConfig } from '../thrift/types.ts';
import type { Launch } from './effects.ts';
import { keyText } from './job-key.ts';
import { type HeldOffer, modeOf, type OfferBook } from './offer-book.ts';
import type { PendingGroups } from './pending-groups.ts';
import { AGENT_ASSIGNED } from './schedule-status.ts';
import {
  amountsOf,
  attributeSets,
  constraintsOf,
  portNames,
  withExecutor,
} from './task-amounts.ts';
import { changeTask } from './task-changes.ts';
import { taskInfo } from './task-info.ts';
import { jobOf } from './task-table.ts';
import type { Turn } from './turn.ts';
import { type Amounts, type TaskConstraint, totalScore, type Veto, vetoes } from './veto.ts';

interface Wanted {
  readonly config: TaskConfig;
  readonly amounts: Amounts;
  readonly constraints: readonly TaskConstraint[];
}

/** Tries one group; `groups` learns how it went. */
export function tryGroup(turn: Turn, id: string, groups: PendingGroups, offers: OfferBook): void {
  const group = groups.get(id);
  if (group === undefined || !groups.mayTry(turn, id)) return;
  const wanted: Wanted = {
    config: group.config,
    amounts: wantedAmounts(turn, group.config),
    constraints: constraintsOf(group.config),
  };
  const launches = new Map<HeldOffer, Launch[]>();
  let werePlaced = true;
  const search = new Search(turn, wanted, offers.candidates(turn, group));
  for (const taskId of [...group.taskIds].slice(0, turn.settings.scheduling.tasksPerAttemptMax)) {
    const task = turn.state.tasks.get(taskId);
    const held = task === undefined ? undefined : search.next();
    if (task === undefined || held === undefined) {
      werePlaced = false;
      break;
    }
    const launch = assign(turn, task, wanted, held);
    launches.set(held, [...(launches.get(held) ?? []), launch]);
  }
  const { nearest } = search;
  if (nearest !== undefined) groups.fits.vetoed(group.id, nearest, turn.now);
  if (search.isExhausted) offers.haveSeen(group, search.retriable);
  for (const [held, launched] of launches) {
    offers.remove(turn, held.id);
    turn.act({ kind: 'launch', offer: held.offer, launches: launched });
  }
  groups.tried(turn, id, werePlaced);
}

/** Tasks of a revocable tier want revocable processors, which are not taken from offers yet. */
function wantedAmounts(turn: Turn, config: TaskConfig): Amounts {
  const amounts = withExecutor(config, turn.settings.executor);
  return turn.settings.tiers.of(config).isRevocable ? { ...amounts, cpus: Infinity } : amounts;
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
  private readonly wanted: Wanted;
  private readonly candidates: readonly HeldOffer[];
  private nearestScore = Infinity;
  private position = 0;

  constructor(turn: Turn, wanted: Wanted, candidates: readonly HeldOffer[]) {
    this.turn = turn;
    this.wanted = wanted;
    this.candidates = candidates;
  }

  get isExhausted(): boolean {
    return this.position >= this.candidates.length;
  }

  next(): HeldOffer | undefined {
    for (; this.position < this.candidates.length; this.position += 1) {
      const held = this.candidates[this.position];
      if (held === undefined) break;
      const found = vetoesOf(this.turn, this.wanted, held);
      if (found.length === 0) return held;
      const score = totalScore(found);
      if (score <= this.nearestScore) {
        this.nearest = found;
        this.nearestScore = score;
      }
      if (found.some(({ kind }) => kind !== 'static')) this.retriable.push(held);
    }
    return undefined;
  }
}

function vetoesOf(turn: Turn, wanted: Wanted, held: HeldOffer): readonly Veto[] {
  return vetoes(
    {
      host: held.host(modeOf(turn, held)),
      offered: held.amounts,
      wanted: wanted.amounts,
      constraints: wanted.constraints,
      countWith: (attribute, value) => countWith(turn, wanted.config, attribute, value),
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
  const resources = [...(held.resources.take(scalars) ?? []), ...portResources];
  const executorResources = held.resources.take(executor) ?? [];
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
