/** What must hold of Marathon between two looks at it (README, Marathon). */
import { strict as assert } from 'node:assert';
import type { MarathonState } from '../../schedulers/marathon/machine/state.ts';
import { type Instance, isTerminal } from '../../schedulers/marathon/model/instance.ts';
import type { PathId } from '../../schedulers/marathon/model/path-id.ts';
import type { RunSpec } from '../../schedulers/marathon/model/run-spec.ts';

const ROUNDING = 1e-9;

/** Looks again and again; compares each look with the one before. */
export class MarathonChecks {
  private before = new Map<string, Instance>();

  /** Marathon was started anew: what it loads is the first look. */
  reset(): void {
    this.before.clear();
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
    this.before = new Map([...state.instances.all()].map((each) => [each.id, each]));
  }

  private checkUpgrade(state: MarathonState, spec: RunSpec): void {
    const now = state.instances.of(spec.id);
    const was = [...this.before.values()].filter((each) => each.spec.id === spec.id);
    if (was.length === 0) return;
    const { minimumHealthCapacity, maximumOverCapacity } = spec.upgradeStrategy;
    const least = Math.ceil(spec.instances * minimumHealthCapacity - ROUNDING);
    const capacity = Math.floor(spec.instances * (1 + maximumOverCapacity) + ROUNDING);
    const most = capacity === least ? capacity + 1 : capacity;

    const byId = new Map<string, Instance>(now.map((each) => [each.id, each]));
    const victims = was.filter((each) => {
      if (!serves(each)) return false;
      const cause = byId.get(each.id)?.endCause;
      return cause?.by === 'deployment' && cause.action.startsWith('Restart');
    });
    if (victims.length > 0) {
      // Others may have ended by themselves meanwhile.
      const lost = was
        .filter((each) => serves(each) && !victims.includes(each))
        .filter((each) => {
          const present = byId.get(each.id);
          return present === undefined || !serves(present);
        });
      const serving = now.filter(serves).length + lost.length;
      const isEnough = serving >= Math.min(least, was.filter(serves).length);
      assert.ok(isEnough, `${serving} of ${spec.id} serve after a kill, not ${least}`);
    }
    const known = new Set(was.map(({ id }) => id));
    const isGrowing = now.some(({ id }) => !known.has(id));
    const alive = now.filter(occupies).length;
    const text = `${alive} of ${spec.id} live while more are started, not at most ${most}`;
    assert.ok(!isGrowing || alive <= most, text);
  }
}

function serves({ condition, goal }: Instance): boolean {
  return condition === 'Running' && goal === 'Running';
}

function occupies({ condition }: Instance): boolean {
  return condition !== 'UnreachableInactive' && !isTerminal(condition);
}

/** After everything has come to rest: what is wanted runs, and nothing else. */
export function checkRest(
  state: MarathonState,
  accepted: ReadonlyMap<PathId, ReadonlySet<string>>,
  formOf: (spec: RunSpec | undefined) => string,
): void {
  assert.equal(state.deployments.size, 0, `deployments are under way\n${state.describe()}`);
  assert.equal(state.kills.size, 0, 'kills are under way');
  for (const spec of state.root.specs.values()) {
    const running = state.instances.of(spec.id).filter(serves);
    const text = `${spec.id} has not what it wants\n${state.describe()}`;
    assert.equal(running.length, spec.instances, text);
    assert.equal(state.instances.countOf(spec.id), spec.instances, text);
  }
  for (const id of state.instances.specIds()) {
    assert.ok(state.spec(id) !== undefined, `instances of ${id} are left`);
  }
  for (const [id, forms] of accepted) {
    const form = formOf(state.spec(id));
    assert.ok(forms.has(form), `${id} is ${form}, acknowledged was ${[...forms].join(' or ')}`);
  }
}
