/**
 * Everything an agent left on disk, read back (spec agent-runtime, section 2, steps 1 to 3).
 *
 * Missing files are what a crash between two writes leaves: tolerated, with a note. Unreadable ones
 * count as errors; the caller decides by `--strict` whether they are fatal. A cut record at the end
 * of an updates file is cut off for good.
 */
import type { Instant } from '../../base/clock.ts';
import type { Result } from '../../base/result.ts';
import type { MessageName } from '../../wire/codec.ts';
import type {
  StatusUpdateRecord,
  UpdateOperationStatusMessage,
} from '../../wire/types/mesos.internal.ts';
import type {
  AgentInfo,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  Operation,
  Resource,
  Task,
} from '../../wire/types/mesos.v1.ts';
import type { MessageTypes } from '../../wire/types/messages.ts';
import type { AgentFiles } from '../files-port.ts';
import {
  AGENTS_PATH,
  BOOT_ID_PATH,
  META_AGENTS_PATH,
  META_LATEST_PATH,
  metaAgentPath,
  RESOURCE_STATE_PATH,
} from './paths.ts';
import { decodeRecord, decodeRecords } from './records.ts';

export interface RecoveredTask {
  readonly task: Task;
  readonly updatesPath: string;
  readonly records: readonly StatusUpdateRecord[];
}

export interface RecoveredRun {
  readonly containerId: string;
  /** The executor had ended and everything was acknowledged. */
  readonly isCompleted: boolean;
  /** When that was; undefined while it is not. */
  readonly completedAt: Instant | undefined;
  readonly forkedPid: number | undefined;
  readonly libprocessPid: string | undefined;
  readonly isHttp: boolean;
  readonly tasks: readonly RecoveredTask[];
}

export interface RecoveredExecutor {
  readonly info: ExecutorInfo;
  readonly isCommandExecutor: boolean;
  readonly run: RecoveredRun | undefined;
}

export interface RecoveredFramework {
  readonly info: FrameworkInfo;
  readonly pid: string | undefined;
  readonly executors: readonly RecoveredExecutor[];
}

export interface OldDirectory {
  readonly path: string;
  readonly modifiedAt: Instant | undefined;
}

export interface RecoveredAgent {
  readonly bootId: string | undefined;
  /** Of the first registration, with its id. */
  readonly info: AgentInfo | undefined;
  readonly resources: readonly Resource[];
  readonly operations: readonly Operation[];
  readonly operationUpdates: readonly UpdateOperationStatusMessage[];
  readonly drainConfig: DrainConfig | undefined;
  readonly frameworks: readonly RecoveredFramework[];
  /** Directories of agents we are not any more. */
  readonly oldDirectories: readonly OldDirectory[];
  /** What could not be read, one sentence each. */
  readonly errors: readonly string[];
  /** Oddities that were repaired. */
  readonly notes: readonly string[];
}

export function readCheckpoint(files: AgentFiles): RecoveredAgent {
  return new CheckpointReader(files).read();
}

class CheckpointReader {
  private readonly files: AgentFiles;
  private readonly errors: string[] = [];
  private readonly notes: string[] = [];

  constructor(files: AgentFiles) {
    this.files = files;
  }

  read(): RecoveredAgent {
    const id = this.files.readLink(META_LATEST_PATH)?.split('/').at(-1);
    const meta = id === undefined ? undefined : metaAgentPath(id);
    const info = meta === undefined || id === undefined ? undefined : this.agent(meta, id);
    const state = this.record('mesos.internal.slave.ResourceState', RESOURCE_STATE_PATH, true);
    const known = info === undefined ? undefined : meta;
    return {
      bootId: this.text(BOOT_ID_PATH),
      info,
      resources: state?.resources ?? [],
      operations: state?.operations ?? [],
      operationUpdates: known === undefined ? [] : this.operationUpdates(known),
      drainConfig:
        known === undefined
          ? undefined
          : this.record('mesos.v1.DrainConfig', `${known}/drain.config`, true),
      frameworks: known === undefined ? [] : this.frameworks(known),
      oldDirectories: this.oldDirectories(info?.id?.value),
      errors: this.errors,
      notes: this.notes,
    };
  }

  private agent(meta: string, id: string): AgentInfo | undefined {
    const path = `${meta}/slave.info`;
    const info = this.record('mesos.v1.AgentInfo', path);
    return info !== undefined && this.isOf(path, info.id?.value, id) ? info : undefined;
  }

  private frameworks(meta: string): readonly RecoveredFramework[] {
    const frameworks: RecoveredFramework[] = [];
    for (const name of this.files.list(`${meta}/frameworks`)) {
      const folder = `${meta}/frameworks/${name}`;
      const path = `${folder}/framework.info`;
      const info = this.record('mesos.v1.FrameworkInfo', path);
      if (info === undefined || !this.isOf(path, info.id?.value, name)) continue;
      const pid = this.text(`${folder}/framework.pid`);
      const executors: RecoveredExecutor[] = [];
      for (const executor of this.files.list(`${folder}/executors`)) {
        const recovered = this.executor(`${folder}/executors/${executor}`, executor);
        if (recovered !== undefined) executors.push(recovered);
      }
      frameworks.push({ info, pid, executors });
    }
    return frameworks;
  }

