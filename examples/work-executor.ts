/** What the example executors share: each task's data goes to a function, its answer back in TASK_FINISHED. */
import { createExecutor, executorOptionsFrom, systemPorts } from '../core/executor/index.ts';

/** Serves tasks until the agent says SHUTDOWN. A function that throws fails its task, not the executor. */
export async function serveTasks(
  name: string,
  work: (input: string) => string | Promise<string>,
): Promise<void> {
  const options = executorOptionsFrom(process.env);
  if (!options.ok) throw new Error(options.error);
  const ports = systemPorts(name);
  const killed = new Set<string>();

  const run = async (taskId: string, input: string): Promise<void> => {
    executor.update({ taskId, state: 'TASK_RUNNING' });
    try {
      const data = new TextEncoder().encode(await work(input));
      if (!killed.delete(taskId)) executor.update({ taskId, state: 'TASK_FINISHED', data });
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      if (!killed.delete(taskId)) executor.update({ taskId, state: 'TASK_FAILED', message });
    }
  };

  const executor = createExecutor(
    options.value,
    {
      launch: ({ task_id, data }) => void run(task_id.value, new TextDecoder().decode(data)),
      kill: (taskId) => {
        killed.add(taskId);
        executor.update({ taskId, state: 'TASK_KILLED' });
      },
    },
    ports,
  );
  await executor.start();
  await executor.ended;
  await ports.http.close();
  // What a task may still wait for is nobody's concern any more.
  process.exit(0);
}
