/** Steps of recordings in which a task that ignores SIGTERM is killed. */
import { readFileSync, readlinkSync } from 'node:fs';
import { readAllProcesses } from '../../../core/agent/launcher/proc-tree.ts';
import { textAt } from './json.ts';
import { eventually } from './programs.ts';
import type { Handler, Replay } from './replay.ts';

const SIGTERM_BIT = 1n << 14n;

/** Waits until the shell has set its trap, so that SIGTERM is ignored as in the recording. */
export const afterTrap: Handler = async (step, replay) => {
  const taskId = textAt(step, 'request', 'kill', 'task_id', 'value');
  // Tasks of a group are below their executor.
  const executor = taskId.startsWith('pod-') ? 'pod' : taskId;
  await eventually(`${taskId} has its trap`, () => isTrapSet(replay, executor));
  await replay.call(step);
};

function isTrapSet({ cluster }: Replay, executor: string): boolean {
  return readAllProcesses().some(({ pid }) => {
    try {
      const directory = readlinkSync(`/proc/${pid}/cwd`);
      if (!directory.startsWith(cluster.agentDirectory)) return false;
      if (!directory.includes(`/executors/${executor}/`)) return false;
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      const caught = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(status)?.[1] ?? '0'}`);
      return (caught & SIGTERM_BIT) !== 0n && status.startsWith('Name:\tsh\n');
    } catch {
      // It has ended since the list was read.
      return false;
    }
  });
}
