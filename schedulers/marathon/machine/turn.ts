/**
 * One turn of the machine: what an input has changed so far and what is to be done about it. Every
 * change of stored state goes through here, so that none can be forgotten to be persisted.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { Random } from '../../../core/base/random.ts';
import type { EndCause, EndedRun } from '../model/end-cause.ts';
import { type Instance, isTerminal, roleOf, startedAtOf } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import type { MarathonEffect, StoreOperation } from './effects.ts';
import { instanceChangedEvent, type MarathonEvent } from './events.ts';
import type { MachineSettings } from './settings.ts';
import type { MarathonState } from './state.ts';

/** An agent that stays away longer gives back what is reserved there when it is offered again. */
const ORPHAN_WANTED_MS = 600_000;

export class Turn {
  readonly now: Instant;
  readonly state: MarathonState;
  readonly settings: MachineSettings;
  readonly random: Random;
  /** Apps and pods whose deployments and counts have to be looked at when the turn ends. */
  readonly touched = new Set<PathId>();
  /** Roles for which there is work that wants offers declined before. */
  readonly newWork = new Set<string>();
  private cause: EndCause | undefined;
  private readonly operations: StoreOperation[] = [];
  private readonly rest: MarathonEffect[] = [];

  constructor(state: MarathonState, settings: MachineSettings, random: Random, now: Instant) {
    this.state = state;
    this.settings = settings;
    this.random = random;
    this.now = now;
  }

  /** What is ended meanwhile is ended for this. */
  because<T>(cause: EndCause, act: () => T): T {
    const before = this.cause;
    this.cause = cause;
    try {
      return act();
    } finally {
      this.cause = before;
    }
  }

  /** The cause of an instance's end that is being decided; the first one stays. */
  causeOf(instance: Instance): EndCause | undefined {
    return instance.endCause ?? this.cause;
  }

  /** Its tasks have ended, or nobody will hear of them any more. */
  recordEnd(instance: Instance): void {
    const [task] = instance.tasks;
    if (task === undefined) return;
    const run: EndedRun = {
      specId: instance.spec.id,
      instanceId: instance.id,
      incarnation: instance.incarnation,
      version: instance.spec.version,
      host: instance.agent?.host,
      agentId: instance.agent?.agentId,
      stagedAt: task.stagedAt,
      startedAt: startedAtOf(instance),
      endedAt: this.now,
      condition: instance.condition,
      cause: this.causeOf(instance),
      tasks: instance.tasks.map(({ id, state, message }) => ({ id, state, message })),
    };
    const forgotten = this.state.history.add(run);
    this.persist({ kind: 'put-run', run });
    if (forgotten !== undefined) this.persist({ kind: 'delete-run', run: forgotten });
  }

  persist(operation: StoreOperation): void {
    this.operations.push(operation);
  }

  act(effect: MarathonEffect): void {
    this.rest.push(effect);
  }

  publish(event: MarathonEvent): void {
    this.rest.push({ kind: 'publish', event });
  }

  touch(id: PathId): void {
    this.state.changed(id);
    this.touched.add(id);
  }

  /** Stores a new or changed instance and tells about changed conditions and goals. */
  putInstance(instance: Instance): void {
    const before = this.state.instances.get(instance.id);
    this.state.instances.put(instance);
    this.persist({ kind: 'put-instance', instance });
    this.touch(instance.spec.id);
    if (instance.condition === 'Scheduled') this.newWork.add(roleOf(instance));
    if (before?.condition !== instance.condition || before.goal !== instance.goal) {
      this.publish(instanceChangedEvent(instance, this.now));
    }
  }

  /** Forgets an instance for good. */
  expunge(instance: Instance): void {
    this.state.instances.remove(instance.id);
    this.state.kills.delete(instance.id);
    this.state.health.forget(instance.id);
    this.persist({ kind: 'delete-instance', id: instance.id });
    if (instance.reservation !== undefined) this.orphan(instance.id, instance.reservation.role);
    this.touch(instance.spec.id);
    if (!isTerminal(instance.condition) && instance.condition !== 'Scheduled') {
      this.recordEnd(instance);
      this.publish(
        instanceChangedEvent(
          { ...instance, condition: 'Killed', endCause: this.causeOf(instance) },
          this.now,
        ),
      );
    }
  }

  /** What was reserved is freed when an offer shows it; until then such offers are asked for. */
  private orphan(reservationId: string, role: string): void {
    const orphan = { reservationId, role, wantedUntil: this.now + ORPHAN_WANTED_MS };
    this.state.orphans.set(reservationId, orphan);
    this.persist({ kind: 'put-orphan', orphan });
    this.newWork.add(role);
  }

  /** All effects, the writes first. */
  effects(): MarathonEffect[] {
    const writes = coalesced(this.operations).map(
      (operation): MarathonEffect => ({ kind: 'persist', operation }),
    );
    return [...writes, ...this.rest];
  }
}

/** Of several writes of one instance only the last counts. */
function coalesced(operations: readonly StoreOperation[]): StoreOperation[] {
  const last = new Map<string, number>();
  operations.forEach((operation, index) => {
    const id = instanceOf(operation);
    if (id !== undefined) last.set(id, index);
  });
  return operations.filter((operation, index) => {
    const id = instanceOf(operation);
    return id === undefined || last.get(id) === index;
  });
}

function instanceOf(operation: StoreOperation): string | undefined {
  if (operation.kind === 'put-instance') return operation.instance.id;
  return operation.kind === 'delete-instance' ? operation.id : undefined;
}
