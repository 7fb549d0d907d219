/** What the machine is told and what it wants done; the shell does the rest, in order. */

import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { UserIds } from '../executor/hosted.ts';
import type { Upid } from '../net/ports.ts';
import type { Call, Event } from '../wire/types/mesos.v1.executor.ts';
import type { CommandInfoURI, MasterInfo } from '../wire/types/mesos.v1.ts';
import type { MessageTypes } from '../wire/types/messages.ts';
import type { AuthenticationResult } from './authentication.ts';
import type { RecoveredAgent } from './checkpoint/read.ts';
import type {
  ContainerConfig,
  ContainerizerEvent,
  ContainerResources,
  TaskLaunch,
} from './containerizer/port.ts';
import type { LauncherContainer } from './launcher-port.ts';
import type { LoadAverages } from './ports.ts';
import type { ExecutorStream } from './state.ts';
import type { VolumeLink } from './volumes.ts';

type OutgoingNames =
  | 'mesos.internal.RegisterSlaveMessage'
  | 'mesos.internal.ReregisterSlaveMessage'
  | 'mesos.internal.UnregisterSlaveMessage'
  | 'mesos.internal.UpdateSlaveMessage'
  | 'mesos.internal.PongSlaveMessage'
  | 'mesos.internal.StatusUpdateMessage'
  | 'mesos.internal.ExitedExecutorMessage'
  | 'mesos.internal.ExecutorToFrameworkMessage'
  | 'mesos.internal.UpdateOperationStatusMessage'
  | 'mesos.internal.ExecutorRegisteredMessage'
  | 'mesos.internal.ExecutorReregisteredMessage'
  | 'mesos.internal.ReconnectExecutorMessage'
  | 'mesos.internal.RunTaskMessage'
  | 'mesos.internal.KillTaskMessage'
  | 'mesos.internal.StatusUpdateAcknowledgementMessage'
  | 'mesos.internal.FrameworkToExecutorMessage'
  | 'mesos.internal.ShutdownExecutorMessage';

type IncomingNames =
  | 'mesos.internal.SlaveRegisteredMessage'
  | 'mesos.internal.SlaveReregisteredMessage'
  | 'mesos.internal.PingSlaveMessage'
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
  | 'mesos.internal.RegisterExecutorMessage'
  | 'mesos.internal.ReregisterExecutorMessage'
  | 'mesos.internal.StatusUpdateMessage'
  | 'mesos.internal.ExecutorToFrameworkMessage';

type MessageOf<Names extends keyof MessageTypes> = {
  [Name in Names]: { readonly name: Name; readonly value: MessageTypes[Name] };
}[Names];

export type OutgoingMessage = MessageOf<OutgoingNames>;
export type IncomingMessage = MessageOf<IncomingNames>;

/** The names the agent's process listens to. */
export const INCOMING_NAMES: ReadonlySet<string> = new Set<IncomingNames>([
  'mesos.internal.SlaveRegisteredMessage',
  'mesos.internal.SlaveReregisteredMessage',
  'mesos.internal.PingSlaveMessage',
  'mesos.internal.RunTaskMessage',
  'mesos.internal.RunTaskGroupMessage',
  'mesos.internal.KillTaskMessage',
  'mesos.internal.ShutdownFrameworkMessage',
  'mesos.internal.ShutdownExecutorMessage',
  'mesos.internal.ShutdownMessage',
  'mesos.internal.FrameworkToExecutorMessage',
  'mesos.internal.UpdateFrameworkMessage',
  'mesos.internal.CheckpointResourcesMessage',
  'mesos.internal.ApplyOperationMessage',
  'mesos.internal.ReconcileOperationsMessage',
  'mesos.internal.StatusUpdateAcknowledgementMessage',
  'mesos.internal.AcknowledgeOperationStatusMessage',
  'mesos.internal.DrainSlaveMessage',
  'mesos.internal.RegisterExecutorMessage',
  'mesos.internal.ReregisterExecutorMessage',
  'mesos.internal.StatusUpdateMessage',
  'mesos.internal.ExecutorToFrameworkMessage',
]);

export function isIncomingName(name: string): name is IncomingNames {
  return INCOMING_NAMES.has(name);
}

/** What came of making a sandbox. */
export type PreparedSandbox =
  | { readonly ok: true; readonly user: UserIds | undefined }
  | { readonly ok: false; readonly stage: 'directory' | 'fetch'; readonly message: string };

