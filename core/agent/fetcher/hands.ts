/**
 * Writing into a sandbox or the cache as the task's user: each step is a small program with that
 * user's rights. The agent itself may be root; it must not copy what the user cannot read, nor
 * follow a link that an unpacked archive has left where the next file goes.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ClusterError, describeError } from '../../base/errors.ts';
import { SETPRIV, setprivWords } from '../launcher/user-words.ts';
import type { SystemUser } from '../users.ts';
import type { Packing } from './uri.ts';

/** How much of what a program says is told on. */
const OUTPUT_MAX_BYTES = 64 * 1024;

export interface HandsOptions {
  /** Undefined is the agent's own. */
  readonly user: SystemUser | undefined;
  readonly signal: AbortSignal;
  readonly environment?: NodeJS.ProcessEnv;
}

export class Hands {
  private readonly options: HandsOptions;

  constructor(options: HandsOptions) {
    this.options = options;
  }

  async makeDirectory(path: string): Promise<void> {
    await this.run('mkdir', ['-p', path]);
  }

  /** Replaces what is there. */
  async copy(from: string, to: string): Promise<void> {
    await this.makeDirectory(dirname(to));
    await this.run('cp', [from, to]);
  }

  async write(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.makeDirectory(dirname(path));
    const child = this.start('sh', ['-c', 'exec cat > "$1"', 'sh', path], 'pipe');
    const ended = outcome(child, 'cat');
    // Both may fail for one reason (a full disk breaks the pipe); the program's words say which.
    const [fed, written] = await Promise.allSettled([
      child.stdin === null ? undefined : pipeline(Readable.from(bytes), child.stdin),
      ended,
    ]);
    if (written.status === 'rejected') throw written.reason;
    if (fed.status === 'rejected') throw fed.reason;
  }

  async makeExecutable(path: string): Promise<void> {
    await this.run('chmod', ['0755', path]);
  }

  async unpack(archive: string, packing: Packing, directory: string, name: string): Promise<void> {
    if (packing === 'tar') await this.run('tar', ['-C', directory, '-xf', archive]);
    else if (packing === 'zip') await this.run('unzip', ['-o', '-q', '-d', directory, archive]);
    else {
      const target = join(directory, name.replace(/\.gz$/, ''));
      await this.run('sh', ['-c', 'exec gunzip -c < "$1" > "$2"', 'sh', archive, target]);
    }
  }

  /** Gives what the program printed, at most 64 KiB of it. Throws when it fails. */
  async run(program: string, words: readonly string[]): Promise<string> {
    return await outcome(this.start(program, words, 'ignore'), program);
  }

  /** The same, with something to read. */
  async feed(program: string, words: readonly string[], input: string): Promise<string> {
    const child = this.start(program, words, 'pipe');
    // A program that ends early breaks the pipe; its words say why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    return await outcome(child, program);
  }

  private start(program: string, words: readonly string[], stdin: 'ignore' | 'pipe'): ChildProcess {
    const { user, signal, environment } = this.options;
    const options = {
      stdio: [stdin, 'pipe', 'pipe'] satisfies StdioOptions,
      signal,
      ...(environment === undefined ? {} : { env: environment }),
    };
    if (user === undefined) return spawn(program, words, options);
    const { uid, gid } = user;
    // Node takes all other groups from the user it switches to.
    if (user.groups.length === 0 || !existsSync(SETPRIV)) {
      return spawn(program, words, { ...options, uid, gid });
    }
    return spawn(SETPRIV, [...setprivWords(user), '--', program, ...words], options);
  }
}

async function outcome(child: ChildProcess, program: string): Promise<string> {
  const [out, told] = [gather(child.stdout), gather(child.stderr)];
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(describeError(error)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `exited with status ${code}` : `ended by ${signal}`);
    });
  });
  if (failure === undefined) return out();
  const words = told().trim();
  const text = words === '' ? `${program} failed: ${failure}` : `${program} failed: ${words}`;
  throw new ClusterError('FETCH', text, { retriable: false });
}

function gather(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (size < OUTPUT_MAX_BYTES) chunks.push(chunk.subarray(0, OUTPUT_MAX_BYTES - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Appends to the sandbox' `stderr`; a link in its place is not followed. */
export async function tell(directory: string, line: string): Promise<void> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const flags = O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY;
  const file = await open(join(directory, 'stderr'), flags, 0o644);
  try {
    await file.appendFile(`${line}\n`);
  } finally {
    await file.close();
  }
}
