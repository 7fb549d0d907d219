/** A runner without processes: what it is told and what it does, in virtual time. */
import assert from 'node:assert/strict';
import {
  type ThermosTask,
  taskFromJson,
} from '../../../../schedulers/aurora/config/task-instance.ts';
import {
  type RunnerInput,
  RunnerMachine,
} from '../../../../schedulers/aurora/thermos/machine/runner-machine.ts';
import { RunnerState } from '../../../../schedulers/aurora/thermos/machine/runner-state.ts';
import type { ProcessState, RunnerCkpt } from '../../../../schedulers/aurora/thrift/types.ts';

export interface ProcessText {
  readonly name: string;
  readonly max_failures?: number;
  readonly daemon?: boolean;
  readonly ephemeral?: boolean;
  readonly min_duration?: number;
  readonly final?: boolean;
}

export interface TaskText {
  readonly processes: readonly ProcessText[];
  readonly order?: readonly (readonly string[])[];
  readonly max_failures?: number;
  readonly max_concurrency?: number;
  readonly finalization_wait?: number;
}

export function taskOf({ order = [], processes, ...rest }: TaskText): ThermosTask {
  const task = {
    ...{ name: 't', max_failures: 1, max_concurrency: 0, finalization_wait: 30, ...rest },
    constraints: order.map((each) => ({ order: each })),
    processes: processes.map((each) => ({
      ...{ cmdline: 'true', max_failures: 1, daemon: false, ephemeral: false },
      ...{ min_duration: 0, final: false, ...each },
    })),
  };
  const read = taskFromJson(JSON.stringify(task));
  assert.ok(read.ok, read.ok ? '' : read.error);
  return read.value;
}

export class RunnerTester {
  now = 1_000_000;
  machine: RunnerMachine;
  private readonly task: ThermosTask;
  private readonly records: RunnerCkpt[] = [];
  private said: string[] = [];

  constructor(task: TaskText) {
    this.task = taskOf(task);
    this.machine = new RunnerMachine(this.task, { pid: 1, uid: 0 });
    this.give({ kind: 'started', header: { task_id: 't' } });
  }

  /** What has been done since the last look: `launch a 0`, `terminate a`, `kill-all`, `CLEANING`. */
  does(...expected: readonly string[]): this {
    assert.deepEqual(this.said, expected, this.machine.state.describe());
    this.said = [];
    return this;
  }

  advance(secs: number): this {
    this.now += secs * 1_000;
    return this.give({ kind: 'woke' });
  }

  /** Its coordinator says these one after another. */
  process(name: string, ...states: readonly ProcessState[]): this {
    for (const state of states) {
      const at = this.now / 1_000;
      const times = state === 'FORKED' ? { fork_time: at } : {};
      const status = { seq: this.machine.state.nextSeq(name), process: name, state, ...times };
      this.give({ kind: 'process', status });
    }
    return this;
  }

  runs(name: string, end: ProcessState): this {
    return this.process(name, 'FORKED', 'RUNNING', end);
  }

  give(input: RunnerInput): this {
    for (const effect of this.machine.handle(input, this.now)) {
      switch (effect.kind) {
        case 'record':
          this.records.push(effect.record);
          if ('task_status' in effect.record) {
            this.said.push(String(effect.record.task_status.state));
          }
          break;
        case 'launch':
          this.said.push(`launch ${effect.process} ${effect.run}`);
          break;
        case 'terminate':
          this.said.push(['terminate', ...effect.processes.map((each) => each.process)].join(' '));
          break;
        case 'kill-process':
          this.said.push(`kill ${effect.status.process}`);
          break;
        case 'kill-all':
          this.said.push('kill-all');
          break;
        default:
      }
    }
    return this;
  }

  /** Another runner reads what this one has written. */
  restart(): this {
    const state = new RunnerState();
    for (const record of this.records) assert.ok(state.apply(record).ok);
    this.machine = new RunnerMachine(this.task, { pid: 2, uid: 0 }, state);
    return this.give({ kind: 'started', header: { task_id: 't' } });
  }
}
