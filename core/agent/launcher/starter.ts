/**
 * The launcher's end of its starter (`keeper-program.ts`): asks for processes, hears of their ends. A request
 * is answered when the process leads its own session, which takes about a millisecond.
 */
import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { ClusterError } from '../../base/errors.ts';
import { type WaitStatus, waitStatusOf } from '../../executor/wait-status.ts';
import type { StarterPipes } from './keeper.ts';
import type { ProcessIdentity } from './ports.ts';

/** What a process is and where it is put before it becomes its program. */
export interface StartRequest {
  /** Written down by the process itself, as the first thing it does; empty: nowhere. */
  readonly mark: string;
  /** Answered when the program runs, not before: the files of its output are open then. */
  readonly waits: boolean;
  readonly cwd: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  readonly oomScoreAdjust: number | undefined;
  /** Directories of cgroups. */
  readonly joins: readonly string[];
  readonly file: string;
  /** From `argv[0]`. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface StarterHandlers {
  onEnd(identity: ProcessIdentity, status: WaitStatus): void;
  /** Nothing can be started any more. */
  onGone(): void;
}

const REPLY_BYTES_MAX = 4096;

export class Starter {
  private readonly pipes: StarterPipes;
  private readonly handlers: StarterHandlers;
  private readonly reply = Buffer.alloc(REPLY_BYTES_MAX);
  private rest = '';

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
    const fields = fieldsOf(request);
    if (fields.some((field) => field.includes('\0'))) {
      throw new ClusterError('STARTER', 'a word contains a NUL byte', { retriable: false });
    }
    const [pid = '', ...more] = this.ask(Buffer.from(fields.join('\0'))).split(' ');
    if (pid !== '0') return { pid: Number(pid), startTime: more[0] ?? '' };
    throw new ClusterError('STARTER', more.join(' '), { retriable: true });
  }

  private ask(body: Buffer): string {
    const request = Buffer.alloc(4 + body.length);
    request.writeUInt32BE(body.length);
    body.copy(request, 4);
    try {
      for (let sent = 0; sent < request.length; ) {
        sent += writeSync(this.pipes.requests, request, sent);
      }
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
      const [pid, startTime = '', status] = line.split(' ');
      this.handlers.onEnd({ pid: Number(pid), startTime }, waitStatusOf(Number(status)));
    }
  }
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
    String(user?.gid ?? ''),
    String(request.oomScoreAdjust ?? ''),
    String(joins.length),
    ...joins,
    String(words.length),
    request.file,
    ...words,
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ];
}