export type AgentInput =
  | {
      readonly kind: 'recovered';
      readonly checkpoint: RecoveredAgent;
      readonly containers: readonly LauncherContainer[];
      readonly bootId: string;
    }
  /** Without `info` nothing is known of the master but its address (`--master=host:port`). */
  | { readonly kind: 'master'; readonly pid: Upid | undefined; readonly info?: MasterInfo }
  | { readonly kind: 'message'; readonly from: Upid; readonly message: IncomingMessage }
  | {
      readonly kind: 'authenticated';
      readonly attempt: number;
      readonly result: AuthenticationResult;
    }
  /** A call that has passed validation; `stream` comes with SUBSCRIBE. */
  | {
      readonly kind: 'executor-call';
      readonly call: Call;
      readonly stream: ExecutorStream | undefined;
    }
  | { readonly kind: 'stream-closed'; readonly stream: ExecutorStream }
  | { readonly kind: 'launcher'; readonly event: ContainerizerEvent }
  | { readonly kind: 'prepared'; readonly containerId: string; readonly result: PreparedSandbox }
  /** Used fraction of the work directory's file system. */
  | { readonly kind: 'disk-usage'; readonly used: number }
  | { readonly kind: 'load'; readonly load: LoadAverages }
  /** A sandbox of no executor is left to the collector; relative to the work directory. */
  | { readonly kind: 'retired'; readonly path: string }
  | { readonly kind: 'woke' }
  /** Unregister, end all frameworks, exit. */
  | { readonly kind: 'shut-down' };

export type AgentEffect =
  | { readonly kind: 'send'; readonly to: Upid; readonly message: OutgoingMessage }
  | { readonly kind: 'link'; readonly to: Upid }
  /** Answered by `authenticated`, or never; an earlier attempt is given up. */
  | { readonly kind: 'authenticate'; readonly attempt: number; readonly master: Upid }
  | { readonly kind: 'event'; readonly stream: ExecutorStream; readonly event: Event }
  | { readonly kind: 'close-stream'; readonly stream: ExecutorStream }
  /** Replaces a file below the work directory atomically. */
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly bytes: Uint8Array;
      /** Must outlive a crash of the machine, not only of the process. */
      readonly durable?: boolean;
    }
  | {
      readonly kind: 'append';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly durable?: boolean;
    }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'make-directory'; readonly path: string }
  /** A directory or file, whole; relative to the work directory, or absolute. */
  | {
      readonly kind: 'remove';
      readonly path: string;
      /** The directory itself stays: a disk is mounted there. */
      readonly keepsRoot?: true;
    }
  /** Sandbox, owner, links, files to fetch; answered by `prepared`. */
  | {
      readonly kind: 'prepare';
      readonly containerId: string;
      readonly directory: string;
      /** Undefined does not switch. */
      readonly user: string | undefined;
      readonly uris: readonly CommandInfoURI[];
      readonly links: readonly VolumeLink[];
    }
  /** Gives up fetching files; `prepared` still comes. */
  | { readonly kind: 'cancel-prepare'; readonly containerId: string }
  | { readonly kind: 'launch'; readonly config: ContainerConfig }
  | {
      readonly kind: 'run';
      readonly containerId: string;
      readonly tasks: readonly TaskLaunch[];
    }
  | {
      readonly kind: 'update-container';
      readonly containerId: string;
      readonly resources: ContainerResources;
    }
  | {
      readonly kind: 'kill';
      readonly containerId: string;
      readonly taskId: string;
      readonly graceMs: DurationMs | undefined;
    }
  | {
      readonly kind: 'acknowledge';
      readonly containerId: string;
      readonly taskId: string;
      readonly uuid: string;
    }
  | { readonly kind: 'shutdown-container'; readonly containerId: string }
  | { readonly kind: 'destroy-container'; readonly containerId: string }
  | { readonly kind: 'forget-container'; readonly containerId: string }
  /** Answered by `disk-usage`. */
  | { readonly kind: 'measure-disk' }
  /** Answered by `load`. */
  | { readonly kind: 'measure-load' }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly text: string;
    }
  /** The agent ends; `failure` is the sentence when it could not go on. */
  | { readonly kind: 'exit'; readonly failure: string | undefined };

export type { Instant };
