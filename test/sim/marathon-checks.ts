/** What must hold of Marathon between two looks at it (README, Marathon). */
import { strict as assert } from 'node:assert';
import type { MarathonState } from '../../schedulers/marathon/machine/state.ts';
import type { EndCause } from '../../schedulers/marathon/model/end-cause.ts';
import {
  type Instance,
  isAtRest,
  isOutdated,
  isTerminal,
  isUnkillable,
} from '../../schedulers/marathon/model/instance.ts';
import type { PathId } from '../../schedulers/marathon/model/path-id.ts';
import { isResident } from '../../schedulers/marathon/model/persistent-volumes.ts';
import {
  healthChecksOf,
  type RunSpec,
  readinessChecksOf,
} from '../../schedulers/marathon/model/run-spec.ts';
import { formOf } from './marathon-definitions.ts';

const ROUNDING = 1e-9;

/** An instance as it was at a look. */
interface Seen {
  readonly instance: Instance;
  readonly isHealthy: boolean;
  readonly isReady: boolean;
}

/** Looks again and again at one life of Marathon; compares each look with the one before. */
export class MarathonChecks {
  private before = new Map<string, Seen>();
  /** Whether a check has failed of one that may be gone by now. */
  private readonly isSick: (instance: Instance) => boolean;

  constructor(isSick: (instance: Instance) => boolean) {
    this.isSick = isSick;
  }

  look(state: MarathonState): void {
    for (const id of state.kills.keys()) {
      const instance = state.instances.get(id);
      const isKnown = instance === undefined || instance.endCause !== undefined;
      assert.ok(isKnown, `instance ${id} is killed without a cause`);
    }
    for (const { plan, step } of state.deployments.values()) {
      for (const action of plan.steps[step]?.actions ?? []) {
        if (action.kind === 'Restart' && action.spec.instances > 0) {
          this.checkUpgrade(state, action.spec);
        }
      }
    }
    this.before = new Map([...state.instances.all()].map((each) => [each.id, seen(state, each)]));
  }

  private checkUpgrade(state: MarathonState, spec: RunSpec): void {
    const now = state.instances.of(spec.id);
    const was = [...this.before.values()].filter((each) => each.instance.spec.id === spec.id);
    if (was.length === 0) return;
    const { minimumHealthCapacity, maximumOverCapacity } = spec.upgradeStrategy;
    const wanted = Math.ceil(spec.instances * minimumHealthCapacity - ROUNDING);
    const capacity = Math.floor(spec.instances * (1 + maximumOverCapacity) + ROUNDING);
    // Where both are the same one more lives meanwhile; with a volume that cannot move, one less.
    const isTight = capacity === wanted;
    const least = isTight && isResident(spec) ? wanted - 1 : wanted;
    const most = isTight && !isResident(spec) ? capacity + 1 : capacity;

    const byId = new Map<string, Instance>(now.map((each) => [each.id, each]));
    const servedBefore = was.filter((each) => serves(each, spec)).map(({ instance }) => instance);
    const victims = servedBefore.filter((each) => {
      const present = byId.get(each.id);
      const cause = endCauseOf(state, each, present);
      if (cause?.by !== 'deployment') return false;
      // Its check may have failed meanwhile: then nothing was taken away.
      const isSameRun = present !== undefined && present.incarnation === each.incarnation;
      const isIll = isSameRun ? state.health.isHealthy(present) === false : this.isSick(each);
      return cause.action.startsWith('Restart') && !isIll;
    });
    if (victims.length > 0) {
      // Others may have ended by themselves meanwhile.
      const lost = servedBefore
        .filter((each) => !victims.includes(each))
        .filter((each) => {
          const present = byId.get(each.id);
          return present === undefined || !serves(seen(state, present), spec);
        });
      const after = now.map((each) => seen(state, each));
      const serving = after.filter((each) => serves(each, spec)).length + lost.length;
      const isEnough = serving >= Math.min(least, servedBefore.length);
      const text = `${serving} of ${spec.id} serve after a kill, not ${least}`;
      assert.ok(isEnough, `${text}: ${printed(was)} became ${printed(after)}`);
    }
    const known = new Set<string>(was.map(({ instance }) => instance.id));
    const isGrowing = now.some(({ id }) => !known.has(id));
    const alive = now.filter(occupies).length;
    const text = `${alive} of ${spec.id} live while more are started, not at most ${most}`;
    assert.ok(!isGrowing || alive <= most, text);
  }
}

