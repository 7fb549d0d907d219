/**
 * Finds places for tasks that have waited too long, by taking them from tasks that count less, and takes them when
 * the next try to place such a task fails (spec aurora-scheduler, section 5). A found place is a proposal: it is
 * looked at again before anybody is killed.
 */
import type { Instant } from '../../../core/base/clock.ts';
import { shuffled } from '../../../core/base/random.ts';
import type {
  HostAttributes,
  MaintenanceMode,
  ScheduledTask,
  TaskConfig,
} from '../thrift/types.ts';
import type { OfferBook } from './offer-book.ts';
import type { PendingGroup, PendingGroups } from './pending-groups.ts';
import { type Contender, findVictims, mayPreempt, type Victim } from './preemption.ts';
import { forGroup, type Reservations } from './reservations.ts';
import type { ScheduleStatus } from './schedule-status.ts';
import { type Wanted, wantedOf } from './scheduling.ts';
import { attributeSets, revocableOf, withExecutor } from './task-amounts.ts';
import { changeTask } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { Turn } from './turn.ts';
import { type Amounts, vetoes } from './veto.ts';

/** Those that are ending are nobody's room yet, and a partitioned task gives none. */
const GIVING_WAY: readonly ScheduleStatus[] = ['ASSIGNED', 'STARTING', 'RUNNING'];

const NOTHING: Amounts = { cpus: 0, ramMb: 0, diskMb: 0, ports: 0, gpus: 0 };
const EPSILON = 1e-9;

interface Slot {
  readonly agentId: string;
  readonly victims: readonly string[];
  readonly until: Instant;
}

interface Pending {
  readonly group: PendingGroup;
  readonly contender: Contender;
  /** The same for all who may take the places of the same tasks. */
  readonly kind: string;
  readonly wanted: Wanted;
  /** Slots still to find. */
  missing: number;
}

export interface PreemptorParts {
  readonly groups: PendingGroups;
  readonly offers: OfferBook;
  readonly reservations: Reservations;
}

export class Preemptor {
  /** By group. */
  private readonly slots = new Map<string, Slot[]>();
  private readonly parts: PreemptorParts;

  constructor(parts: PreemptorParts) {
    this.parts = parts;
  }

  /** Sets the first search; nothing is kept over a start. */
  begin(turn: Turn): void {
    const { isEnabled, initialDelayMs } = turn.settings.preemption;
    if (isEnabled) turn.timetable.set('preempt', '', turn.now + initialDelayMs);
  }

  /** Groups in turns, so that a large one does not take all the places. */
  search(turn: Turn): void {
    const { searchIntervalMs, slotHoldMs } = turn.settings.preemption;
    turn.timetable.set('preempt', '', turn.now + searchIntervalMs);
    turn.count('preemptor_task_processor_runs');
    const taken = this.forgetOld(turn);
    let waiting = this.waiting(turn);
    if (waiting.length === 0) return;
    const sites = shuffled(turn.random, sitesOf(turn, this.parts.offers)).filter(
      ({ agentId }) => !taken.has(agentId) && !this.parts.reservations.isKept(agentId, turn.now),
    );
    for (const pending of waiting) count(turn, 'attempts', pending);
    const until = turn.now + slotHoldMs;
    for (const site of sites) {
      const at = waiting.findIndex((pending) => this.propose(turn, pending, site, until));
      const found = waiting[at];
      if (found === undefined) continue;
      found.missing -= 1;
      // It goes to the end of the line.
      waiting = [...waiting.slice(0, at), ...waiting.slice(at + 1)];
      if (found.missing > 0) waiting.push(found);
      if (waiting.length === 0) break;
    }
    for (const pending of waiting) count(turn, 'failed', pending);
  }

