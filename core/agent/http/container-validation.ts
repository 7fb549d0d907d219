/** What calls about containers must look like (spec operator-api, section 10, last paragraphs). */
import { isPersistentVolume, isUnreserved } from '../../resources/kinds.ts';
import { toPostReservationRefinement } from '../../resources/refinement.ts';
import type {
  Call,
  CallAttachContainerInput,
  CallLaunchContainer,
  ProcessIO,
} from '../../wire/types/mesos.v1.agent.ts';
import type { ContainerID } from '../../wire/types/mesos.v1.ts';
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
  if (type === 'PRUNE_IMAGES') return presence(call.prune_images, 'prune_images');
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
  return call.launch_container === undefined ? undefined : launchFault(call.launch_container);
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

function launchFault(launch: CallLaunchContainer): string | undefined {
  const depth = depthOf(launch.container_id);
  const shares = launch.container?.linux_info?.share_cgroups;
  const invalid = "'launch_container' is invalid: ";
  if (depth >= 2) {
    const deep = `${invalid}containers nested at the second level or greater cannot`;
    if ((launch.resources ?? []).length > 0) return `${deep} specify resources`;
    if (Object.keys(launch.limits ?? {}).length > 0) return `${deep} specify resource limits`;
    if (shares === false) return `${deep} set 'share_cgroups' to 'false'`;
  }
  if (depth === 0 && shares === true) {
    return `${invalid}containers without a parent cannot set 'share_cgroups' to 'true'`;
  }
  const resources = toPostReservationRefinement(launch.resources ?? []);
  if (!resources.every(isUnreserved)) return "'launch_container.resources' must be unreserved";
  if (resources.some(({ revocable }) => revocable !== undefined)) {
    return "'launch_container.resources' must be non-revocable";
  }
  if (resources.some(isPersistentVolume)) {
    return "'launch_container.resources' must not contain persistent volumes";
  }
  return undefined;
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
