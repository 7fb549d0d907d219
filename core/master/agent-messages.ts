/** Bytes of agents' messages to the machine's inputs, by message name. */
import { ok, type Result } from '../base/result.ts';
import { decodeMessage } from '../wire/codec.ts';
import type { MessageTypes } from '../wire/types/messages.ts';
import type { AgentMessage, AgentMessageName } from './effects.ts';

type Decoders = {
  readonly [Name in AgentMessageName]: (body: Uint8Array) => Result<AgentMessage>;
};

const DECODERS: Decoders = {
  'mesos.internal.RegisterSlaveMessage': (body) =>
    read('mesos.internal.RegisterSlaveMessage', body, (name, message) => ({ name, message })),
  'mesos.internal.ReregisterSlaveMessage': (body) =>
    read('mesos.internal.ReregisterSlaveMessage', body, (name, message) => ({ name, message })),
  'mesos.internal.UnregisterSlaveMessage': (body) =>
    read('mesos.internal.UnregisterSlaveMessage', body, (name, message) => ({ name, message })),
  'mesos.internal.UpdateSlaveMessage': (body) =>
    read('mesos.internal.UpdateSlaveMessage', body, (name, message) => ({ name, message })),
  'mesos.internal.StatusUpdateMessage': (body) =>
    read('mesos.internal.StatusUpdateMessage', body, (name, message) => ({ name, message })),
  'mesos.internal.ExitedExecutorMessage': (body) =>
    read('mesos.internal.ExitedExecutorMessage', body, (name, message) => ({ name, message })),
  'mesos.internal.ExecutorToFrameworkMessage': (body) =>
    read('mesos.internal.ExecutorToFrameworkMessage', body, (name, message) => ({ name, message })),
  'mesos.internal.UpdateOperationStatusMessage': (body) =>
    read('mesos.internal.UpdateOperationStatusMessage', body, (name, message) => ({
      name,
      message,
    })),
};

/** Undefined for names that are none of an agent's. */
export function decodeAgentMessage(
  name: string,
  body: Uint8Array,
): Result<AgentMessage> | undefined {
  return isAgentMessage(name) ? DECODERS[name](body) : undefined;
}

function isAgentMessage(name: string): name is AgentMessageName {
  return Object.hasOwn(DECODERS, name);
}

function read<Name extends AgentMessageName>(
  name: Name,
  body: Uint8Array,
  make: (name: Name, message: MessageTypes[Name]) => AgentMessage,
): Result<AgentMessage> {
  const decoded = decodeMessage(name, body);
  return decoded.ok ? ok(make(name, decoded.value)) : decoded;
}
