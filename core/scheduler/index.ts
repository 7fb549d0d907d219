/** The public scheduler API: subscribe, receive offers, launch tasks. */
export type {
  FrameworkInfo,
  Offer,
  Resource,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';
export { basicAuthorization, createScheduler, type SchedulerPorts } from './driver.ts';
export { parseMasters, refuseMaster } from './masters.ts';
export { systemPorts } from './system-ports.ts';
export type {
  Scheduler,
  SchedulerCallbacks,
  SchedulerOptions,
  Subscription,
} from './types.ts';
