/**
 * What happens to an operation before any is executed: form, syntax, feedback capability, and
 * normalisation (spec scheduler-api, section 11.2).
 */
import { err, ok, type Result } from '../base/result.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import { allocateMissing } from '../resources/select.ts';
import { validateResources } from '../resources/validate.ts';
import type {
  ExecutorInfo,
  HealthCheck,
  OfferOperation,
  OfferOperationType,
  Resource,
  TaskInfo,
} from '../wire/types/mesos.v1.ts';
import type { Acceptance } from './accept.ts';
import type { Agent } from './records.ts';

/** The normalised operation, or the text that refuses it. */
export function prepareOperation(
  operation: OfferOperation,
  acceptance: Acceptance,
): Result<OfferOperation> {
  const isLaunch = operation.type === 'LAUNCH' || operation.type === 'LAUNCH_GROUP';
  const invalid = refuseSyntax(operation);
  if (invalid !== undefined) {
    return err(isLaunch ? invalid : `Operation attempted with invalid resources: ${invalid}`);
  }
  const feedback = refuseFeedback(operation, acceptance.agent);
  if (feedback !== undefined) return err(feedback);
  return ok(normalize(operation, acceptance));
}

/** What is wrong in itself, whoever asks for it and wherever. */
export function refuseSyntax(operation: OfferOperation): string | undefined {
  return refuseForm(operation) ?? validateResources(resourcesOf(operation));
}

const FORMS: Readonly<
  Partial<Record<OfferOperationType, readonly [field: keyof OfferOperation, text: string]>>
> = {
  LAUNCH: ['launch', 'A LAUNCH offer operation must have the Offer.Operation.launch field set.'],
  LAUNCH_GROUP: [
    'launch_group',
    'A LAUNCH_GROUP offer operation must have the Offer.Operation.launch_group field set.',
  ],
  RESERVE: [
    'reserve',
    'A RESERVE offer operation must have the Offer.Operation.reserve field set.',
  ],
  UNRESERVE: [
    'unreserve',
    'An UNRESERVE offer operation must have the Offer.Operation.unreserve field set.',
  ],
  CREATE: ['create', 'A CREATE offer operation must have the Offer.Operation.create field set.'],
  DESTROY: [
    'destroy',
    'A DESTROY offer operation must have the Offer.Operation.destroy field set.',
  ],
  GROW_VOLUME: [
    'grow_volume',
    'A GROW_VOLUME operation must have the Offer.Operation.grow_volume field set',
  ],
  SHRINK_VOLUME: [
    'shrink_volume',
    'A SHRINK_VOLUME offer operation must have the Offer.Operation.shrink_volume field set',
  ],
  CREATE_DISK: [
    'create_disk',
    'A CREATE_DISK offer operation must have the Offer.Operation.create_disk field set.',
  ],
  DESTROY_DISK: [
    'destroy_disk',
    'A DESTROY_DISK offer operation must have the Offer.Operation.destroy_disk field set.',
  ],
};

function refuseForm(operation: OfferOperation): string | undefined {
  const form = operation.type === undefined ? undefined : FORMS[operation.type];
  if (form === undefined) return 'Unknown offer operation';
  const [field, text] = form;
  if (operation[field] === undefined) return text;
  if ((operation.reserve?.source ?? []).length > 0) {
    return 'Reservation updates are not yet implemented for the scheduler API.';
  }
  return undefined;
}

function resourcesOf(operation: OfferOperation): readonly Resource[] {
  switch (operation.type) {
    case 'LAUNCH':
      return (operation.launch?.task_infos ?? []).flatMap(resourcesOfTask);
    case 'LAUNCH_GROUP': {
      const group = operation.launch_group;
      const tasks = (group?.task_group.tasks ?? []).flatMap(resourcesOfTask);
      return [...(group?.executor.resources ?? []), ...tasks];
    }
    case 'RESERVE':
      return operation.reserve?.resources ?? [];
    case 'UNRESERVE':
      return operation.unreserve?.resources ?? [];
    case 'CREATE':
      return operation.create?.volumes ?? [];
    case 'DESTROY':
      return operation.destroy?.volumes ?? [];
    // Their own validation names the field.
    default:
      return [];
  }
}

