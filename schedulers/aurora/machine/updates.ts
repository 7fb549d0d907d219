/**
 * Job updates on their way: carries out the steps of `RollingUpdate`, writes the history, and takes an update
 * from state to state (spec aurora-scheduler, sections 6.2 and 6.3). What is kept here is found again from the
 * stored update and the tasks.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type {
  JobUpdateAction,
  JobUpdateStatus,
  ScheduledTask,
  SlaPolicy,
  TaskConfig,
} from '../thrift/types.ts';
import { isActiveUpdate } from '../thrift/update-statuses.ts';
import { keyText } from './job-key.ts';
import { forInstance, type Reservations } from './reservations.ts';
import type { RollingUpdate, UpdateOutcome, UpdateStep } from './rolling-update.ts';
import { ACTIVE, AGENT_ASSIGNED } from './schedule-status.ts';
import type { SlaKills } from './sla-kills.ts';
import { amountsOf } from './task-amounts.ts';
import { changeTask, insertTasks } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { TaskChange, Turn } from './turn.ts';
import {
  actionsOf,
  initialConfig,
  isRolling,
  rollingUpdate,
  targetConfig,
} from './update-direction.ts';
import type { ActualTask } from './update-instance.ts';
import { isAwaitingPulse, isRollingBack } from './update-status.ts';
import type { StoredUpdate } from './update-table.ts';

export interface EventAuthor {
  readonly user?: string | undefined;
  readonly message?: string | undefined;
}

interface Changed {
  readonly instance: number;
  readonly task: ScheduledTask | undefined;
}

export interface UpdateParts {
  readonly slaKills: SlaKills;
  readonly reservations: Reservations;
}

export class JobUpdates {
  private readonly parts: UpdateParts;
  private readonly rolling = new Map<string, RollingUpdate>();
  private readonly pulses = new Map<string, Instant>();

  constructor(parts: UpdateParts) {
    this.parts = parts;
  }

  /** After a start: the clock of the pulses begins with the last event. */
  resume(turn: Turn): void {
    for (const update of turn.state.updates.all()) {
      if (!update.isActive) continue;
      const last = update.updateEvents.at(-1)?.timestampMs;
      const isAwaiting = isAwaitingPulse(update.status);
      if (last !== undefined && !isAwaiting) this.pulses.set(update.id, last);
      this.takeUp(turn, update);
    }
  }

  /** A new update, which is stored already without an event. */
  begin(turn: Turn, update: StoredUpdate, author: EventAuthor): void {
    const isCoordinated = pulseTimeoutMs(update) > 0;
    const status = isCoordinated ? 'ROLL_FORWARD_AWAITING_PULSE' : 'ROLLING_FORWARD';
    this.become(turn, update, status, author);
  }

  become(turn: Turn, update: StoredUpdate, status: JobUpdateStatus, author: EventAuthor): void {
    const event = { status, timestampMs: turn.now, ...author };
    turn.persist(turn.state.updates.addEvent(update, event));
    turn.count(`update_transition_${status}`);
    this.rolling.delete(update.id);
    if (!isActiveUpdate(status)) {
      this.pulses.delete(update.id);
      return;
    }
    this.takeUp(turn, update);
  }

  hasExpired(turn: Turn, update: StoredUpdate): boolean {
    const timeoutMs = pulseTimeoutMs(update);
    if (timeoutMs <= 0) return false;
    const last = this.pulses.get(update.id);
    return last === undefined || turn.now - last >= timeoutMs;
  }

  /** Refreshes; one that has waited for it goes on. False for an update that needs no pulses. */
  pulse(turn: Turn, update: StoredUpdate): boolean {
    if (pulseTimeoutMs(update) <= 0) return false;
    this.pulses.set(update.id, turn.now);
    const { status } = update;
    if (status === 'ROLL_FORWARD_AWAITING_PULSE') this.become(turn, update, 'ROLLING_FORWARD', {});
    if (status === 'ROLL_BACK_AWAITING_PULSE') this.become(turn, update, 'ROLLING_BACK', {});
    return true;
  }

  follow(turn: Turn, { before, after }: TaskChange): void {
    const task = after ?? before;
    const job = task?.assignedTask.task.job;
    if (task === undefined || job === undefined) return;
    // Histories that are pruned are no news.
    if (after === undefined && before !== undefined && !ACTIVE.has(before.status)) return;
    const update = turn.state.updates.activeOf(keyText(job));
    if (update === undefined) return;
    const { instanceId: instance } = task.assignedTask;
    this.evaluate(turn, update, { instance, task: after });
  }

  /** An instance has been watched long enough; `id` is `update instance`. */
  due(turn: Turn, id: string): void {
    const [updateId = '', instance = ''] = id.split(' ');
    const update = turn.state.updates.byId(updateId);
    if (update === undefined || !update.isActive) return;
    const number = Number(instance);
    const task = turn.state.tasks
      .activeOf(keyText(update.job))
      .find(({ assignedTask }) => assignedTask.instanceId === number);
    this.evaluate(turn, update, { instance: number, task });
  }

  private takeUp(turn: Turn, update: StoredUpdate): void {
    if (!isRolling(update.status)) return;
    this.rolling.set(update.id, rollingUpdate(turn, update));
    this.evaluate(turn, update, undefined);
  }

  private evaluate(turn: Turn, update: StoredUpdate, changed: Changed | undefined): void {
    const rolling = this.rolling.get(update.id);
    if (rolling === undefined) return;
    if (changed !== undefined && !rolling.has(changed.instance)) return;
    if (this.hasExpired(turn, update)) {
      const isBack = isRollingBack(update.status);
      const message = 'Pulses from external service have timed out.';
      const to = isBack ? 'ROLL_BACK_AWAITING_PULSE' : 'ROLL_FORWARD_AWAITING_PULSE';
      this.become(turn, update, to, { message });
      return;
    }
    const taskOf = actualTasks(turn, update, changed);
    const outcome = rolling.evaluate(taskOf, changed?.instance, turn.now);
    for (const step of outcome.steps) carryOut(turn, update, step, this.parts);
    this.conclude(turn, update, outcome);
  }

  private conclude(turn: Turn, update: StoredUpdate, outcome: UpdateOutcome): void {
    const isBack = isRollingBack(update.status);
    switch (outcome.status) {
      case 'working':
        return;
      case 'succeeded':
        this.become(turn, update, isBack ? 'ROLLED_BACK' : 'ROLLED_FORWARD', {});
        return;
      case 'paused':
        this.become(turn, update, 'ROLL_FORWARD_PAUSED', { message: 'Update auto paused' });
        return;
      case 'failed': {
        const message = `Latest failure: instance ${outcome.failedInstance} exited.`;
        const rollsBack = !isBack && update.update.instructions.settings.rollbackOnFailure;
        this.become(turn, update, rollsBack ? 'ROLLING_BACK' : 'FAILED', { message });
        return;
      }
    }
  }
}

