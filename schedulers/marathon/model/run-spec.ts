/**
 * What can be run: an app or a pod. Groups, planner, queue and the life of instances know only this;
 * what differs between the two is asked for here.
 */
import type { App, AppHealthCheck, ReadinessCheck } from './app.ts';
import type { PathId } from './path-id.ts';
import { type Pod, totalOf } from './pod.ts';

export type RunSpec = App | Pod;

export function isPod(spec: RunSpec): spec is Pod {
  return 'containers' in spec;
}

export function isApp(spec: RunSpec): spec is App {
  return !isPod(spec);
}

/** Checks whose results Marathon counts; those of a pod's containers are counted by the executor. */
export function healthChecksOf(spec: RunSpec): readonly AppHealthCheck[] {
  return isPod(spec) ? [] : spec.healthChecks;
}

/** Whether its instances have to be healthy, not only running, before they serve. */
export function isHealthChecked(spec: RunSpec): boolean {
  if (!isPod(spec)) return spec.healthChecks.length > 0;
  return spec.containers.some(({ healthCheck }) => healthCheck !== undefined);
}

export function readinessChecksOf(spec: RunSpec): readonly ReadinessCheck[] {
  return isPod(spec) ? [] : spec.readinessChecks;
}

/** Only apps name what they wait for; a pod waits for what its groups wait for. */
export function namedDependenciesOf(spec: RunSpec): readonly PathId[] {
  return isPod(spec) ? [] : spec.dependencies;
}

export function gpusOf(spec: RunSpec): number {
  return isPod(spec) ? totalOf(spec).gpus : spec.gpus;
}
