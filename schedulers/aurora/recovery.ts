/**
 * Backups by time and by call, and going back to one: list, stage, look, leave tasks out, commit, after which the
 * scheduler starts again (spec aurora-scheduler, section 9).
 */
import { background } from '../../core/base/background.ts';
import type { Clock, Timer } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import { okay, refused } from './machine/answers.ts';
import type { MachineCall } from './machine/calls.ts';
import type { StoredState } from './machine/state.ts';
import { matcher } from './machine/task-table.ts';
import type { BackupFiles } from './store/backup-files.ts';
import { storedOf } from './store/snapshot.ts';
import type { Response, Snapshot, TaskQuery } from './thrift/types.ts';

export interface RecoveryPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined without `-backup_dir`. */
  readonly files: BackupFiles | undefined;
  readonly snapshot: () => Snapshot;
  /** Puts the state in place of what is stored; resolves when that is durable. Nothing may follow but a new start. */
  readonly replace: (stored: StoredState) => Promise<void>;
}

const NO_DIRECTORY = 'Backups need -backup_dir';

export class Recovery {
  private readonly ports: RecoveryPorts;
  private readonly intervalMs: DurationMs;
  private staged: Snapshot | undefined;
  private timer: Timer | undefined;
  private isStopped = false;
  private writtenCount = 0;
  private failedCount = 0;

  constructor(ports: RecoveryPorts, intervalMs: DurationMs) {
    this.ports = ports;
    this.intervalMs = intervalMs;
  }

  start(): void {
    if (this.ports.files === undefined || this.isStopped) return;
    this.timer = this.ports.clock.setTimer(this.intervalMs, () => {
      background(this.ports.log, this.backup(), 'write a backup');
      this.start();
    });
  }

  /** For `/vars`. */
  get figures(): ReadonlyMap<string, number> {
    return new Map([
      ['scheduler_backup_success', this.writtenCount],
      ['scheduler_backup_failed', this.failedCount],
    ]);
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  /** Undefined for calls about something else. */
  answer(call: MachineCall): Promise<Response> | undefined {
    switch (call.method) {
      case 'performBackup':
        return this.withFiles(() => this.backup());
      case 'listBackups':
        return this.withFiles((files) => listed(files));
      case 'stageRecovery':
        return this.withFiles((files) => this.stage(files, call.args.backupId ?? ''));
      case 'queryRecovery':
        return this.withStaged((staged) => {
          const tasks = staged.tasks.filter(matcher(call.args.query ?? {}));
          return okay({ queryRecoveryResult: { tasks } });
        });
      case 'deleteRecoveryTasks':
        return this.withStaged((staged) => this.leaveOut(staged, call.args.query ?? {}));
      case 'commitRecovery':
        return this.withStaged((staged) => this.commit(staged));
      case 'unloadRecovery':
        this.staged = undefined;
        return Promise.resolve(okay());
      case 'snapshot':
        // What was answered is durable at any time.
        return Promise.resolve(okay());
      default:
        return undefined;
    }
  }

  private async backup(): Promise<Response> {
    const { files, clock } = this.ports;
    if (files === undefined) return refused('ERROR', NO_DIRECTORY);
    try {
      await files.write(this.ports.snapshot(), clock.now());
    } catch (thrown) {
      this.failedCount += 1;
      throw thrown;
    }
    this.writtenCount += 1;
    return okay();
  }

  private async stage(files: BackupFiles, name: string): Promise<Response> {
    if (this.staged !== undefined) return refused('ERROR', 'Another backup is already loaded.');
    const read = await files.read(name);
    if (read === undefined) return refused('ERROR', `Backup ${name} does not exist.`);
    if (!read.ok) return refused('ERROR', `Failed to decode backup ${name}: ${read.error}`);
    this.staged = read.value;
    return okay();
  }

  private leaveOut(staged: Snapshot, query: TaskQuery): Response {
    const isOut = matcher(query);
    this.staged = { ...staged, tasks: staged.tasks.filter((task) => !isOut(task)) };
    return okay();
  }

  private async commit(staged: Snapshot): Promise<Response> {
    this.ports.log.warn({ taskCount: staged.tasks.length }, 'going back to a backup');
    await this.ports.replace(storedOf(staged));
    this.staged = undefined;
    return okay();
  }

  private async withFiles(act: (files: BackupFiles) => Promise<Response>): Promise<Response> {
    const { files, log } = this.ports;
    if (files === undefined) return refused('ERROR', NO_DIRECTORY);
    try {
      return await act(files);
    } catch (thrown) {
      // A full disk must not end the scheduler; whoever asked is told.
      log.error({ error: describeError(thrown) }, 'a backup has failed');
      return refused('ERROR', describeError(thrown));
    }
  }

  private async withStaged(
    act: (staged: Snapshot) => Response | Promise<Response>,
  ): Promise<Response> {
    if (this.staged === undefined) return refused('ERROR', 'No backup loaded.');
    return await act(this.staged);
  }
}

async function listed(files: BackupFiles): Promise<Response> {
  return okay({ listBackupsResult: { backups: await files.list() } });
}
