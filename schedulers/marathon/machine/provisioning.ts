/**
 * From a match to a task (spec marathon-behaviour, section 4.3): the instance as it is stored, and
 * the operation that launches it.
 */
import type { Offer, OfferOperation } from '../../../core/wire/types/mesos.v1.ts';
import {
  type AgentOfInstance,
  type Instance,
  type InstanceTask,
  isAtRest,
  isOutdated,
  isTerminal,
  makeTaskId,
  roleOf,
} from '../model/instance.ts';
import { topLevelGroupOf } from '../model/root.ts';
import { isPod } from '../model/run-spec.ts';
import type { Place } from '../offers/constraint-values.ts';
import { type Match, type MatchContext, placeOf } from '../offers/match.ts';
import { launchGroup } from '../offers/task-group.ts';
import { taskInfo } from '../offers/task-info.ts';
import type { Turn } from './turn.ts';

export function matchContextOf(turn: Turn, instance: Instance): MatchContext {
  const { settings, random, now, state } = turn;
  const { masterRegion } = state;
  const placed = placesOf(turn, instance);
  const requiredPorts = state.requiredPorts();
  return { settings, random, now, masterRegion, placed, role: roleOf(instance), requiredPorts };
}

/** Where instances of the present configuration are; old ones do not block their successors. */
function placesOf(turn: Turn, mine: Instance): Place[] {
  const { id } = mine.spec;
  if (mine.spec.constraints.length === 0) return [];
  const spec = turn.state.spec(id);
  return turn.state.instances.of(id).flatMap((instance) => {
    if (instance.agent === undefined || instance.id === mine.id) return [];
    // One that waits with a reservation has its place already.
    const waits = instance.condition === 'Scheduled' && instance.reservation === undefined;
    if (waits || isTerminal(instance.condition) || isAtRest(instance)) return [];
    // What is lost from sight does not keep others from its place; what is given up on does, as in the original.
    if (instance.condition === 'Unreachable') return [];
    if (spec !== undefined && isOutdated(instance, spec)) return [];
    return [instance.agent];
  });
}

/** Stores the instance as Provisioned and launches it; undefined when a plugin has failed. */
export function provision(
  turn: Turn,
  instance: Instance,
  offer: Offer,
  match: Match,
): OfferOperation | undefined {
  const incarnation = instance.incarnation + 1;
  const names = isPod(instance.spec)
    ? instance.spec.containers.map((container) => container.name)
    : [undefined];
  const tasks = names.map((container, index): InstanceTask => {
    const hostPorts = match.tasks[index]?.hostPorts ?? [];
    return {
      id: makeTaskId(instance.id, incarnation, container),
      container,
      condition: 'Provisioned',
      since: turn.now,
      hostPorts: hostPorts.filter((port) => port !== undefined),
      stagedAt: turn.now,
      ipAddresses: [],
    };
  });
  const provisioned: Instance = {
    ...instance,
    condition: 'Provisioned',
    since: turn.now,
    incarnation,
    agent: agentOf(offer),
    tasks,
  };
  const operation = launchOperation(turn, provisioned, offer, match);
  if (operation !== undefined) turn.putInstance(provisioned);
  return operation;
}

export function agentOf(offer: Offer): AgentOfInstance {
  return { ...placeOf(offer), agentId: offer.agent_id.value };
}

function launchOperation(
  turn: Turn,
  instance: Instance,
  offer: Offer,
  match: Match,
): OfferOperation | undefined {
  const { settings } = turn;
  const { spec, tasks } = instance;
  const common = { offer, bridgeName: settings.model.bridgeName };
  if (isPod(spec)) {
    const made = launchGroup({
      ...common,
      pod: spec,
      instanceId: instance.id,
      taskIds: tasks.map(({ id }) => id),
      match,
      envVarsPrefix: settings.envVarsPrefix,
    });
    const launched = settings.plugins.group(spec, made);
    if (launched === undefined) return undefined;
    const { executor, group } = launched;
    return { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: group } };
  }
  const info = taskInfo({
    ...common,
    app: spec,
    taskId: tasks[0]?.id ?? '',
    resources: match.tasks[0]?.resources ?? [],
    executorResources: match.executorResources,
    hostPorts: match.tasks[0]?.hostPorts ?? [],
    enforcesGroupRole: topLevelGroupOf(turn.state.root, spec.id)?.enforceRole === true,
    envVarsPrefix: settings.envVarsPrefix,
    executor: settings.executor,
    random: turn.random,
  });
  const task = settings.plugins.task(spec, info);
  return task === undefined ? undefined : { type: 'LAUNCH', launch: { task_infos: [task] } };
}
