/** Frameworks, executors and offers in the legacy model (spec operator-api, sections 3.5, 3.7, 3.8). */
import { resourcesModel } from '../../operator/legacy-resources.ts';
import { allocationRole, labelsModel, secondsOf } from '../../operator/legacy-tasks.ts';
import { add } from '../../resources/arithmetic.ts';
import { toJsonValue } from '../../wire/json.ts';
import { double, type JsonObject, type JsonValue } from '../../wire/json-text.ts';
import type { ExecutorInfo, Offer } from '../../wire/types/mesos.v1.ts';
import { formatUpid } from '../../wire/upid.ts';
import type { Framework } from '../records.ts';
import type { MasterState } from '../state.ts';

/** The part that `/state-summary` shows, too. */
export function frameworkSummary(state: MasterState, framework: Framework): JsonObject {
  const { info, driver } = framework;
  return {
    id: framework.id,
    name: info.name,
    pid: driver === undefined ? undefined : formatUpid(driver),
    used_resources: resourcesModel(state.usedBy(framework)),
    offered_resources: resourcesModel(state.offeredTo(framework)),
    capabilities: (info.capabilities ?? []).map((each) => each.type ?? 'UNKNOWN'),
    hostname: info.hostname ?? '',
    webui_url: info.webui_url ?? '',
    active: isActive(framework),
    connected: isConnected(framework),
    recovered: framework.state === 'recovered',
  };
}

export function isActive(framework: Framework): boolean {
  return framework.state === 'active';
}

export function isConnected(framework: Framework): boolean {
  return framework.state === 'active' || framework.state === 'inactive';
}

/** Everything before the tasks. */
export function frameworkHead(state: MasterState, framework: Framework): JsonObject {
  const { info } = framework;
  return {
    ...frameworkSummary(state, framework),
    user: info.user,
    failover_timeout: double(info.failover_timeout ?? 0),
    checkpoint: info.checkpoint ?? false,
    registered_time: secondsOf(framework.registeredTime),
    unregistered_time: secondsOf(framework.unregisteredTime ?? 0),
    principal: info.principal,
    resources: resourcesModel(totalResources(state, framework)),
    reregistered_time: reregisteredTime(framework),
    ...rolesOf(framework),
  };
}

/** After the executors. */
export function frameworkTail(framework: Framework): JsonObject {
  return {
    labels: labelsModel(framework.info.labels),
    offer_constraints:
      framework.offerConstraints === undefined
        ? {}
        : toJsonValue('mesos.v1.scheduler.OfferConstraints', framework.offerConstraints),
  };
}

function totalResources(
  state: MasterState,
  framework: Framework,
): ReturnType<MasterState['usedBy']> {
  const offered = state.offeredTo(framework);
  const used = state.usedBy(framework);
  return offered.length === 0 ? used : add(used, offered);
}

function reregisteredTime(framework: Framework): JsonValue | undefined {
  const time = framework.reregisteredTime;
  return time === undefined ? undefined : secondsOf(time);
}

/** `roles` for frameworks that know several, else `role`; never both. */
function rolesOf(framework: Framework): JsonObject {
  if (framework.capabilities.has('MULTI_ROLE')) {
    return { roles: [...(framework.info.roles ?? framework.roles)] };
  }
  return { role: framework.info.role ?? '*' };
}

export function executorModel(executor: ExecutorInfo, frameworkId: string): JsonObject {
  return {
    executor_id: executor.executor_id.value,
    name: executor.name ?? '',
    framework_id: executor.framework_id?.value ?? frameworkId,
    command: commandModel(executor.command),
    resources: resourcesModel(executor.resources ?? []),
    role: allocationRole(executor.resources),
    labels: labelsModel(executor.labels),
    type: executor.type,
  };
}

function commandModel(command: ExecutorInfo['command']): JsonObject {
  if (command === undefined) return { argv: [], uris: [] };
  return {
    shell: command.shell,
    value: command.value,
    argv: command.arguments ?? [],
    environment:
      command.environment === undefined
        ? undefined
        : toJsonValue('mesos.v1.Environment', command.environment),
    uris: (command.uris ?? []).map((uri) => ({
      value: uri.value,
      executable: uri.executable ?? false,
    })),
  };
}

export function offerModel(offer: Offer): JsonObject {
  return {
    id: offer.id.value,
    framework_id: offer.framework_id.value,
    allocation_info: { role: offer.allocation_info?.role ?? '*' },
    slave_id: offer.agent_id.value,
    resources: resourcesModel(offer.resources ?? []),
  };
}
