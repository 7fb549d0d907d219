/**
 * The launcher's end of its starter (`keeper-program.ts`): asks for processes, hears of them. `start` waits
 * until the process is where it is put, which takes the kernel up to ten milliseconds; `begin` does not.
 */

import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { ClusterError } from '../../base/errors.ts';
import type { UserIds } from '../../executor/hosted.ts';
import { type WaitStatus, waitStatusOf } from '../../executor/wait-status.ts';
import type { StarterPipes } from './keeper.ts';
import type { ProcessIdentity } from './ports.ts';
import { groupsWord } from './user-words.ts';

/** What a process is and where it is put before it becomes its program. */
export interface StartRequest {
  /** Written down by the process itself, as the first thing it does; empty: nowhere. */
  readonly mark: string;
  /** Answered when the program runs, not before: the files of its output are open then. */
  readonly waits: boolean;
  readonly cwd: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly user: UserIds | undefined;
  readonly oomScoreAdjust: number | undefined;
  /** Directories of cgroups. */
  readonly joins: readonly string[];
  readonly file: string;
  /** From `argv[0]`. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What is told of a process that is not waited for; in this order, and nothing after `onRefused`. */
export interface OrderHandlers {
  /** It exists, and leads its own session. */
  onBorn(identity: ProcessIdentity): void;
  /** It is where it was to be put, and about to become its program. */
  onBegun(identity: ProcessIdentity): void;
  /** It could not be made, or put there. */
  onRefused(why: string): void;
  /** It ended before it had begun; the end is told as any other, after this. */
  onLost(): void;
}

interface Order {
  readonly name: string;
  readonly bytes: Buffer;
  readonly handlers: OrderHandlers;
  identity: ProcessIdentity | undefined;
}

export interface StarterHandlers {
  onEnd(identity: ProcessIdentity, status: WaitStatus): void;
  /** Nothing can be started any more. */
  onGone(): void;
}

const REPLY_BYTES_MAX = 4096;
/** Further ones wait here until some of these have begun. */
const BEGINNING_MAX = 32;

export class Starter {
  private readonly pipes: StarterPipes;
  private readonly handlers: StarterHandlers;
  private readonly reply = Buffer.alloc(REPLY_BYTES_MAX);
  private rest = '';
  private orderCount = 0;
  private readonly beginning = new Map<string, Order>();
  private readonly waiting: Order[] = [];

  constructor(pipes: StarterPipes, handlers: StarterHandlers) {
    this.pipes = pipes;
    this.handlers = handlers;
    const ends = new Socket({ fd: pipes.ends, readable: true, writable: false });
    ends.setEncoding('latin1');
    ends.on('data', (text: string) => this.heard(text));
    ends.on('error', () => {});
    ends.on('close', () => this.handlers.onGone());
  }

  /** Throws a `ClusterError` when it cannot be started. */
  start(request: StartRequest): ProcessIdentity {
    const [pid = '', ...more] = this.ask(encode('', request)).split(' ');
    if (pid !== '0') return { pid: Number(pid), startTime: more[0] ?? '' };
    throw new ClusterError('STARTER', more.join(' '), { retriable: true });
  }

  /** Throws a `ClusterError` when it can never be started. */
  begin(request: StartRequest, handlers: OrderHandlers): void {
    this.orderCount += 1;
    const name = String(this.orderCount);
    this.waiting.push({ name, bytes: encode(name, request), handlers, identity: undefined });
    this.sendWaiting();
  }

  private sendWaiting(): void {
    while (this.beginning.size < BEGINNING_MAX) {
      const order = this.waiting.shift();
      if (order === undefined) return;
      this.beginning.set(order.name, order);
      this.send(order.bytes);
    }
  }

  private send(bytes: Buffer): void {
    try {
      for (let sent = 0; sent < bytes.length; ) {
        sent += writeSync(this.pipes.requests, bytes, sent);
      }
    } catch {
      // Broken pipe.
      this.handlers.onGone();
    }
  }

  private ask(request: Buffer): string {
    this.send(request);
    try {
      let size = 0;
      while (this.reply[size - 1] !== 10) {
        const count = readSync(this.pipes.replies, this.reply, size, REPLY_BYTES_MAX - size, null);
        if (count === 0) break;
        size += count;
      }
      if (size > 0) return this.reply.toString('latin1', 0, size - 1);
    } catch {
      // Broken pipe: the same as no answer.
    }
    this.handlers.onGone();
    throw new ClusterError('STARTER', 'the starter has gone', { retriable: true });
  }

  private heard(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const [kind = '', name = '', ...words] = line.split(' ');
      this.told(kind, name, words);
    }
    this.sendWaiting();
  }

  private told(kind: string, name: string, words: readonly string[]): void {
    const order = this.beginning.get(name);
    const [pid, startTime = '', status] = words;
    const identity = { pid: Number(pid), startTime };
    if (kind === 'ended') {
      this.beginning.delete(name);
      if (order !== undefined && order.identity === undefined) order.handlers.onBorn(identity);
      order?.handlers.onLost();
      this.handlers.onEnd(identity, waitStatusOf(Number(status)));
      return;
    }
    if (order === undefined) return;
    if (kind === 'born') {
      order.identity = identity;
      order.handlers.onBorn(identity);
      return;
    }
    this.beginning.delete(name);
    if (kind === 'begun' && order.identity !== undefined) order.handlers.onBegun(order.identity);
    else order.handlers.onRefused(words.join(' '));
  }
}

function encode(order: string, request: StartRequest): Buffer {
  const fields = [order, ...fieldsOf(request)];
  if (fields.some((field) => field.includes('\0'))) {
    throw new ClusterError('STARTER', 'a word contains a NUL byte', { retriable: false });
  }
  const body = Buffer.from(fields.join('\0'));
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeUInt32BE(body.length);
  body.copy(bytes, 4);
  return bytes;
}

function fieldsOf(request: StartRequest): readonly string[] {
  const { user, joins, words, environment } = request;
  return [
    request.waits ? '1' : '',
    request.mark,
    request.cwd,
    request.stdout,
    request.stderr,
    String(user?.uid ?? ''),
    groupsWord(user),
    String(request.oomScoreAdjust ?? ''),
    String(joins.length),
    ...joins,
    String(words.length),
    request.file,
    ...words,
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ];
}
