/**
 * Deployments under way (spec marathon-behaviour, sections 2 and 3). Each action is looked at again
 * whenever one of its app's or pod's instances has changed, and compares what is with what should be; it
 * keeps no list of what it did, so a deployment resumed after a crash goes on where it was.
 */
import { healthCheckJson } from '../model/app-json.ts';
import {
  actionName,
  affectedSpecs,
  type DeploymentAction,
  type DeploymentPlan,
} from '../model/deployment-plan.ts';
import { type Instance, isAtRest, isLeaving, isOutdated } from '../model/instance.ts';
import { type PathId, ROOT } from '../model/path-id.ts';
import { isResident } from '../model/persistent-volumes.ts';
import {
  healthChecksOf,
  isHealthChecked,
  type RunSpec,
  readinessChecksOf,
} from '../model/run-spec.ts';
import { deploymentEndEvent, deploymentStepEvent, marathonEvent } from './events.ts';
import { type ProbeSchedule, runReadiness } from './health.ts';
import { add, counts, decommission, delayKey, retire } from './instances.ts';
import { upgradeLimits } from './rolling-upgrade.ts';
import type { RestartBaseline, RunningDeployment } from './state.ts';
import type { Turn } from './turn.ts';
import { chooseVictims } from './victims.ts';

export class Deployments {
  private readonly probes: ProbeSchedule;

  constructor(probes: ProbeSchedule) {
    this.probes = probes;
  }

  /** Stores the plan and begins it. */
  start(turn: Turn, plan: DeploymentPlan): void {
    turn.persist({ kind: 'put-deployment', plan });
    this.resume(turn, plan);
  }

  /** Begins a plan that is stored already, from its first step. */
  resume(turn: Turn, plan: DeploymentPlan): void {
    const specs = new Set(affectedSpecs(plan).map(({ id }) => id));
    const running: RunningDeployment = {
      plan,
      specs,
      step: -1,
      restarts: new Map(),
      open: new Map(),
    };
    turn.state.deployments.add(running);
    for (const id of specs) turn.touch(id);
    if (specs.size === 0) this.advance(turn, running, ROOT);
  }

  /** Ends the deployment without finishing it; its apps and pods stay as they are. */
  cancel(turn: Turn, id: string): void {
    const running = turn.state.deployments.get(id);
    if (running === undefined) return;
    this.end(turn, running, 'The upgrade has been cancelled');
  }

  /** Takes every step that can be taken now that something about the app or pod has changed. */
  advance(turn: Turn, running: RunningDeployment, changed: PathId): void {
    const action = running.open.get(changed);
    if (action !== undefined && this.perform(turn, running, action)) running.open.delete(changed);
    while (running.open.size === 0 && turn.state.deployments.has(running.plan.id)) {
      const step = running.plan.steps[running.step];
      if (step !== undefined) {
        const { plan } = running;
        turn.publish(deploymentStepEvent('deployment_step_success', plan, step, turn.now));
      }
      this.enterNextStep(turn, running);
      for (const [id, next] of running.open) {
        if (this.perform(turn, running, next)) running.open.delete(id);
      }
    }
  }

  /** Readiness probes are due by time alone: apps that wait for one are looked at again. */
  touchWaitingForReadiness(turn: Turn): void {
    for (const { open } of turn.state.deployments.values()) {
      for (const { spec } of open.values()) {
        if (readinessChecksOf(spec).length > 0) turn.touch(spec.id);
      }
    }
  }

  private enterNextStep(turn: Turn, running: RunningDeployment): void {
    running.step += 1;
    running.restarts.clear();
    const step = running.plan.steps[running.step];
    if (step === undefined) {
      this.end(turn, running, undefined);
      return;
    }
    turn.publish(deploymentStepEvent('deployment_info', running.plan, step, turn.now));
    for (const action of step.actions) running.open.set(action.spec.id, action);
    for (const { kind, spec } of step.actions) {
      if (kind === 'Stop') this.removeHealthChecks(turn, spec);
      else this.addHealthChecks(turn, spec);
    }
  }

  private end(turn: Turn, running: RunningDeployment, failure: string | undefined): void {
    const { plan } = running;
    turn.state.deployments.remove(running);
    turn.persist({ kind: 'delete-deployment', id: plan.id });
    for (const id of running.specs) turn.touch(id);
    const step = running.plan.steps[running.step];
    if (failure !== undefined && step !== undefined) {
      turn.publish(deploymentStepEvent('deployment_step_failure', plan, step, turn.now));
    }
    turn.publish(deploymentEndEvent(plan, turn.now, failure));
  }

