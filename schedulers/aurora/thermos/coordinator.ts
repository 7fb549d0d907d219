/**
 * `thermos-coordinator`: watches one run of one process (spec thermos, sections 1 and 4). It has a session of its own and
 * outlives the runner, whose successor reads from the stream what has become of the process.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Clock } from '../../../core/base/clock.ts';
import { SystemClock, sleep } from '../../../core/base/clock.ts';
import { describeError } from '../../../core/base/errors.ts';
import type { ProcessStatus } from '../thrift/types.ts';
import { CheckpointWriter } from './checkpoint-stream.ts';
import { type ImageLaunch, imageCommand, imageRoot } from './filesystem-image.ts';
import { TASK_MARK } from './process-list.ts';
import { type LogFile, type LogSettings, openLogs } from './process-log.ts';
import { asUser, type SystemUser } from './users.ts';

export const COORDINATOR = 'thermos-coordinator';

/** How long the stream may be in the hands of an earlier coordinator. */
const CONTROL_WAIT_SECS = 60;
/** Output that a process's children keep open is read no longer after its end. */
const DRAIN_MS = 1_000;
/** What a shell says when there is no such program. */
const NO_SUCH_PROGRAM = 127;
const PROFILE = '.thermos_profile';

/** On standard input, as JSON. */
export interface CoordinatorOrder {
  readonly stream: string;
  readonly process: string;
  readonly seq: number;
  readonly cmdline: string;
  readonly sandbox: string;
  /** Of this run. */
  readonly logDirectory: string;
  readonly log: LogSettings;
  readonly user: SystemUser;
  readonly isChrooted: boolean;
  /** The process runs in the filesystem image of the task. */
  readonly image?: ImageLaunch | undefined;
  readonly keepsEnvironment: boolean;
}

/** Resolves with the exit code. */
export async function main(_argv: readonly string[]): Promise<number> {
  // Only the runner ends a coordinator, and it does so for good.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  const order: CoordinatorOrder = JSON.parse(await text(process.stdin));
  return await new Coordinator(order, new SystemClock()).run();
}

class Coordinator {
  private readonly order: CoordinatorOrder;
  private readonly clock: Clock;
  private readonly stream: CheckpointWriter;
  private seq: number;

  constructor(order: CoordinatorOrder, clock: Clock) {
    this.order = order;
    this.clock = clock;
    this.stream = new CheckpointWriter(order.stream, CONTROL_WAIT_SECS);
    this.seq = order.seq;
  }

  async run(): Promise<number> {
    // A runner that came again did not know of the first coordinator of this run.
    if (this.stream.records.some((each) => this.isOfThisRun(each))) return 0;
    this.say({ state: 'FORKED', coordinator_pid: process.pid, fork_time: this.now() });
    const output = new Output(this.order);
    const child = this.start(output.stdio);
    output.follow(child);
    const end = endOf(child);
    const start = { state: 'RUNNING', start_time: this.now() } as const;
    this.say({ ...start, pid: child.pid ?? process.pid });
    const ended = await end;
    await output.drain(child, this.clock);
    this.say({ ...ended, stop_time: this.now() });
    this.stream.close();
    return 0;
  }

  private isOfThisRun(record: CheckpointWriter['records'][number]): boolean {
    return 'process_status' in record && (record.process_status.seq ?? 0) >= this.order.seq;
  }

  private start(stdio: StdioOptions): ChildProcess {
    const { sandbox } = this.order;
    const [program = '', ...words] = this.words();
    // Its own session, so that a signal for the process group does not reach us.
    return spawn(program, words, { cwd: sandbox, env: this.environment(), stdio, detached: true });
  }

