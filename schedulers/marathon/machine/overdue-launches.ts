/** Launches that never came to life (spec marathon-behaviour, section 4.3). */
import type { Instant } from '../../../core/base/clock.ts';
import type { Instance } from '../model/instance.ts';
import { requestKill } from './instances.ts';
import type { MachineSettings } from './settings.ts';
import type { Turn } from './turn.ts';

export type LaunchTimeouts = Pick<
  MachineSettings,
  'taskLaunchConfirmTimeoutMs' | 'taskLaunchTimeoutMs'
>;

/** They are killed, so that their instances start elsewhere. */
export function killOverdueLaunches(turn: Turn): void {
  const overdue: Instance[] = [];
  for (const instance of turn.state.instances.all()) {
    if (isOverdueLaunch(instance, turn.settings, turn.now)) overdue.push(instance);
  }
  for (const instance of overdue) {
    turn.because({ by: 'overdue-launch' }, () => requestKill(turn, instance));
  }
}

export function isOverdueLaunch(
  { condition, tasks }: Instance,
  { taskLaunchConfirmTimeoutMs, taskLaunchTimeoutMs }: LaunchTimeouts,
  now: Instant,
): boolean {
  const [task] = tasks;
  if (task === undefined) return false;
  if (condition === 'Provisioned') return task.stagedAt + taskLaunchConfirmTimeoutMs < now;
  const isComing = condition === 'Staging' || condition === 'Starting';
  return isComing && task.stagedAt + taskLaunchTimeoutMs < now;
}