  private executor(folder: string, id: string): RecoveredExecutor | undefined {
    const path = `${folder}/executor.info`;
    const info = this.record('mesos.v1.ExecutorInfo', path);
    if (info === undefined || !this.isOf(path, info.executor_id.value, id)) return undefined;
    const latest = this.files.readLink(`${folder}/runs/latest`)?.split('/').at(-1);
    return {
      info,
      isCommandExecutor: this.isGenerated(folder, info),
      run: latest === undefined ? undefined : this.run(`${folder}/runs/${latest}`, latest),
    };
  }

  /** The marker may be lost in a crash; then the command we made up tells. */
  private isGenerated(folder: string, info: ExecutorInfo): boolean {
    const marker = this.text(`${folder}/executor_generated_for_command_task`);
    if (marker === '1' || marker === '0') return marker === '1';
    return info.command?.arguments?.[0] === 'mesos-executor';
  }

  private run(folder: string, containerId: string): RecoveredRun {
    const pid = Number(this.text(`${folder}/pids/forked.pid`) ?? Number.NaN);
    const sentinel = `${folder}/executor.sentinel`;
    const tasks: RecoveredTask[] = [];
    for (const name of this.files.list(`${folder}/tasks`)) {
      const path = `${folder}/tasks/${name}/task.info`;
      const task = this.record('mesos.v1.Task', path);
      if (task === undefined || !this.isOf(path, task.task_id.value, name)) continue;
      const updatesPath = `${folder}/tasks/${name}/task.updates`;
      tasks.push({ task, updatesPath, records: this.updates(updatesPath, name) });
    }
    return {
      containerId,
      isCompleted: this.files.read(sentinel) !== undefined,
      completedAt: this.files.modifiedAt(sentinel),
      forkedPid: Number.isInteger(pid) ? pid : undefined,
      libprocessPid: this.text(`${folder}/pids/libprocess.pid`),
      isHttp: this.files.read(`${folder}/http.marker`) !== undefined,
      tasks,
    };
  }

  private updates(path: string, taskId: string): readonly StatusUpdateRecord[] {
    const records = this.records('mesos.internal.StatusUpdateRecord', path) ?? [];
    return records.filter(
      ({ update }) => update === undefined || this.isOf(path, update.status.task_id.value, taskId),
    );
  }

  /** The directories tell whose files these are; a file that says otherwise is damaged. */
  private isOf(path: string, id: string | undefined, expected: string): boolean {
    if (id === expected) return true;
    this.errors.push(`${path}: it is of '${id ?? ''}', not of '${expected}'`);
    return false;
  }

  private operationUpdates(meta: string): readonly UpdateOperationStatusMessage[] {
    const waiting: UpdateOperationStatusMessage[] = [];
    for (const uuid of this.files.list(`${meta}/operations`)) {
      const path = `${meta}/operations/${uuid}/operation.updates`;
      let last: UpdateOperationStatusMessage | undefined;
      for (const record of this.records('mesos.internal.UpdateOperationStatusRecord', path) ?? []) {
        last = record.type === 'UPDATE' ? record.update : undefined;
      }
      if (last !== undefined) waiting.push(last);
    }
    return waiting;
  }

  private oldDirectories(id: string | undefined): readonly OldDirectory[] {
    const found: OldDirectory[] = [];
    for (const folder of [AGENTS_PATH, META_AGENTS_PATH]) {
      for (const name of this.files.list(folder)) {
        if (name === 'latest' || name === id) continue;
        const path = `${folder}/${name}`;
        found.push({ path, modifiedAt: this.files.modifiedAt(path) });
      }
    }
    return found;
  }

  private text(path: string): string | undefined {
    const bytes = this.files.read(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes).trim();
  }

  private record<N extends MessageName>(
    name: N,
    path: string,
    isOptional = false,
  ): MessageTypes[N] | undefined {
    const bytes = this.files.read(path);
    if (bytes === undefined || bytes.length === 0) {
      if (!isOptional) this.notes.push(`${path} is missing or empty`);
      return undefined;
    }
    return this.checked(path, decodeRecord(name, bytes));
  }

  private records<N extends MessageName>(
    name: N,
    path: string,
  ): readonly MessageTypes[N][] | undefined {
    const bytes = this.files.read(path);
    if (bytes === undefined) return undefined;
    const decoded = this.checked(path, decodeRecords(name, bytes));
    if (decoded === undefined) return undefined;
    if (decoded.goodBytes < bytes.length) {
      this.notes.push(`${path} was cut off at byte ${decoded.goodBytes}`);
      this.files.truncate(path, decoded.goodBytes);
    }
    return decoded.values;
  }

  private checked<T>(path: string, result: Result<T>): T | undefined {
    if (result.ok) return result.value;
    this.errors.push(`${path}: ${result.error}`);
    return undefined;
  }
}
