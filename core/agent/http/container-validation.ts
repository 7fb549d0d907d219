/** What calls about containers must look like (spec operator-api, section 10, last paragraphs). */
import { isPersistentVolume, isRevocable, isUnreserved } from '../../resources/kinds.ts';
import { toPostReservationRefinement } from '../../resources/refinement.ts';
import { validateResources } from '../../resources/validate.ts';
import { validateCommand, validateContainer } from '../../validation/messages.ts';
import type {
  Call,
  CallAttachContainerInput,
  CallLaunchContainer,
  CallLaunchNestedContainer,
  CallLaunchNestedContainerSession,
  ProcessIO,
} from '../../wire/types/mesos.v1.agent.ts';
import type { ContainerID, Resource } from '../../wire/types/mesos.v1.ts';
import { containerIdFault, depthOf } from '../containers/ids.ts';

const ABOUT_CONTAINERS: ReadonlySet<string> = new Set([
  'LAUNCH_CONTAINER',
  'WAIT_CONTAINER',
  'KILL_CONTAINER',
  'REMOVE_CONTAINER',
  'LAUNCH_NESTED_CONTAINER',
  'WAIT_NESTED_CONTAINER',
  'KILL_NESTED_CONTAINER',
  'REMOVE_NESTED_CONTAINER',
  'LAUNCH_NESTED_CONTAINER_SESSION',
  'ATTACH_CONTAINER_OUTPUT',
]);

/** What follows `Failed to validate agent::Call: `; undefined when all is well. */
export function containerCallFault(call: Call): string | undefined {
  const type = call.type ?? '';
  if (type === 'ATTACH_CONTAINER_INPUT') {
    const missing = presence(call.attach_container_input, 'attach_container_input');
    return missing ?? inputFault(call.attach_container_input ?? {});
  }
  if (!ABOUT_CONTAINERS.has(type)) return undefined;
  const field = type.toLowerCase();
  const id = containerIdOf(call);
  if (id === undefined) return `Expecting '${field}' to be present`;
  const fault = containerIdFault(id);
  if (fault !== undefined) return `'${field}.container_id' is invalid: ${fault}`;
  if (type.includes('_NESTED_') && id.parent === undefined) {
    return `Expecting '${field}.container_id.parent' to be present`;
  }
  switch (type) {
    case 'LAUNCH_CONTAINER':
      return call.launch_container && launchFault(call.launch_container);
    case 'LAUNCH_NESTED_CONTAINER':
      return call.launch_nested_container && nestedFault(call.launch_nested_container);
    case 'LAUNCH_NESTED_CONTAINER_SESSION':
      return (
        call.launch_nested_container_session && sessionFault(call.launch_nested_container_session)
      );
    default:
      return undefined;
  }
}

/** The container that the call is about; calls have one argument, named like them. */
export function containerIdOf(call: Call): ContainerID | undefined {
  switch (call.type) {
    case 'LAUNCH_CONTAINER':
      return call.launch_container?.container_id;
    case 'WAIT_CONTAINER':
      return call.wait_container?.container_id;
    case 'KILL_CONTAINER':
      return call.kill_container?.container_id;
    case 'REMOVE_CONTAINER':
      return call.remove_container?.container_id;
    case 'LAUNCH_NESTED_CONTAINER':
      return call.launch_nested_container?.container_id;
    case 'WAIT_NESTED_CONTAINER':
      return call.wait_nested_container?.container_id;
    case 'KILL_NESTED_CONTAINER':
      return call.kill_nested_container?.container_id;
    case 'REMOVE_NESTED_CONTAINER':
      return call.remove_nested_container?.container_id;
    case 'LAUNCH_NESTED_CONTAINER_SESSION':
      return call.launch_nested_container_session?.container_id;
    case 'ATTACH_CONTAINER_OUTPUT':
      return call.attach_container_output?.container_id;
    default:
      return undefined;
  }
}

function presence(value: unknown, field: string): string | undefined {
  return value === undefined ? `Expecting '${field}' to be present` : undefined;
}

const TOO_DEEP = 'is invalid: containers nested at the second level or greater cannot';

