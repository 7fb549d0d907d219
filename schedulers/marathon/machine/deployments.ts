/**
 * Deployments under way (spec marathon-behaviour, sections 2 and 3). Each action is looked at again
 * whenever one of its app's instances has changed, and compares what is with what should be; it
 * keeps no list of what it did, so a deployment resumed after a crash goes on where it was.
 */
import type { App } from '../model/app.ts';
import { healthCheckJson } from '../model/app-json.ts';
import {
  affectedApps,
  type DeploymentAction,
  type DeploymentPlan,
} from '../model/deployment-plan.ts';
import { type Instance, isOutdated } from '../model/instance.ts';
import { type PathId, ROOT } from '../model/path-id.ts';
import { deploymentEndEvent, deploymentStepEvent, marathonEvent } from './events.ts';
import { type ProbeSchedule, runReadiness } from './health.ts';
import { counts, decommission, delayKey, schedule } from './instances.ts';
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
    const apps = new Set(affectedApps(plan));
    const running: RunningDeployment = {
      plan,
      apps,
      step: -1,
      restarts: new Map(),
      open: new Map(),
    };
    turn.state.deployments.set(plan.id, running);
    for (const id of apps) turn.touch(id);
    if (apps.size === 0) this.advance(turn, running, ROOT);
  }

  /** Ends the deployment without finishing it; its apps stay as they are. */
  cancel(turn: Turn, id: string): void {
    const running = turn.state.deployments.get(id);
    if (running === undefined) return;
    this.end(turn, running, 'The upgrade has been cancelled');
  }

  /** Takes every step that can be taken now that something about the app has changed. */
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

  private enterNextStep(turn: Turn, running: RunningDeployment): void {
    running.step += 1;
    running.restarts.clear();
    const step = running.plan.steps[running.step];
    if (step === undefined) {
      this.end(turn, running, undefined);
      return;
    }
    turn.publish(deploymentStepEvent('deployment_info', running.plan, step, turn.now));
    for (const action of step.actions) running.open.set(action.app.id, action);
    for (const { action, app } of step.actions) {
      if (action === 'StopApplication') this.removeHealthChecks(turn, app);
      else this.addHealthChecks(turn, app);
    }
  }

  private end(turn: Turn, running: RunningDeployment, failure: string | undefined): void {
    const { plan } = running;
    turn.state.deployments.delete(plan.id);
    turn.persist({ kind: 'delete-deployment', id: plan.id });
    for (const id of running.apps) turn.touch(id);
    const step = running.plan.steps[running.step];
    if (failure !== undefined && step !== undefined) {
      turn.publish(deploymentStepEvent('deployment_step_failure', plan, step, turn.now));
    }
    turn.publish(deploymentEndEvent(plan, turn.now, failure));
  }

  private addHealthChecks(turn: Turn, app: App): void {
    if (app.healthChecks.length === 0) return;
    this.probes.ensure(app, turn.now);
    for (const check of app.healthChecks) {
      turn.publish(
        marathonEvent('add_health_check_event', turn.now, {
          appId: app.id,
          version: app.version,
          healthCheck: healthCheckJson(check),
        }),
      );
    }
  }

  private removeHealthChecks(turn: Turn, app: App): void {
    if (app.healthChecks.length === 0) return;
    this.probes.forget(app.id);
    turn.publish(marathonEvent('remove_health_check_event', turn.now, { appId: app.id }));
  }

  /** True when the action has nothing left to do. */
  private perform(turn: Turn, running: RunningDeployment, action: DeploymentAction): boolean {
    switch (action.action) {
      case 'StartApplication':
        return true;
      case 'ScaleApplication':
        return scale(turn, action);
      case 'RestartApplication':
        return restart(turn, running.restarts, action.app);
      case 'StopApplication':
        return stop(turn, action.app);
    }
  }
}

function stop(turn: Turn, app: App): boolean {
  for (const instance of turn.state.instances.of(app.id)) decommission(turn, instance);
  if (turn.state.instances.countOf(app.id) > 0) return false;
  turn.state.delays.reset(delayKey(app));
  turn.state.offers.forget(app.id);
  if (turn.state.failures.delete(app.id)) turn.persist({ kind: 'delete-failure', id: app.id });
  turn.publish(marathonEvent('app_terminated_event', turn.now, { appId: app.id }));
  return true;
}