function pulseTimeoutMs(update: StoredUpdate): number {
  return update.update.instructions.settings.blockIfNoPulsesAfterMs ?? 0;
}

function actualTasks(
  turn: Turn,
  update: StoredUpdate,
  changed: Changed | undefined,
): (instance: number) => ActualTask | undefined {
  const active = new Map(
    turn.state.tasks
      .activeOf(keyText(update.job))
      .map((task) => [task.assignedTask.instanceId, task]),
  );
  return (instance) => {
    const own = changed?.instance === instance ? changed.task : undefined;
    const task = own ?? active.get(instance);
    if (task === undefined) return undefined;
    const target = targetConfig(update, instance);
    const { task: config } = task.assignedTask;
    const isDesired =
      target !== undefined && turn.state.configText(target) === turn.state.configText(config);
    return {
      isDesired,
      status: task.status,
      since: task.taskEvents.at(-1)?.timestamp ?? turn.now,
      wasKilling: task.taskEvents.some(({ status }) => status === 'KILLING'),
    };
  };
}

function carryOut(turn: Turn, update: StoredUpdate, step: UpdateStep, parts: UpdateParts): void {
  switch (step.kind) {
    case 'add':
      addInstance(turn, update, step.instance);
      return;
    case 'kill':
      killInstance(turn, update, step.instance, parts);
      return;
    case 'look-again':
      turn.timetable.set('update', `${update.id} ${step.instance}`, step.at);
      return;
    default: {
      addInstanceEvent(turn, update, step.instance, actionsOf(update)[step.kind]);
    }
  }
}