function resourcesOfTask(task: TaskInfo): readonly Resource[] {
  return [...(task.resources ?? []), ...(task.executor?.resources ?? [])];
}

function refuseFeedback(operation: OfferOperation, agent: Agent): string | undefined {
  if (operation.id === undefined) return undefined;
  if (operation.type === 'LAUNCH' || operation.type === 'LAUNCH_GROUP') {
    return `The \`id\` field cannot be set on ${operation.type} operations`;
  }
  if (!agent.capabilities.has('RESOURCE_PROVIDER')) {
    return `Operation requested feedback, but agent ${agent.id} does not have the required RESOURCE_PROVIDER capability`;
  }
  if (!agent.capabilities.has('AGENT_OPERATION_FEEDBACK')) {
    return `Operation on agent default resources requested feedback, but agent ${agent.id} does not have the required AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities`;
  }
  return undefined;
}

function normalize(operation: OfferOperation, { role, framework }: Acceptance): OfferOperation {
  const list = (resources: readonly Resource[] | undefined): readonly Resource[] =>
    allocateMissing(toPostReservationRefinement(resources ?? []), role);
  const one = (resource: Resource): Resource => list([resource])[0] ?? resource;
  const executorOf = (info: ExecutorInfo): ExecutorInfo => ({
    ...info,
    resources: list(info.resources),
  });
  const { launch, launch_group, reserve, unreserve, create, destroy } = operation;
  const { grow_volume, shrink_volume } = operation;
  if (launch !== undefined) {
    const task_infos = (launch.task_infos ?? []).map((task): TaskInfo => {
      const executor = task.executor === undefined ? undefined : executorOf(task.executor);
      return {
        ...task,
        resources: list(task.resources),
        ...(executor === undefined
          ? {}
          : {
              executor: {
                ...executor,
                framework_id: executor.framework_id ?? { value: framework.id },
              },
            }),
        ...(task.health_check === undefined ? {} : { health_check: typed(task.health_check) }),
      };
    });
    return { ...operation, launch: { ...launch, task_infos } };
  }
  if (launch_group !== undefined) {
    const executor = executorOf(launch_group.executor);
    const tasks = (launch_group.task_group.tasks ?? []).map(
      (task): TaskInfo => ({
        ...task,
        resources: list(task.resources),
        executor: task.executor === undefined ? executor : executorOf(task.executor),
      }),
    );
    return { ...operation, launch_group: { ...launch_group, executor, task_group: { tasks } } };
  }
  if (reserve !== undefined) {
    return { ...operation, reserve: { ...reserve, resources: list(reserve.resources) } };
  }
  if (unreserve !== undefined) {
    return { ...operation, unreserve: { ...unreserve, resources: list(unreserve.resources) } };
  }
  if (create !== undefined) {
    return { ...operation, create: { ...create, volumes: list(create.volumes) } };
  }
  if (destroy !== undefined) {
    return { ...operation, destroy: { ...destroy, volumes: list(destroy.volumes) } };
  }
  if (grow_volume !== undefined) {
    const { volume, addition } = grow_volume;
    const grown = { ...grow_volume, volume: one(volume), addition: one(addition) };
    return { ...operation, grow_volume: grown };
  }
  if (shrink_volume === undefined) return operation;
  return { ...operation, shrink_volume: { ...shrink_volume, volume: one(shrink_volume.volume) } };
}

/** Old clients leave the type out. */
function typed(check: HealthCheck): HealthCheck {
  if (check.type !== undefined) return check;
  if (check.command !== undefined && check.http === undefined) return { ...check, type: 'COMMAND' };
  if (check.http !== undefined && check.command === undefined) return { ...check, type: 'HTTP' };
  return check;
}
