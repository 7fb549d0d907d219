/**
 * Containers without an executor, as the agent's API makes them: standalone, nested, sessions
 * (spec operator-api, section 10). They live in the launcher like everything else; this is what the
 * agent asks of it and hears from it. Plain JSON values: they travel over the launcher's socket.
 */
import type { HostedCommand, UserIds } from '../../executor/hosted.ts';
import type { Resource } from '../../wire/types/mesos.v1.ts';
import type { IsolationPlan } from '../containerizer/plan.ts';
import type { ContainerLimitation } from '../launcher-port.ts';

/** `files`: output goes to the sandbox only; `pipes` and `tty`: it can be attached to as well. */
export type ContainerIo = 'files' | 'pipes' | 'tty';

export interface PlainSpec {
  /** The ids from the root down, joined by dots: `root.child.grandchild`. */
  readonly id: string;
  /** The environment holds the command's own variables only. */
  readonly command: HostedCommand;
  readonly baseEnvironment: Readonly<Record<string, string>>;
  /** Where `stdout` and `stderr` are written. */
  readonly sandbox: string;
  readonly workingDirectory: string;
  readonly user?: UserIds;
  readonly io: ContainerIo;
  /** Ends when the agent that asked for it is gone. */
  readonly isSession: boolean;
  /** The container whose environment it gets, in place of the base where that is known. */
  readonly inheritsFrom?: string;
  /** Undefined: a plain process, or where its parent is. */
  readonly isolation?: IsolationPlan;
  /** Only told back. */
  readonly note: PlainNote;
}

export interface PlainNote {
  readonly resources: readonly Resource[];
  readonly userName?: string;
}

export interface PlainReport {
  readonly id: string;
  readonly sandbox: string;
  readonly workingDirectory: string;
  readonly io: ContainerIo;
  /** False when the connection to its input and output died with an earlier launcher. */
  readonly isAttachable: boolean;
  readonly isSession: boolean;
  readonly note: PlainNote;
  readonly pid?: number;
  readonly exitStatus?: number;
  readonly limitation?: ContainerLimitation;
}

export type ContainerEvent =
  /** All that exist, at each connection to a launcher. */
  | { readonly kind: 'plain-report'; readonly containers: readonly PlainReport[] }
  | { readonly kind: 'plain-started'; readonly id: string; readonly pid?: number }
  | { readonly kind: 'plain-failed'; readonly id: string; readonly message: string }
  /** A wait status, -1 unknown; told of executors (root) and their tasks (`root.nested`) too. */
  | {
      readonly kind: 'plain-ended';
      readonly id: string;
      readonly status: number;
      /** It used more than it was granted. */
      readonly limitation?: ContainerLimitation;
    }
  | {
      readonly kind: 'plain-output';
      readonly id: string;
      readonly stream: 'STDOUT' | 'STDERR';
      /** Base64. */
      readonly data: string;
    }
  /** The input with this number was taken by the process, or can never be. */
  | { readonly kind: 'plain-input-taken'; readonly id: string; readonly sequence: number };

export type ContainerRequest =
  | { readonly kind: 'plain-launch'; readonly spec: PlainSpec }
  | { readonly kind: 'plain-signal'; readonly id: string; readonly signal: number }
  | { readonly kind: 'plain-destroy'; readonly id: string }
  | { readonly kind: 'plain-forget'; readonly id: string }
  /** Whether `plain-output` is wanted. */
  | { readonly kind: 'plain-watch'; readonly id: string; readonly isWatched: boolean }
  /** Whether reading the output has to wait, so that the process does. */
  | { readonly kind: 'plain-throttle'; readonly id: string; readonly isThrottled: boolean }
  /** Base64; empty closes the input. */
  | {
      readonly kind: 'plain-input';
      readonly id: string;
      readonly sequence: number;
      readonly data: string;
    }
  | {
      readonly kind: 'plain-resize';
      readonly id: string;
      readonly rows: number;
      readonly columns: number;
    };

/** Requests do not answer; events tell what came of them. A launch may be repeated. */
export interface ContainerLauncher {
  onContainerEvent(listener: (event: ContainerEvent) => void): void;
  request(request: ContainerRequest): void;
}
