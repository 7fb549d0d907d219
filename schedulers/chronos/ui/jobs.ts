/** The list of jobs, which every page uses. */
import { signal } from '@preact/signals';
import { Poller } from '../../../core/webui/kit/poll.ts';
import { readJobs } from './api.ts';
import type { JobRow } from './model.ts';

const PACE_MS = 2_000;
/** Lists of thousands are asked for less often. */
const LARGE_COUNT = 1_000;
const LARGE_PACE_MS = 10_000;

export const jobsPoller = new Poller(readJobs, ({ jobs }) =>
  jobs.length > LARGE_COUNT ? LARGE_PACE_MS : PACE_MS,
);

/** Which jobs the list shows. */
export const shownStatus = signal<string>('all');

export function jobNamed(name: string): JobRow | undefined {
  return jobsPoller.value.value?.jobs.find((job) => job.name === name);
}