function launchFault(launch: CallLaunchContainer): string | undefined {
  const { container_id, container, limits = {}, resources = [] } = launch;
  const depth = depthOf(container_id);
  const shares = container?.linux_info?.share_cgroups;
  const invalid = validateResources(resources);
  if (invalid !== undefined) return `Invalid resources: ${invalid}`;
  const fault =
    (depth === 0 ? standaloneFault(resources) : undefined) ??
    messagesFault('launch_container', launch);
  if (fault !== undefined) return fault;
  if (depth >= 2) {
    const deep = `'launch_container' ${TOO_DEEP}`;
    if (resources.length > 0) return `${deep} specify resources`;
    if (Object.keys(limits).length > 0) return `${deep} specify resource limits`;
    if (shares === false) return `${deep} set 'share_cgroups' to 'false'`;
  }
  return depth === 0 && shares === true
    ? "'launch_container' is invalid: containers without a parent cannot set 'share_cgroups' to 'true'"
    : undefined;
}

/** The master does not count what they use. */
function standaloneFault(given: readonly Resource[]): string | undefined {
  for (const resource of toPostReservationRefinement(given)) {
    if (!isUnreserved(resource)) return "'launch_container.resources' must be unreserved";
    if (isPersistentVolume(resource)) {
      return "'launch_container.resources' may not use persistent volumes";
    }
    if (isRevocable(resource)) return "'launch_container.resources' must be non-revocable";
  }
  return undefined;
}

function nestedFault(launch: CallLaunchNestedContainer): string | undefined {
  const fault = messagesFault('launch_nested_container', launch);
  if (fault !== undefined) return fault;
  const shares = launch.container?.linux_info?.share_cgroups;
  return shares === false && depthOf(launch.container_id) >= 2
    ? `'launch_nested_container' ${TOO_DEEP} set 'share_cgroups' to 'false'`
    : undefined;
}

function sessionFault(launch: CallLaunchNestedContainerSession): string | undefined {
  const fault = messagesFault('launch_nested_container_session', launch);
  if (fault !== undefined) return fault;
  return launch.container?.linux_info?.share_cgroups === false
    ? "'launch_nested_container_session.container.linux_info' is invalid: 'share_cgroups' cannot be set to 'false' for nested container sessions"
    : undefined;
}

function messagesFault(
  field: string,
  launch: Pick<CallLaunchContainer, 'command' | 'container'>,
): string | undefined {
  const { command, container } = launch;
  const inCommand = command && validateCommand(command);
  if (inCommand !== undefined) return `'${field}.command' is invalid: ${inCommand}`;
  const inContainer = container && validateContainer(container);
  return inContainer && `'${field}.container' is invalid: ${inContainer}`;
}

function inputFault(input: CallAttachContainerInput): string | undefined {
  switch (input.type) {
    case 'CONTAINER_ID': {
      if (input.container_id === undefined) {
        return "Expecting 'attach_container_input.container_id' to be present";
      }
      const fault = containerIdFault(input.container_id);
      return fault && `'attach_container_input.container_id' is invalid: ${fault}`;
    }
    case 'PROCESS_IO':
      if (input.process_io === undefined) {
        return "Expecting 'attach_container_input.process_io' to be present";
      }
      return processIoFault(input.process_io);
    case 'UNKNOWN':
      return "'attach_container_input.type' is unknown";
    default:
      return "Expecting 'attach_container_input.type' to be present";
  }
}

function processIoFault(io: ProcessIO): string | undefined {
  const { type, data, control } = io;
  if (type === undefined) return "Expecting 'process_io.type' to be present";
  if (type === 'UNKNOWN') return "'process_io.type' is unknown";
  if (type === 'DATA') {
    if (data === undefined) return "Expecting 'process_io.data' to be present";
    if (data.type === undefined) return "Expecting 'process_io.data.type' to be present";
    if (data.type !== 'STDIN') return "Expecting 'process_io.data.type' to be 'STDIN'";
    return presence(data.data, 'process_io.data.data');
  }
  if (control === undefined) return "Expecting 'process_io.control' to be present";
  if (control.type === undefined) return "Expecting 'process_io.control.type' to be present";
  if (control.type === 'UNKNOWN') return "'process_io.control.type' is unknown";
  return control.type === 'TTY_INFO'
    ? presence(control.tty_info, 'process_io.control.tty_info')
    : presence(control.heartbeat, 'process_io.control.heartbeat');
}