  /** Kills the victims of a slot for a task that found no offer; the agent is kept for its group. */
  preemptFor(turn: Turn, group: PendingGroup, task: ScheduledTask): void {
    const { reservations } = this.parts;
    const whom = forGroup(turn.state.configText(group.config));
    const slots = this.slots.get(group.id) ?? [];
    if (slots.length === 0 || reservations.agentsFor(whom, turn.now).length > 0) return;
    const slot = slots.shift();
    if (slots.length === 0) this.slots.delete(group.id);
    if (slot === undefined || slot.until <= turn.now) return;
    const wanted = wantedOf(turn, group.config);
    const site = siteOf(turn, slot.agentId, this.parts.offers);
    const victims = site?.running.filter(({ taskId }) => slot.victims.includes(taskId)) ?? [];
    const isWhole = victims.length === slot.victims.length;
    if (site === undefined || !isWhole || !site.fits(turn, wanted, plusAll(site.slack, victims))) {
      turn.count(`preemptor_slot_validation_failed_for_${kindOf(turn, group.config)}`);
      return;
    }
    turn.count(`preemptor_slot_validation_successful_for_${kindOf(turn, group.config)}`);
    const message = `Preempting in favor of ${idOf(task)}`;
    for (const { taskId, isPreemptible } of victims) {
      changeTask(turn, taskId, 'PREEMPTING', { message });
      turn.count(`preemptor_tasks_preempted_${isPreemptible ? 'non_prod' : 'prod'}`);
    }
    reservations.hold(slot.agentId, whom, turn.now + turn.settings.preemption.reservationMs);
  }

  /** Slots by group, for printouts and figures. */
  get slotCount(): number {
    let count = 0;
    for (const slots of this.slots.values()) count += slots.length;
    return count;
  }

  private propose(turn: Turn, pending: Pending, site: Site, until: Instant): boolean {
    const victims = site.victimsFor(turn, pending);
    if (victims === undefined) return false;
    const { agentId } = site;
    const slot = { agentId, victims: victims.map(({ taskId }) => taskId), until };
    const known = this.slots.get(pending.group.id);
    if (known === undefined) this.slots.set(pending.group.id, [slot]);
    else known.push(slot);
    count(turn, 'successful', pending);
    return true;
  }

  /** Agents of the slots that are left. */
  private forgetOld(turn: Turn): ReadonlySet<string> {
    const agents = new Set<string>();
    for (const [id, slots] of this.slots) {
      const isThere = this.parts.groups.get(id) !== undefined;
      const left = isThere ? slots.filter(({ until }) => until > turn.now) : [];
      if (left.length === 0) this.slots.delete(id);
      else this.slots.set(id, left);
      for (const { agentId } of left) agents.add(agentId);
    }
    return agents;
  }

  private waiting(turn: Turn): Pending[] {
    const { delayMs, batchMax } = turn.settings.preemption;
    const waiting: Pending[] = [];
    for (const group of this.parts.groups.all()) {
      const old = [...group.taskIds].filter((id) => {
        const since = turn.state.tasks.get(id)?.taskEvents.at(-1)?.timestamp ?? turn.now;
        return turn.now - since >= delayMs;
      });
      const missing = Math.min(old.length, batchMax) - (this.slots.get(group.id)?.length ?? 0);
      if (missing <= 0) continue;
      const contender = contenderOf(turn, group.config);
      const { isPreemptible, priority, role } = contender;
      const kind = `${isPreemptible} ${priority} ${role}`;
      waiting.push({ group, contender, kind, wanted: wantedOf(turn, group.config), missing });
    }
    return waiting;
  }
}

function kindOf(turn: Turn, config: TaskConfig): 'prod' | 'non_prod' {
  return turn.settings.tiers.of(config).isPreemptible ? 'non_prod' : 'prod';
}

function count(turn: Turn, what: 'attempts' | 'successful' | 'failed', pending: Pending): void {
  turn.count(`preemptor_slot_search_${what}_for_${kindOf(turn, pending.group.config)}`);
}

function contenderOf(turn: Turn, config: TaskConfig): Contender {
  return {
    role: config.job?.role ?? '',
    priority: config.priority,
    isPreemptible: turn.settings.tiers.of(config).isPreemptible,
  };
}

interface Room {
  readonly candidates: readonly Victim[];
  /** Slack and all candidates together. */
  readonly most: Amounts;
}

/** A host with what runs there and what lies idle. */
class Site {
  readonly agentId: string;
  readonly running: readonly Victim[];
  readonly slack: Amounts;
  private readonly attributes: ReadonlyMap<string, ReadonlySet<string>>;
  private readonly mode: MaintenanceMode;
  private readonly unavailableAt: Instant | undefined;
  /** For pending tasks of one kind the same; most hosts are out by it at once. */
  private readonly rooms = new Map<string, Room>();