/**
 * Why the run that was seen ends or has ended; undefined when it goes on or ended by itself. What an instance
 * without a task, or one that was lost from sight first, is retired for afterwards is no reason for that.
 */
function endCauseOf(
  state: MarathonState,
  was: Instance,
  present: Instance | undefined,
): EndCause | undefined {
  const ended = state.history
    .of(was.spec.id)
    .find((run) => run.instanceId === was.id && run.incarnation === was.incarnation);
  // Of a pod one container fails first; then it serves no more and may be replaced before the rest has ended.
  if (ended !== undefined) return ended.condition === 'Killed' ? ended.cause : undefined;
  return present === undefined || isUnkillable(present.condition) ? undefined : present.endCause;
}

function seen({ health }: MarathonState, instance: Instance): Seen {
  const { condition, goal, spec, endCause } = instance;
  const isUp = condition === 'Running' && goal === 'Running' && endCause === undefined;
  const isChecked = healthChecksOf(spec).length > 0;
  return {
    instance,
    isHealthy: isUp && (!isChecked || health.isHealthy(instance) === true),
    isReady: readinessChecksOf(spec).length === 0 || health.readiness(instance)?.ready === true,
  };
}

/** Only new ones are asked whether they are ready: old ones count as long as they are healthy. */
function serves({ instance, isHealthy, isReady }: Seen, spec: RunSpec): boolean {
  return isHealthy && (isReady || isOutdated(instance, spec));
}

function printed(all: readonly Seen[]): string {
  return all
    .map(({ instance, isHealthy, isReady }) => {
      const { id, spec, condition, endCause } = instance;
      const health = `${isHealthy ? 'healthy' : 'unhealthy'} ${isReady ? 'ready' : 'not ready'}`;
      return `${id.slice(-12)} of ${spec.version} ${condition} ${health} ${endCause?.by ?? ''}`;
    })
    .join(', ');
}

function occupies(instance: Instance): boolean {
  const { condition } = instance;
  return condition !== 'UnreachableInactive' && !isTerminal(condition) && !isAtRest(instance);
}

/** What was answered with 2xx, and so must be true in the end whatever crashed. */
export interface Promises {
  /** What each app or pod may be: as acknowledged last, or as asked for without an answer since. */
  readonly forms: ReadonlyMap<PathId, ReadonlySet<string>>;
  /** Versions of acknowledged restarts: nothing older may be left. */
  readonly restarts: ReadonlyMap<PathId, string>;
  /** Whose deployment was stopped where it was: old instances may stay. */
  readonly stopped: ReadonlySet<PathId>;
  /** Tasks of acknowledged kills. */
  readonly killedTasks: ReadonlySet<string>;
}

/** After everything has come to rest: what is wanted runs, and nothing else; every promise is kept. */
export function checkRest(
  state: MarathonState,
  { forms, restarts, stopped, killedTasks }: Promises,
): void {
  assert.equal(state.deployments.size, 0, `deployments are under way\n${state.describe()}`);
  assert.equal(state.kills.size, 0, 'kills are under way');
  for (const spec of state.root.specs.values()) {
    const all = state.instances.of(spec.id);
    const wanted = all.filter((each) => !isAtRest(each));
    const running = wanted.filter(({ condition }) => condition === 'Running');
    const text = `${spec.id} has not what it wants\n${state.describe()}`;
    assert.equal(running.length, spec.instances, text);
    assert.equal(wanted.length, spec.instances, text);
    for (const each of wanted) {
      const isNew = stopped.has(spec.id) || !isOutdated(each, spec);
      assert.ok(isNew, `${each.id} runs an old definition of ${spec.id}`);
      for (const { id } of each.tasks) {
        assert.ok(!killedTasks.has(id), `${id} lives, its kill was acknowledged`);
      }
    }
    const since = restarts.get(spec.id);
    const isRestarted = since === undefined || spec.versionInfo.lastConfigChangeAt >= since;
    assert.ok(isRestarted, `the restart of ${spec.id} at ${since} was acknowledged and lost`);
  }
  for (const id of state.instances.specIds()) {
    assert.ok(state.spec(id) !== undefined, `instances of ${id} are left`);
  }
  for (const [id, allowed] of forms) {
    const form = formOf(state.spec(id));
    assert.ok(allowed.has(form), `${id} is ${form}, acknowledged was ${[...allowed].join(' or ')}`);
  }
}
