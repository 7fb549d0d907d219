/** The public executor API: take tasks from an agent, report what becomes of them. */
export type {
  AgentInfo,
  ExecutorInfo,
  FrameworkInfo,
  KillPolicy,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';
export { createExecutor, type ExecutorPorts } from './driver.ts';
export { executorOptionsFrom } from './environment.ts';
export { systemPorts } from './system-ports.ts';
export type {
  Executor,
  ExecutorCallbacks,
  ExecutorOptions,
  ExecutorStatus,
  ExecutorSubscription,
} from './types.ts';