function addInstance(turn: Turn, update: StoredUpdate, instance: number): void {
  const config = targetConfig(update, instance);
  if (config !== undefined) insertTasks(turn, config, [instance]);
}

function killInstance(
  turn: Turn,
  update: StoredUpdate,
  instance: number,
  parts: UpdateParts,
): void {
  const task = turn.state.tasks
    .activeOf(keyText(update.job))
    .find(({ assignedTask }) => assignedTask.instanceId === instance);
  if (task === undefined || parts.slaKills.has(idOf(task))) return;
  const policy = slaPolicyOf(update, instance);
  if (policy === undefined || !AGENT_ASSIGNED.has(task.status)) {
    killNow(turn, update, task, parts);
    return;
  }
  const { status } = update;
  const checking = 'Checking SLA before continuing.';
  const { updating } = actionsOf(update);
  // Asked again after a pause, it has been said already.
  const isSaid = update.instanceEvents.some(
    ({ instanceId, action, message }) =>
      instanceId === instance && action === updating && message === checking,
  );
  if (!isSaid) addCheckEvent(turn, update, instance, checking);
  parts.slaKills.request(turn, task, {
    policy,
    isWanted: () => update.status === status,
    attempted: (later) => later.count(`updates_sla_kill_attempt_${keyText(update.job)}`),
    carryOut: (later, found) => {
      addCheckEvent(later, update, instance, 'SLA check passed, continuing.');
      later.count(`updates_sla_kill_success_${keyText(update.job)}`);
      killNow(later, update, found, parts);
    },
    repeats: true,
  });
}

/** Of the configuration that is wanted; undefined where the update does not ask for it. */
function slaPolicyOf(update: StoredUpdate, instance: number): SlaPolicy | undefined {
  const { settings, desiredState } = update.update.instructions;
  if (settings.slaAware !== true) return undefined;
  if (!isRollingBack(update.status)) return desiredState?.task.slaPolicy;
  return initialConfig(update, instance)?.slaPolicy;
}

function killNow(
  turn: Turn,
  update: StoredUpdate,
  task: ScheduledTask,
  { reservations }: UpdateParts,
): void {
  keepAgent(turn, update, task, reservations);
  changeTask(turn, idOf(task), 'KILLING', { message: `Killed for job update ${update.id}` });
}

/** The next incarnation comes back to where this one is, when it fits there as well. */
function keepAgent(
  turn: Turn,
  update: StoredUpdate,
  { assignedTask }: ScheduledTask,
  reservations: Reservations,
): void {
  const holdMs = turn.settings.updateAffinityMs;
  const { slaveId, instanceId, task } = assignedTask;
  const target = targetConfig(update, instanceId);
  if (holdMs === undefined || slaveId === undefined || target === undefined) return;
  const [wanted, freed] = [target, task].map((each) => amountsOf(each.resources));
  const fits =
    wanted !== undefined &&
    freed !== undefined &&
    (['cpus', 'ramMb', 'diskMb', 'ports', 'gpus'] as const).every(
      (key) => wanted[key] <= freed[key],
    );
  const constraintText = ({ constraints }: TaskConfig): string =>
    JSON.stringify(constraints.map((each) => JSON.stringify(each)).sort());
  if (!fits || constraintText(target) !== constraintText(task)) return;
  reservations.hold(slaveId, forInstance(target, instanceId), turn.now + holdMs);
}

function addCheckEvent(
  turn: Turn,
  update: StoredUpdate,
  instanceId: number,
  message: string,
): void {
  const action = actionsOf(update).updating;
  const event = { instanceId, timestampMs: turn.now, action, message };
  turn.persist(turn.state.updates.addInstanceEvent(update, event));
}

function addInstanceEvent(
  turn: Turn,
  update: StoredUpdate,
  instanceId: number,
  action: JobUpdateAction,
): void {
  // Each is told once: one that is gone through again after a pause has been told of already.
  const isTold = update.instanceEvents.some(
    (event) => event.instanceId === instanceId && event.action === action,
  );
  if (isTold) return;
  const event = { instanceId, timestampMs: turn.now, action };
  turn.persist(turn.state.updates.addInstanceEvent(update, event));
  turn.count(`update_instance_transition_${action}`);
}
