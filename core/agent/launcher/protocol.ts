/**
 * What travels on the launcher's socket: one JSON value per line, both ways.
 *
 *     agent    -> launcher   hello{version}, then LauncherRequest...
 *     launcher -> agent      LauncherEvent..., the first one a `report`
 *
 * A new connection replaces the old one, which hears `replaced` as its last line. Nothing is
 * answered; requests may be repeated.
 */
import type { Socket } from 'node:net';
import type { DurationMs } from '../../base/duration.ts';
import type { HostedTask } from '../../executor/hosted.ts';
import { joinWritesOfTurn } from '../../net/joined-writes.ts';
import type { IsolationPlan } from '../containerizer/plan.ts';
import { FAILPOINT_VARIABLE } from '../failpoints.ts';
import type { ContainerSpec, ContainerUpdate } from '../launcher-port.ts';

/** Raised when old launchers cannot be talked to any more. */
export const PROTOCOL_VERSION = 1;

export interface LauncherHello {
  readonly kind: 'hello';
  readonly version: number;
}

export type LauncherRequest =
  | { readonly kind: 'launch'; readonly spec: ContainerSpec }
  | {
      readonly kind: 'run';
      readonly containerId: string;
      readonly tasks: readonly HostedTask[];
      readonly isolation?: Readonly<Record<string, IsolationPlan>>;
    }
  | { readonly kind: 'update'; readonly containerId: string; readonly update: ContainerUpdate }
  | {
      readonly kind: 'kill';
      readonly containerId: string;
      readonly taskId: string;
      readonly graceMs?: DurationMs;
    }
  | {
      readonly kind: 'acknowledge';
      readonly containerId: string;
      readonly taskId: string;
      readonly uuid: string;
    }
  | { readonly kind: 'shutdown'; readonly containerId: string }
  | { readonly kind: 'destroy'; readonly containerId: string }
  | { readonly kind: 'forget'; readonly containerId: string }
  /** Everything is killed and the launcher ends. */
  | { readonly kind: 'stop' };

/** Where a process is to kill itself at some step, what it has said before must be out then. */
const JOINS_LINES = process.env[FAILPOINT_VARIABLE] === undefined;

/** Writes one line; those of a turn leave together. False when the other end reads too slowly. */
export function writeLine(socket: Socket, value: unknown): boolean {
  if (JOINS_LINES) joinWritesOfTurn(socket);
  return socket.write(`${JSON.stringify(value)}\n`);
}

/** Splits a stream of bytes into the JSON values of its lines. */
export class LineDecoder {
  private rest = '';
  private readonly text = new TextDecoder();

  push(chunk: Uint8Array): readonly unknown[] {
    const lines = (this.rest + this.text.decode(chunk, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }
}
