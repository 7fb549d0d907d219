/**
 * What goes into the master's machine and what comes out. Inputs are decoded by the shell; effects
 * are carried out by it in order (README, life of a task).
 */
import type { Instant } from '../base/clock.ts';
import type { FrameworkId } from '../base/ids.ts';
import type { LogFields } from '../base/log.ts';
import type { Upid } from '../net/ports.ts';
import type { Call, Event as SchedulerEvent } from '../wire/types/mesos.v1.scheduler.ts';
import type { MessageTypes } from '../wire/types/messages.ts';
import type { DriverRequest } from './driver/decode.ts';
import type { OperatorEvent } from './events.ts';
import type { OperatorAnswer, OperatorRequest } from './operator/requests.ts';
import type { ConnectionId } from './records.ts';
import type { RecoveredRegistry, RegistryOperation } from './registry.ts';

/** Messages of agents the master understands. */
export type AgentMessageName =
  | 'mesos.internal.RegisterSlaveMessage'
  | 'mesos.internal.ReregisterSlaveMessage'
  | 'mesos.internal.UnregisterSlaveMessage'
  | 'mesos.internal.UpdateSlaveMessage'
  | 'mesos.internal.StatusUpdateMessage'
  | 'mesos.internal.ExitedExecutorMessage'
  | 'mesos.internal.ExecutorToFrameworkMessage'
  | 'mesos.internal.UpdateOperationStatusMessage';

export type AgentMessage = {
  [Name in AgentMessageName]: { readonly name: Name; readonly message: MessageTypes[Name] };
}[AgentMessageName];

export type MasterInput =
  /** This master leads now. */
  | { readonly kind: 'elected' }
  /** What it had to know for that has been read. */
  | { readonly kind: 'recovered'; readonly registry: RecoveredRegistry }
  | { readonly kind: 'message'; readonly from: Upid; readonly content: AgentMessage }
  | { readonly kind: 'driver'; readonly from: Upid; readonly request: DriverRequest }
  /** Who the actor at `pid` has proved to be; undefined when it begins to prove it anew. */
  | { readonly kind: 'identified'; readonly pid: Upid; readonly principal: string | undefined }
  | { readonly kind: 'pong'; readonly observer: number }
  /** The link to this pid broke. */
  | { readonly kind: 'exited'; readonly pid: Upid }
  | {
      readonly kind: 'subscribe';
      readonly call: Call;
      readonly connection: ConnectionId;
      readonly principal: string | undefined;
    }
  /** A call of a subscribed framework, checked by `checkCall`. */
  | { readonly kind: 'call'; readonly framework: FrameworkId; readonly call: Call }
  | { readonly kind: 'disconnected'; readonly connection: ConnectionId }
  /** An operator changes something; the answer carries the ticket. */
  | {
      readonly kind: 'operator';
      readonly ticket: number;
      readonly request: OperatorRequest;
      /** Who asks, when that is known. */
      readonly principal?: string | undefined;
    }
  /** An operator ends a framework. */
  | { readonly kind: 'teardown'; readonly framework: FrameworkId }
  /** A registry write with this number is durable. */
  | { readonly kind: 'persisted'; readonly write: number }
  /** The only host names whose agents are offered from now on. */
  | { readonly kind: 'whitelist'; readonly hostnames: readonly string[] }
  | { readonly kind: 'woke' };

/** Messages the master sends to agents and drivers. */
export type OutgoingName =
  | 'mesos.internal.SlaveRegisteredMessage'
  | 'mesos.internal.SlaveReregisteredMessage'
  | 'mesos.internal.RunTaskMessage'
  | 'mesos.internal.RunTaskGroupMessage'
  | 'mesos.internal.KillTaskMessage'
  | 'mesos.internal.ShutdownFrameworkMessage'
  | 'mesos.internal.ShutdownExecutorMessage'
  | 'mesos.internal.ShutdownMessage'
  | 'mesos.internal.FrameworkToExecutorMessage'
  | 'mesos.internal.UpdateFrameworkMessage'
  | 'mesos.internal.CheckpointResourcesMessage'
  | 'mesos.internal.ApplyOperationMessage'
  | 'mesos.internal.ReconcileOperationsMessage'
  | 'mesos.internal.StatusUpdateAcknowledgementMessage'
  | 'mesos.internal.AcknowledgeOperationStatusMessage'
  | 'mesos.internal.DrainSlaveMessage'
  | 'mesos.internal.PingSlaveMessage'
  | DriverMessageName;

/** What the master says to classic driver frameworks. */
type DriverMessageName =
  | 'mesos.internal.FrameworkRegisteredMessage'
  | 'mesos.internal.FrameworkReregisteredMessage'
  | 'mesos.internal.ResourceOffersMessage'
  | 'mesos.internal.RescindResourceOfferMessage'
  | 'mesos.internal.InverseOffersMessage'
  | 'mesos.internal.RescindInverseOfferMessage'
  | 'mesos.internal.StatusUpdateMessage'
  | 'mesos.internal.ExecutorToFrameworkMessage'
  | 'mesos.internal.ExitedExecutorMessage'
  | 'mesos.internal.LostSlaveMessage'
  | 'mesos.internal.FrameworkErrorMessage';

export type Outgoing = {
  [Name in OutgoingName]: { readonly name: Name; readonly message: MessageTypes[Name] };
}[OutgoingName];

export type MasterEffect =
  /** `from` is the sending actor's id: `master` or `slave-observer(N)`. */
  | {
      readonly kind: 'send';
      readonly from: string;
      readonly to: Upid;
      readonly content: Outgoing;
    }
  | { readonly kind: 'link'; readonly pid: Upid }
  | { readonly kind: 'unlink'; readonly pid: Upid }
  | { readonly kind: 'observe'; readonly observer: number }
  | { readonly kind: 'unobserve'; readonly observer: number }
  | { readonly kind: 'event'; readonly connection: ConnectionId; readonly event: SchedulerEvent }
  | { readonly kind: 'close'; readonly connection: ConnectionId }
  | {
      readonly kind: 'persist';
      readonly write: number;
      readonly operations: readonly RegistryOperation[];
    }
  | { readonly kind: 'answer'; readonly ticket: number; readonly answer: OperatorAnswer }
  | { readonly kind: 'operator-event'; readonly event: OperatorEvent }
  | { readonly kind: 'wake'; readonly at: Instant }
  /** The process must end: an operator set a limit that was exceeded. */
  | { readonly kind: 'fail'; readonly reason: string }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn';
      readonly fields: LogFields;
      readonly text: string;
    };
