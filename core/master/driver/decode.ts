/**
 * Bytes of classic drivers' messages to what they ask for (spec libprocess, section 3; spec scheduler-api,
 * section 23). All but (re)registration and deactivation are calls of the v1 API in older words.
 */
import { ok, type Result } from '../../base/result.ts';
import { decodeMessage } from '../../wire/codec.ts';
import { decodeDriverCall } from '../../wire/driver-call.ts';
import type { Call, CallReconcileTask } from '../../wire/types/mesos.v1.scheduler.ts';
import type { FrameworkID, FrameworkInfo, TaskStatus } from '../../wire/types/mesos.v1.ts';
import type { MessageTypes } from '../../wire/types/messages.ts';

/** What a driver asks for; `message` is the name it came under. */
export type DriverRequest =
  | {
      readonly kind: 'call';
      readonly message: string;
      readonly call: Call;
      readonly force: boolean;
    }
  | { readonly kind: 'register'; readonly message: string; readonly framework: FrameworkInfo }
  | {
      readonly kind: 'reregister';
      readonly message: string;
      readonly framework: FrameworkInfo;
      readonly failover: boolean;
    }
  | { readonly kind: 'deactivate'; readonly message: string; readonly framework: FrameworkID };

type Decoder = (name: string, body: Uint8Array) => Result<DriverRequest>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['mesos.scheduler.Call', decodeCall],
  [
    'mesos.internal.RegisterFrameworkMessage',
    reading('mesos.internal.RegisterFrameworkMessage', ({ framework }, message) => ({
      ...{ kind: 'register', message, framework },
    })),
  ],
  [
    'mesos.internal.ReregisterFrameworkMessage',
    reading('mesos.internal.ReregisterFrameworkMessage', ({ framework, failover }, message) => ({
      ...{ kind: 'reregister', message, framework, failover },
    })),
  ],
  [
    'mesos.internal.DeactivateFrameworkMessage',
    reading('mesos.internal.DeactivateFrameworkMessage', ({ framework_id }, message) => ({
      ...{ kind: 'deactivate', message, framework: framework_id },
    })),
  ],
  [
    'mesos.internal.UnregisterFrameworkMessage',
    calling('mesos.internal.UnregisterFrameworkMessage', ({ framework_id }) => ({
      framework_id,
      type: 'TEARDOWN',
    })),
  ],
  [
    'mesos.internal.ResourceRequestMessage',
    calling('mesos.internal.ResourceRequestMessage', ({ framework_id, requests }) => ({
      framework_id,
      type: 'REQUEST',
      request: { requests },
    })),
  ],
  [
    'mesos.internal.LaunchTasksMessage',
    calling('mesos.internal.LaunchTasksMessage', ({ framework_id, tasks, filters, offer_ids }) => ({
      framework_id,
      type: 'ACCEPT',
      // Without tasks this is how an old driver declines.
      accept: {
        offer_ids,
        operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
        filters,
      },
    })),
  ],
  [
    'mesos.internal.ReviveOffersMessage',
    calling('mesos.internal.ReviveOffersMessage', ({ framework_id, roles }) => ({
      framework_id,
      type: 'REVIVE',
      revive: { roles },
    })),
  ],
  [
    'mesos.internal.KillTaskMessage',
    calling('mesos.internal.KillTaskMessage', ({ framework_id, task_id, kill_policy }) => ({
      framework_id,
      type: 'KILL',
      kill: { task_id, kill_policy },
    })),
  ],
  [
    'mesos.internal.StatusUpdateAcknowledgementMessage',
    calling('mesos.internal.StatusUpdateAcknowledgementMessage', (it) => ({
      framework_id: it.framework_id,
      type: 'ACKNOWLEDGE',
      acknowledge: { agent_id: it.slave_id, task_id: it.task_id, uuid: it.uuid },
    })),
  ],
  [
    'mesos.internal.FrameworkToExecutorMessage',
    calling('mesos.internal.FrameworkToExecutorMessage', (it) => ({
      framework_id: it.framework_id,
      type: 'MESSAGE',
      message: { agent_id: it.slave_id, executor_id: it.executor_id, data: it.data },
    })),
  ],
  [
    'mesos.internal.ReconcileTasksMessage',
    calling('mesos.internal.ReconcileTasksMessage', ({ framework_id, statuses }) => ({
      framework_id,
      type: 'RECONCILE',
      reconcile: { tasks: (statuses ?? []).map(reconciledTask) },
    })),
  ],
]);

/** Undefined for names that are none of a driver's. */
export function decodeDriverRequest(
  name: string,
  body: Uint8Array,
): Result<DriverRequest> | undefined {
  return DECODERS.get(name)?.(name, body);
}

function decodeCall(message: string, body: Uint8Array): Result<DriverRequest> {
  const read = decodeDriverCall(body);
  return read.ok ? ok({ kind: 'call', message, ...read.value }) : read;
}

function reconciledTask(status: TaskStatus): CallReconcileTask {
  return { task_id: status.task_id, agent_id: status.agent_id };
}

function reading<N extends keyof MessageTypes>(
  name: N,
  make: (message: MessageTypes[N], name: string) => DriverRequest,
): Decoder {
  return (_name, body) => {
    const read = decodeMessage(name, body);
    return read.ok ? ok(make(read.value, name)) : read;
  };
}

function calling<N extends keyof MessageTypes>(
  name: N,
  make: (message: MessageTypes[N]) => Call,
): Decoder {
  return reading(name, (read, message) => ({
    kind: 'call',
    message,
    call: make(read),
    force: false,
  }));
}