  private words(): readonly string[] {
    const { cmdline, sandbox, user, isChrooted, image } = this.order;
    if (image !== undefined) {
      // It needs our rights to change the root, and gives them up for the user's then.
      const root = imageRoot(process.env['MESOS_DIRECTORY'] ?? dirname(sandbox));
      return imageCommand(image, { cmdline, user: user.name, root });
    }
    const shell = ['/bin/bash', '-c', cmdline];
    const chroot = ['chroot', `--userspec=${user.uid}:${user.gid}`, sandbox];
    return [...(isChrooted ? chroot : asUser(user)), ...shell];
  }

  private environment(): NodeJS.ProcessEnv {
    const { sandbox, user, keepsEnvironment, isChrooted, image } = this.order;
    const home = image?.sandbox ?? sandbox;
    return {
      ...(keepsEnvironment ? process.env : {}),
      ...(process.env[TASK_MARK] === undefined ? {} : { [TASK_MARK]: process.env[TASK_MARK] }),
      HOME: home,
      LOGNAME: user.name,
      USER: user.name,
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      ...(existsSync(join(sandbox, PROFILE))
        ? { BASH_ENV: isChrooted ? `/${PROFILE}` : join(home, PROFILE) }
        : {}),
    };
  }

  private say(status: Omit<ProcessStatus, 'seq' | 'process'>): void {
    const { process: name } = this.order;
    this.stream.append({ process_status: { seq: this.seq, process: name, ...status } });
    this.seq += 1;
  }

  /** Seconds, as the records have them. */
  private now(): number {
    return this.clock.now() / 1_000;
  }
}

type Ending = Pick<ProcessStatus, 'state' | 'return_code'>;

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (thrown) => {
      process.stderr.write(`${COORDINATOR}: ${describeError(thrown)}\n`);
      resolve({ state: 'FAILED', return_code: NO_SUCH_PROGRAM });
    });
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve({ state: 'KILLED', return_code: -constants.signals[signal] });
      else if (code === 0) resolve({ state: 'SUCCESS', return_code: 0 });
      else resolve({ state: 'FAILED', return_code: code ?? NO_SUCH_PROGRAM });
    });
  });
}

/** The output of the run: files that the process writes itself, or pipes that are read here. */
class Output {
  readonly stdio: StdioOptions;
  private readonly files: { readonly stdout: LogFile; readonly stderr: LogFile } | undefined;
  private readonly isToConsole: boolean;

  constructor({ log, logDirectory, user }: CoordinatorOrder) {
    const isToFile = log.destination === 'file' || log.destination === 'both';
    const owner = process.getuid?.() === 0 ? user : undefined;
    // No rights of root's groups while logs are opened.
    if (owner !== undefined) process.setgroups?.([owner.gid]);
    this.files = isToFile ? openLogs(logDirectory, log, owner) : undefined;
    this.isToConsole = log.destination === 'console' || log.destination === 'both';
    this.stdio = this.descriptors(log);
  }

  /** Waits until everything is written, but not for children that keep the output open. */
  async drain(child: ChildProcess, clock: Clock): Promise<void> {
    if (child.stdout === null || child.stderr === null) return;
    const ended = [child.stdout, child.stderr].map((stream) =>
      stream.readableEnded
        ? undefined
        : new Promise<void>((resolve) => {
            stream.once('close', () => resolve());
          }),
    );
    await Promise.race([Promise.all(ended), sleep(clock, DRAIN_MS)]);
  }

  private descriptors(log: LogSettings): StdioOptions {
    const { files } = this;
    if (files === undefined) {
      const target = log.destination === 'console' ? 'inherit' : 'ignore';
      return ['ignore', target, target];
    }
    if (log.mode === 'standard' && !this.isToConsole) {
      return ['ignore', files.stdout.descriptor, files.stderr.descriptor];
    }
    return ['ignore', 'pipe', 'pipe'];
  }

  /** Call once the process has been made. */
  follow(child: ChildProcess): void {
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (bytes: Buffer) => {
        this.files?.[name].write(bytes);
        if (this.isToConsole) process[name].write(bytes);
      });
    }
  }
}
