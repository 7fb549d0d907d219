/** Processes of which a benchmark measures times: they must not wait for whoever else uses the machine. */
import { execFileSync } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/**
 * Lets all threads of the process run before all others, in real time where the system allows it (Linux, as
 * root, with `chrt`), else with the best of the usual priorities, else as it is: what they waited for a
 * processor all the same has to be shown beside the times.
 */
export function runBeforeOthers(pid: number): void {
  try {
    execFileSync('chrt', ['--all-tasks', '--rr', '--pid', '1', String(pid)], { stdio: 'ignore' });
  } catch {
    // Not there, or not allowed.
    tryPriority(pid, constants.priority.PRIORITY_HIGHEST);
  }
}

/** The opposite, once it has been measured. */
export function runAsOthers(pid: number): void {
  try {
    execFileSync('chrt', ['--all-tasks', '--other', '--pid', '0', String(pid)], {
      stdio: 'ignore',
    });
  } catch {
    tryPriority(pid, constants.priority.PRIORITY_NORMAL);
  }
}

function tryPriority(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // Only the superuser may; it stays as it is.
  }
}
