/**
 * Takes hosts out of service and back (spec aurora-scheduler, section 8). Tasks on a draining host are killed
 * and replaced elsewhere; when the last has ended, the host is drained.
 */
import type {
  Hosts,
  MaintenanceMode,
  MethodArgs,
  Response,
  ScheduledTask,
  SlaPolicy,
} from '../thrift/types.ts';
import { okay, refused } from './answers.ts';
import type { OfferBook } from './offer-book.ts';
import { AGENT_ASSIGNED, type ScheduleStatus } from './schedule-status.ts';
import { forcedInMs, type SlaKills } from './sla-kills.ts';
import { changeTask } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { TaskChange, Turn } from './turn.ts';

export interface DrainParts {
  readonly offers: OfferBook;
  readonly slaKills: SlaKills;
}

/** Lets everybody go. */
export const NO_POLICY: SlaPolicy = { percentageSlaPolicy: { percentage: 0, durationSecs: 0 } };

interface HostStatus {
  readonly host: string;
  readonly mode: MaintenanceMode;
}

export function startMaintenance(
  turn: Turn,
  hosts: Hosts | undefined,
  offers: OfferBook,
): Response {
  const statuses = setModes(turn, hosts, 'SCHEDULED', offers);
  return okay({ startMaintenanceResult: { statuses } });
}

export function endMaintenance(turn: Turn, hosts: Hosts | undefined, offers: OfferBook): Response {
  for (const host of knownOf(turn, hosts)) removeRequest(turn, host);
  const statuses = setModes(turn, hosts, 'NONE', offers);
  return okay({ endMaintenanceResult: { statuses } });
}

export function maintenanceStatus(turn: Turn, hosts: Hosts | undefined): Response {
  const statuses = knownOf(turn, hosts).map((host) => ({ host, mode: modeOf(turn, host) }));
  return okay({ maintenanceStatusResult: { statuses } });
}

/** Without waiting for anybody's policy. */
export function drainHosts(turn: Turn, hosts: Hosts | undefined, offers: OfferBook): Response {
  const statuses = knownOf(turn, hosts).map((host): HostStatus => {
    const tasks = assignedOn(turn, host);
    if (tasks.length === 0) {
      removeRequest(turn, host);
      setMode(turn, host, 'DRAINED', offers);
      return { host, mode: 'DRAINED' };
    }
    turn.persist(
      turn.state.putMaintenance({
        host,
        defaultSlaPolicy: NO_POLICY,
        timeoutSecs: 0,
        createdTimestampMs: turn.now,
      }),
    );
    setMode(turn, host, 'DRAINING', offers);
    for (const task of tasks) drainTask(turn, task);
    return { host, mode: 'DRAINING' };
  });
  return okay({ drainHostsResult: { statuses } });
}

/**
 * Tasks leave as their policies allow, all of them after `timeoutSecs`. The answer is that of the original, which looks at
 * the hosts later, even for a host that nothing runs on.
 */
export function slaDrainHosts(
  turn: Turn,
  args: MethodArgs['slaDrainHosts'],
  parts: DrainParts,
): Response {
  const { hosts, defaultSlaPolicy, timeoutSecs } = args;
  if (defaultSlaPolicy === undefined) return refused('ERROR', 'defaultSlaPolicy must be set');
  const statuses = knownOf(turn, hosts).map((host): HostStatus => {
    const createdTimestampMs = turn.now;
    const request = { host, defaultSlaPolicy, timeoutSecs, createdTimestampMs };
    turn.persist(turn.state.putMaintenance(request));
    setMode(turn, host, 'DRAINING', parts.offers);
    pollDrain(turn, host, parts);
    return { host, mode: 'DRAINING' };
  });
  return okay({ drainHostsResult: { statuses } });
}

/** Looks again at a host whose tasks leave as their policies allow; after a start at all of them. */
export function pollDrain(turn: Turn, host: string, parts: DrainParts): void {
  const request = turn.state.maintenance.get(host);
  if (request === undefined || modeOf(turn, host) !== 'DRAINING') return;
  if (assignedOn(turn, host).length === 0) {
    removeRequest(turn, host);
    setMode(turn, host, 'DRAINED', parts.offers);
    return;
  }
  const tasks = drainableOn(turn, host);
  const restMs = forcedInMs(request, turn.now);
  const pollMs = turn.settings.slaKills.maintenancePollMs;
  turn.timetable.set(
    'maintenance',
    host,
    turn.now + (restMs > 0 ? Math.min(pollMs, restMs) : pollMs),
  );
  for (const task of tasks) {
    const policy = task.assignedTask.task.slaPolicy ?? request.defaultSlaPolicy;
    if (restMs === 0 || policy === undefined) {
      drainTask(turn, task);
      continue;
    }
    parts.slaKills.request(turn, task, {
      policy,
      isWanted: (later) => modeOf(later, host) === 'DRAINING',
      carryOut: drainTask,
      repeats: false,
      forcedInMs: restMs,
    });
  }
}

/** Those that are leaving already are waited for. */
const MAY_DRAIN: ReadonlySet<ScheduleStatus> = new Set<ScheduleStatus>([
  ...(['ASSIGNED', 'STARTING', 'RUNNING', 'PARTITIONED'] as const),
]);

export function drainableOn(turn: Turn, host: string): readonly ScheduledTask[] {
  return turn.state.tasks.onHost(host).filter(({ status }) => MAY_DRAIN.has(status));
}

export function drainTask(turn: Turn, task: ScheduledTask): void {
  changeTask(turn, idOf(task), 'DRAINING', { message: 'Draining machine for maintenance.' });
}

/** The end of the last task drains the host. */
export function followDrain(turn: Turn, { before, after }: TaskChange, offers: OfferBook): void {
  const host = before?.assignedTask.slaveHost;
  if (host === undefined || modeOf(turn, host) !== 'DRAINING') return;
  if (after !== undefined && AGENT_ASSIGNED.has(after.status)) return;
  if (assignedOn(turn, host).length > 0) return;
  removeRequest(turn, host);
  setMode(turn, host, 'DRAINED', offers);
}

function setModes(
  turn: Turn,
  hosts: Hosts | undefined,
  mode: MaintenanceMode,
  offers: OfferBook,
): readonly HostStatus[] {
  return knownOf(turn, hosts).map((host) => {
    setMode(turn, host, mode, offers);
    return { host, mode };
  });
}

/** Only hosts that have ever offered something are known. */
function knownOf(turn: Turn, hosts: Hosts | undefined): readonly string[] {
  return [...new Set(hosts?.hostNames ?? [])].filter((host) => turn.state.hosts.has(host));
}

function modeOf(turn: Turn, host: string): MaintenanceMode {
  return turn.state.hosts.get(host)?.mode ?? 'NONE';
}

function setMode(turn: Turn, host: string, mode: MaintenanceMode, offers: OfferBook): void {
  const known = turn.state.hosts.get(host);
  if (known === undefined || known.mode === mode) return;
  turn.persist(turn.state.putHost({ ...known, mode }));
  offers.reorder();
}

function removeRequest(turn: Turn, host: string): void {
  turn.timetable.clear('maintenance', host);
  if (turn.state.maintenance.has(host)) turn.persist(turn.state.removeMaintenance(host));
}

function assignedOn(turn: Turn, host: string): readonly ScheduledTask[] {
  return turn.state.tasks.onHost(host).filter(({ status }) => AGENT_ASSIGNED.has(status));
}