  private addHealthChecks(turn: Turn, spec: RunSpec): void {
    const checks = healthChecksOf(spec);
    if (checks.length === 0) return;
    this.probes.ensure(spec, turn.now);
    for (const check of checks) {
      turn.publish(
        marathonEvent('add_health_check_event', turn.now, {
          appId: spec.id,
          version: spec.version,
          healthCheck: healthCheckJson(check),
        }),
      );
    }
  }

  private removeHealthChecks(turn: Turn, spec: RunSpec): void {
    const checks = healthChecksOf(spec);
    if (checks.length === 0) return;
    this.probes.forget(spec.id);
    turn.publish(marathonEvent('remove_health_check_event', turn.now, { appId: spec.id }));
  }

  /** True when the action has nothing left to do. */
  private perform(turn: Turn, running: RunningDeployment, action: DeploymentAction): boolean {
    const deploymentId = running.plan.id;
    return turn.because({ by: 'deployment', deploymentId, action: actionName(action) }, () =>
      this.act(turn, running, action),
    );
  }

  private act(turn: Turn, running: RunningDeployment, action: DeploymentAction): boolean {
    switch (action.kind) {
      case 'Start':
        return true;
      case 'Scale':
        return scale(turn, action);
      case 'Restart':
        return restart(turn, running.restarts, action.spec);
      case 'Stop':
        return stop(turn, action.spec);
    }
  }
}

function stop(turn: Turn, spec: RunSpec): boolean {
  for (const instance of turn.state.instances.of(spec.id)) decommission(turn, instance);
  if (turn.state.instances.countOf(spec.id) > 0) return false;
  turn.state.delays.reset(delayKey(spec));
  turn.state.offers.forget(spec.id);
  if (turn.state.failures.delete(spec.id)) turn.persist({ kind: 'delete-failure', id: spec.id });
  turn.publish(marathonEvent('app_terminated_event', turn.now, { appId: spec.id }));
  return true;
}

function scale(turn: Turn, { spec, kill }: DeploymentAction): boolean {
  const { instances } = turn.state;
  const wanted = instances.of(spec.id).filter(counts);
  const victims = chooseVictims(spec, wanted, wanted.length - spec.instances, kill);
  for (const victim of victims) retire(turn, victim);
  if (instances.of(spec.id).some(isLeaving)) return false;
  const missing = spec.instances - instances.of(spec.id).filter(counts).length;
  for (let count = 0; count < missing; count += 1) add(turn, spec);
  // Instances of exactly this version are those that this scaling has started.
  const started = instances
    .of(spec.id)
    .filter((instance) => counts(instance) && instance.spec.version === spec.version);
  runReadiness(turn, started);
  return started.every((instance) => isReady(turn, instance));
}

/** Running, and healthy and ready as far as the app has checks. */
export function isReady(turn: Turn, instance: Instance): boolean {
  const checks = readinessChecksOf(instance.spec);
  if (!isHealthy(turn, instance)) return false;
  return checks.length === 0 || turn.state.health.readiness(instance)?.ready === true;
}

function isHealthy(turn: Turn, instance: Instance): boolean {
  if (!mayServe(turn, instance)) return false;
  return !isHealthChecked(instance.spec) || turn.state.health.isHealthy(instance) === true;
}

/**
 * Not known to serve nobody. What a Marathon that has just taken over has not heard of may well be healthy: it
 * is kept until its first check.
 */
function mayServe(turn: Turn, instance: Instance): boolean {
  if (instance.condition !== 'Running' || instance.goal !== 'Running') return false;
  if (turn.state.kills.has(instance.id)) return false;
  return !isHealthChecked(instance.spec) || turn.state.health.isHealthy(instance) !== false;
}

