/**
 * An executor for Aurora's tasks that is no Thermos: says RUNNING with what it has read of the assigned task,
 * and ends a task whose executor's data says `finish` or `fail` at once.
 */
import { createExecutor, executorOptionsFrom, systemPorts } from '../../../core/executor/index.ts';
import { decodeStruct } from '../../../schedulers/aurora/thrift/messages.ts';

const options = executorOptionsFrom(process.env);
if (!options.ok) throw new Error(options.error);
const ports = systemPorts('aurora-test');
const executor = createExecutor(
  options.value,
  {
    launch: ({ task_id, data }) => {
      const taskId = task_id.value;
      const assigned = decodeStruct('AssignedTask', Buffer.from(data ?? []));
      if (!assigned.ok) {
        executor.update({ taskId, state: 'TASK_FAILED', message: assigned.error });
        return;
      }
      const { instanceId, assignedPorts, task } = assigned.value;
      const message = `instance ${instanceId} with ports ${[...assignedPorts.keys()].join()}`;
      executor.update({ taskId, state: 'TASK_STARTING' });
      executor.update({ taskId, state: 'TASK_RUNNING', message });
      const wish = task.executorConfig?.data;
      if (wish === 'finish') executor.update({ taskId, state: 'TASK_FINISHED' });
      if (wish === 'fail') executor.update({ taskId, state: 'TASK_FAILED', message: 'as wished' });
    },
    kill: (taskId) => executor.update({ taskId, state: 'TASK_KILLED' }),
  },
  ports,
);
await executor.start();
await executor.ended;
await ports.http.close();
process.exit(0);