function scale(turn: Turn, { app, kill }: DeploymentAction): boolean {
  const { instances } = turn.state;
  const wanted = instances.of(app.id).filter(counts);
  const victims = chooseVictims(app, wanted, wanted.length - app.instances, kill);
  for (const victim of victims) decommission(turn, victim);
  const isLeaving = instances.of(app.id).some(({ goal }) => goal !== 'Running');
  if (isLeaving) return false;
  const missing = app.instances - instances.of(app.id).filter(counts).length;
  for (let count = 0; count < missing; count += 1) schedule(turn, app);
  // Instances of exactly this version are those that this scaling has started.
  const started = instances
    .of(app.id)
    .filter((instance) => counts(instance) && instance.app.version === app.version);
  runReadiness(turn, started);
  return started.every((instance) => isReady(turn, instance));
}

/** Running, and healthy and ready as far as the app has checks. */
export function isReady(turn: Turn, instance: Instance): boolean {
  const { app } = instance;
  if (!isHealthy(turn, instance)) return false;
  return app.readinessChecks.length === 0 || turn.state.health.readiness(instance)?.ready === true;
}

function isHealthy(turn: Turn, instance: Instance): boolean {
  if (instance.condition !== 'Running' || instance.goal !== 'Running') return false;
  if (turn.state.kills.has(instance.id)) return false;
  return instance.app.healthChecks.length === 0 || turn.state.health.isHealthy(instance) === true;
}

function restart(turn: Turn, baselines: Map<PathId, RestartBaseline>, app: App): boolean {
  const { instances } = turn.state;
  const isOld = (instance: Instance): boolean => isOutdated(instance, app);
  const oldOnes = (): Instance[] => instances.of(app.id).filter(isOld);
  const newOnes = (): Instance[] =>
    instances.of(app.id).filter((instance) => !isOld(instance) && counts(instance));
  const baseline = baselines.get(app.id) ?? restartBaseline(turn, app);
  baselines.set(app.id, baseline);

  // An old instance without a task is not launched again.
  for (const instance of oldOnes()) {
    if (instance.condition === 'Scheduled') decommission(turn, instance);
  }
  removeSurplus(turn, app, newOnes());
  const readyCount = newOnes().filter((instance) => isReady(turn, instance)).length;
  const becameReady = Math.max(0, readyCount - baseline.readyCount);
  killOld(turn, oldOnes(), baseline.oldCount - baseline.killNow - becameReady);

  const started = newOnes().length;
  const room = Math.max(0, baseline.maxCapacity - oldOnes().length - started);
  const launchCount = Math.min(app.instances - started, room);
  for (let count = 0; count < launchCount; count += 1) schedule(turn, app);
  if (started < app.instances && room === 0) replaceUnhealthy(turn, oldOnes());
  runReadiness(turn, newOnes());
  return (
    oldOnes().length === 0 && newOnes().length === app.instances && readyCount >= app.instances
  );
}

function restartBaseline(turn: Turn, app: App): RestartBaseline {
  const wanted = turn.state.instances.of(app.id).filter(counts);
  const oldCount = wanted.filter((instance) => isOutdated(instance, app)).length;
  const ready = wanted.filter((instance) => !isOutdated(instance, app) && isReady(turn, instance));
  const { killNow, maxCapacity } = upgradeLimits(app.upgradeStrategy, {
    target: app.instances,
    healthy: wanted.filter((instance) => isHealthy(turn, instance)).length,
    current: wanted.length,
  });
  turn.state.delays.reset(delayKey(app));
  return { killNow, maxCapacity, oldCount, readyCount: ready.length };
}

function removeSurplus(turn: Turn, app: App, newOnes: readonly Instance[]): void {
  const surplus = chooseVictims(app, newOnes, newOnes.length - app.instances);
  for (const instance of surplus) decommission(turn, instance);
}

/** Leaves `remaining` old instances; those that serve nobody go first. */
function killOld(turn: Turn, oldOnes: readonly Instance[], remaining: number): void {
  const wanted = oldOnes.filter(({ goal }) => goal === 'Running');
  const excess = wanted.length - Math.max(0, remaining);
  if (excess <= 0) return;
  const unhealthyFirst = [...wanted].sort(
    (a, b) => Number(isHealthy(turn, a)) - Number(isHealthy(turn, b)),
  );
  for (const instance of unhealthyFirst.slice(0, excess)) decommission(turn, instance);
}

/**
 * There is no room for a new instance and none is ready to replace an old one. Killing an old one
 * that serves nobody takes no capacity away, and without it the deployment would wait for ever.
 */
function replaceUnhealthy(turn: Turn, oldOnes: readonly Instance[]): void {
  if (oldOnes.some(({ goal }) => goal !== 'Running')) return;
  const victim = oldOnes.find((instance) => !isHealthy(turn, instance));
  if (victim !== undefined) decommission(turn, victim);
}
