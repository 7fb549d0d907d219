/**
 * The events of `/v2/events` (spec marathon-behaviour, section 7): builders that keep the original's
 * member names. `eventType` and `timestamp` stand last, as in the recorded samples.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { AppHealthCheck } from '../model/app.ts';
import { healthCheckJson } from '../model/app-json.ts';
import {
  actionName,
  type DeploymentAction,
  type DeploymentPlan,
  type DeploymentStep,
} from '../model/deployment-plan.ts';
import type { EndCause } from '../model/end-cause.ts';
import { type Instance, type InstanceTask, shownState } from '../model/instance.ts';
import { isPod } from '../model/run-spec.ts';
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

export function statusUpdateEvent(
  instance: Instance,
  task: InstanceTask,
  now: Instant,
): MarathonEvent {
  return marathonEvent('status_update_event', now, {
    slaveId: instance.agent?.agentId ?? '',
    taskId: task.id,
    taskStatus: shownState(instance, task),
    message: task.message ?? '',
    appId: instance.spec.id,
    host: instance.agent?.host ?? '',
    ipAddresses: task.ipAddresses,
    ports: task.hostPorts,
    version: instance.spec.version,
    ...causeMember(instance),
  });
}

export function instanceChangedEvent(instance: Instance, now: Instant): MarathonEvent {
  return marathonEvent('instance_changed_event', now, {
    instanceId: instance.id,
    condition: instance.condition,
    runSpecId: instance.spec.id,
    agentId: instance.agent?.agentId,
    host: instance.agent?.host ?? '*',
    runSpecVersion: instance.spec.version,
    ...causeMember(instance),
  });
}

/** Ours: why Marathon ends the task. Absent where it does not. */
function causeMember({ endCause }: Instance): { readonly cause?: EndCause } {
  return endCause === undefined ? {} : { cause: endCause };
}

/** The bytes are shown as the signed numbers of the original. */
export function frameworkMessageEvent(
  {
    executorId,
    agentId,
    data,
  }: { readonly executorId: string; readonly agentId: string; readonly data: Uint8Array },
  now: Instant,
): MarathonEvent {
  return marathonEvent('framework_message_event', now, {
    executorId,
    slaveId: agentId,
    message: Array.from(data, (byte) => (byte > 127 ? byte - 256 : byte)),
  });
}

/** Names of the action and of what it works on. */
export function actionJson(action: DeploymentAction): {
  readonly action: string;
  readonly app?: string;
  readonly pod?: string;
} {
  const { spec } = action;
  const named = isPod(spec) ? { pod: spec.id } : { app: spec.id };
  return { action: actionName(action), ...named };
}

export function stepJson(step: DeploymentStep): object {
  return { actions: step.actions.map(actionJson) };
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
    appId: instance.spec.id,
    taskId: instance.id,
    healthCheck: healthCheckJson(check),
  });
}
