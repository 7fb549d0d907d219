/**
 * An executor for Aurora's tasks that runs the processes of the configuration one after another with a shell: real
 * processes, without what Thermos does beyond that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createExecutor, executorOptionsFrom, systemPorts } from '../../../core/executor/index.ts';
import { readTaskInstance } from '../../../schedulers/aurora/config/task-instance.ts';
import { decodeStruct } from '../../../schedulers/aurora/thrift/messages.ts';

const options = executorOptionsFrom(process.env);
if (!options.ok) throw new Error(options.error);
const ports = systemPorts('aurora-shell');
let child: ChildProcess | undefined;
let isKilled = false;

async function runTask(taskId: string, bytes: Uint8Array | undefined): Promise<void> {
  const assigned = decodeStruct('AssignedTask', Buffer.from(bytes ?? []));
  if (!assigned.ok) throw new Error(assigned.error);
  const { instanceId, assignedPorts, task } = assigned.value;
  const runTime = { instance: instanceId, hostname: 'here', taskId, ports: assignedPorts };
  const instance = readTaskInstance(task.executorConfig?.data ?? '', runTime);
  if (!instance.ok) {
    executor.update({ taskId, state: 'TASK_FAILED', message: instance.error });
    return;
  }
  executor.update({ taskId, state: 'TASK_STARTING' });
  executor.update({ taskId, state: 'TASK_RUNNING' });
  for (const { cmdline } of instance.value.task.processes) {
    child = spawn('/bin/bash', ['-c', cmdline], { stdio: 'ignore', detached: true });
    const [code] = await once(child, 'exit');
    if (isKilled) return;
    if (code !== 0) {
      executor.update({ taskId, state: 'TASK_FAILED', message: `exited with ${code}` });
      return;
    }
  }
  executor.update({ taskId, state: 'TASK_FINISHED' });
}

const executor = createExecutor(
  options.value,
  {
    launch: ({ task_id, data }) => {
      void runTask(task_id.value, data);
    },
    kill: (taskId) => {
      isKilled = true;
      if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      executor.update({ taskId, state: 'TASK_KILLED' });
    },
  },
  ports,
);
await executor.start();
await executor.ended;
await ports.http.close();
process.exit(0);