function restart(turn: Turn, baselines: Map<PathId, RestartBaseline>, spec: RunSpec): boolean {
  const { instances } = turn.state;
  const isOld = (instance: Instance): boolean => isOutdated(instance, spec);
  const oldOnes = (): Instance[] =>
    instances.of(spec.id).filter((instance) => isOld(instance) && !isAtRest(instance));
  const newOnes = (): Instance[] =>
    instances.of(spec.id).filter((instance) => !isOld(instance) && counts(instance));
  const known = baselines.get(spec.id);
  if (known === undefined) turn.state.delays.reset(delayKey(spec));
  const baseline = known ?? restartBaseline(turn, spec);
  baselines.set(spec.id, baseline);

  // An old instance without a task is not launched again.
  for (const instance of oldOnes()) {
    if (instance.condition === 'Scheduled') retire(turn, instance);
  }
  removeSurplus(turn, spec, newOnes());
  const readyCount = newOnes().filter((instance) => isReady(turn, instance)).length;
  const becameReady = Math.max(0, readyCount - baseline.readyCount);
  killOld(turn, spec, oldOnes(), baseline.oldCount - baseline.killNow - becameReady);

  const started = newOnes().length;
  const room = Math.max(0, baseline.maxCapacity - oldOnes().length - started);
  const launchCount = Math.min(spec.instances - started, room);
  for (let count = 0; count < launchCount; count += 1) add(turn, spec);
  const lacksRoom = started < spec.instances && room === 0;
  if (lacksRoom && !replaceUnhealthy(turn, oldOnes()) && readyCount === started) {
    // Old instances that ended by themselves were counted on: the numbers are taken as of now.
    const anew = restartBaseline(turn, spec);
    const allowsMore = anew.killNow > 0 || anew.maxCapacity > baseline.maxCapacity;
    // The same numbers again would lead here again: what may go is waiting for its first check.
    if (allowsMore && !isSameBaseline(anew, baseline)) {
      baselines.set(spec.id, anew);
      return restart(turn, baselines, spec);
    }
  }
  runReadiness(turn, newOnes());
  return (
    oldOnes().length === 0 && newOnes().length === spec.instances && readyCount >= spec.instances
  );
}

function restartBaseline(turn: Turn, spec: RunSpec): RestartBaseline {
  const wanted = turn.state.instances.of(spec.id).filter(counts);
  const oldCount = wanted.filter((instance) => isOutdated(instance, spec)).length;
  const ready = wanted.filter((instance) => !isOutdated(instance, spec) && isReady(turn, instance));
  const { killNow, maxCapacity } = upgradeLimits(spec.upgradeStrategy, {
    target: spec.instances,
    healthy: wanted.filter((instance) => isHealthy(turn, instance)).length,
    current: wanted.length,
    isResident: isResident(spec),
  });
  return { killNow, maxCapacity, oldCount, readyCount: ready.length };
}

function isSameBaseline(one: RestartBaseline, other: RestartBaseline): boolean {
  return (
    one.killNow === other.killNow &&
    one.maxCapacity === other.maxCapacity &&
    one.oldCount === other.oldCount &&
    one.readyCount === other.readyCount
  );
}

function removeSurplus(turn: Turn, spec: RunSpec, newOnes: readonly Instance[]): void {
  const surplus = chooseVictims(spec, newOnes, newOnes.length - spec.instances);
  for (const instance of surplus) retire(turn, instance);
}

/**
 * Leaves `remaining` old instances; those that serve nobody go first. The number is from when the
 * upgrade began: where instances have ended by themselves since, fewer go.
 */
function killOld(turn: Turn, spec: RunSpec, oldOnes: readonly Instance[], remaining: number): void {
  const wanted = oldOnes.filter(({ goal }) => goal === 'Running');
  const excess = wanted.length - Math.max(0, remaining);
  if (excess <= 0) return;
  const unhealthyFirst = [...wanted].sort(
    (a, b) => Number(mayServe(turn, a)) - Number(mayServe(turn, b)),
  );
  // A new one serves only when it is ready, too: until then the old one does its work.
  const serving = turn.state.instances
    .of(spec.id)
    .filter((each) => (isOutdated(each, spec) ? isHealthy(turn, each) : isReady(turn, each)));
  const now = {
    target: spec.instances,
    healthy: serving.length,
    current: 0,
    isResident: isResident(spec),
  };
  let spare = upgradeLimits(spec.upgradeStrategy, now).killNow;
  for (const instance of unhealthyFirst.slice(0, excess)) {
    if (mayServe(turn, instance)) {
      if (spare === 0) return;
      spare -= 1;
    }
    retire(turn, instance);
  }
}

/**
 * There is no room for a new instance and none is ready to replace an old one. Killing an old one
 * that serves nobody takes no capacity away, and without it the deployment would wait for ever.
 * False when there is none.
 */
function replaceUnhealthy(turn: Turn, oldOnes: readonly Instance[]): boolean {
  if (oldOnes.some(({ goal }) => goal !== 'Running')) return true;
  const victim = oldOnes.find((instance) => !mayServe(turn, instance));
  if (victim !== undefined) retire(turn, victim);
  return victim !== undefined;
}
