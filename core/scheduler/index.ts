/** The public scheduler API: subscribe, receive offers, launch tasks. */
export { createScheduler, type SchedulerPorts } from './driver.ts';
export { parseMasters } from './masters.ts';
export type {
  Scheduler,
  SchedulerCallbacks,
  SchedulerOptions,
  Subscription,
} from './types.ts';
