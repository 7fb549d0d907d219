/**
 * The events of `/v2/events` (spec marathon-behaviour, section 7): builders that keep the original's
 * member names. `eventType` and `timestamp` stand last, as in the recorded samples.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { AppHealthCheck } from '../model/app.ts';
import { healthCheckJson } from '../model/app-json.ts';
import type { DeploymentPlan, DeploymentStep } from '../model/deployment-plan.ts';
import { type Instance, shownState } from '../model/instance.ts';
import { formatTimestamp } from '../model/timestamp.ts';

export interface MarathonEvent {
  readonly eventType: string;
  readonly timestamp: string;
  readonly [member: string]: unknown;
}

export function marathonEvent(
  eventType: string,
  now: Instant,
  members: Readonly<Record<string, unknown>> = {},
): MarathonEvent {
  return { ...members, eventType, timestamp: formatTimestamp(now) };
}

export function statusUpdateEvent(instance: Instance, now: Instant): MarathonEvent {
  const task = instance.task;
  return marathonEvent('status_update_event', now, {
    slaveId: instance.agent?.agentId ?? '',
    taskId: task?.id ?? '',
    taskStatus: shownState(instance),
    message: task?.message ?? '',
    appId: instance.app.id,
    host: instance.agent?.host ?? '',
    ipAddresses: task?.ipAddresses ?? [],
    ports: task?.hostPorts ?? [],
    version: instance.app.version,
  });
}

export function instanceChangedEvent(instance: Instance, now: Instant): MarathonEvent {
  return marathonEvent('instance_changed_event', now, {
    instanceId: instance.id,
    condition: instance.condition,
    runSpecId: instance.app.id,
    agentId: instance.agent?.agentId,
    host: instance.agent?.host ?? '*',
    runSpecVersion: instance.app.version,
  });
}

export function stepJson(step: DeploymentStep): object {
  return { actions: step.actions.map(({ action, app }) => ({ action, app: app.id })) };
}

export function planJson(plan: DeploymentPlan): object {
  return { id: plan.id, steps: plan.steps.map(stepJson), version: plan.version };
}

export function deploymentStepEvent(
  eventType: 'deployment_info' | 'deployment_step_success' | 'deployment_step_failure',
  plan: DeploymentPlan,
  step: DeploymentStep,
  now: Instant,
): MarathonEvent {
  return marathonEvent(eventType, now, { plan: planJson(plan), currentStep: stepJson(step) });
}

export function deploymentEndEvent(
  plan: DeploymentPlan,
  now: Instant,
  failure: string | undefined,
): MarathonEvent {
  const eventType = failure === undefined ? 'deployment_success' : 'deployment_failed';
  const reason = failure === undefined ? {} : { reason: failure };
  return marathonEvent(eventType, now, { id: plan.id, plan: planJson(plan), ...reason });
}

export function failedHealthCheckEvent(
  instance: Instance,
  check: AppHealthCheck,
  now: Instant,
): MarathonEvent {
  return marathonEvent('failed_health_check_event', now, {
    appId: instance.app.id,
    taskId: instance.id,
    healthCheck: healthCheckJson(check),
  });
}