  constructor(
    host: HostAttributes,
    agentId: string,
    running: readonly Victim[],
    offered: { readonly slack: Amounts; readonly unavailableAt: Instant | undefined },
  ) {
    this.mode = host.mode ?? 'NONE';
    this.attributes = attributeSets(host.attributes);
    this.agentId = agentId;
    this.running = running;
    this.slack = offered.slack;
    this.unavailableAt = offered.unavailableAt;
  }

  victimsFor(turn: Turn, { contender, kind, wanted }: Pending): readonly Victim[] | undefined {
    const { candidates, most } = this.roomFor(contender, kind);
    if (candidates.length === 0) return undefined;
    if (isBeyond(wanted.amounts, most)) return undefined;
    // More room changes nothing about constraints: not even all of it may do.
    if (!this.fits(turn, wanted, most)) return undefined;
    return findVictims(contender, {
      slack: this.slack,
      running: candidates,
      fits: (amounts) => this.fits(turn, wanted, amounts),
    });
  }

  fits(turn: Turn, wanted: Wanted, offered: Amounts): boolean {
    const input = {
      host: {
        attributes: this.attributes,
        mode: this.mode,
        unavailableAt: this.unavailableAt,
      },
      offered,
      wanted: wanted.amounts,
      constraints: wanted.constraints,
      countWith: wanted.countWith,
      unavailabilityThresholdMs: turn.settings.unavailabilityThresholdMs,
    };
    return vetoes(input, turn.now).length === 0;
  }

  private roomFor(contender: Contender, kind: string): Room {
    const known = this.rooms.get(kind);
    if (known !== undefined) return known;
    const candidates = this.running.filter((victim) => mayPreempt(contender, victim));
    const room = { candidates, most: plusAll(this.slack, candidates) };
    this.rooms.set(kind, room);
    return room;
  }
}

/** Written out: it is asked about every pair of a task and a host. */
function isBeyond(wanted: Amounts, most: Amounts): boolean {
  return (
    wanted.cpus - most.cpus > EPSILON ||
    wanted.ramMb > most.ramMb ||
    wanted.diskMb > most.diskMb ||
    wanted.ports > most.ports ||
    wanted.gpus > most.gpus
  );
}

function plusAll(slack: Amounts, victims: readonly Victim[]): Amounts {
  return victims.reduce(
    (sum, { amounts }) => ({
      cpus: sum.cpus + amounts.cpus,
      ramMb: sum.ramMb + amounts.ramMb,
      diskMb: sum.diskMb + amounts.diskMb,
      ports: sum.ports + amounts.ports,
      gpus: sum.gpus + amounts.gpus,
    }),
    slack,
  );
}

/** Of all known hosts with an agent; without its attributes nobody is put on a host. */
function sitesOf(turn: Turn, offers: OfferBook): Site[] {
  return [...turn.state.hosts.values()].flatMap((host) => {
    const site = siteAt(turn, host, offers);
    return site === undefined ? [] : [site];
  });
}

function siteOf(turn: Turn, agentId: string, offers: OfferBook): Site | undefined {
  const host = [...turn.state.hosts.values()].find(({ slaveId }) => slaveId === agentId);
  return host === undefined ? undefined : siteAt(turn, host, offers);
}

function siteAt(turn: Turn, host: HostAttributes, offers: OfferBook): Site | undefined {
  const { slaveId } = host;
  if (slaveId === undefined) return undefined;
  const running = turn.state.tasks
    .onHost(host.host)
    .filter(({ status, assignedTask }) => {
      return GIVING_WAY.includes(status) && assignedTask.slaveId === slaveId;
    })
    .map((task) => victimOf(turn, task));
  const held = offers.ofAgent(slaveId);
  const slack = held?.amounts ?? NOTHING;
  return new Site(host, slaveId, running, { slack, unavailableAt: held?.unavailableAt });
}

function victimOf(turn: Turn, task: ScheduledTask): Victim {
  const { task: config, taskId } = task.assignedTask;
  const amounts = withExecutor(config, turn.settings.executors);
  const nothing = revocableOf(config, turn.settings).map((kind) => [kind, 0] as const);
  return {
    ...contenderOf(turn, config),
    taskId,
    // Nobody else can have what is revocable.
    amounts: { ...amounts, ...Object.fromEntries(nothing) },
  };
}
