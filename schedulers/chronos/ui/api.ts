/** What the pages ask of Chronos; addresses are relative to the page. */
import type { Json } from '../../../core/webui/kit/reading.ts';
import { recordOf } from '../../../core/webui/kit/reading.ts';
import { requestJson } from '../../../core/webui/kit/requests.ts';
import {
  type ComingView,
  comingOf,
  type GraphView,
  graphOf,
  type HistoryView,
  historyOf,
  type JobsView,
  jobsOf,
  type MissedRow,
  missedOf,
} from './model.ts';

const API = 'v1/scheduler';
const at = (name: string): string => encodeURIComponent(name);

export async function readJobs(): Promise<JobsView> {
  return jobsOf(await requestJson(`${API}/jobs/overview`));
}

/** The definition as it can be posted again; `epsilon` is what the list says. */
export async function readJob(name: string, epsilon: string | undefined): Promise<Json> {
  const job = recordOf(await requestJson(`${API}/job/${at(name)}`));
  return epsilon === undefined ? job : { ...job, epsilon };
}

export async function readHistory(
  name: string,
  offset: number,
  limit: number,
): Promise<HistoryView> {
  const query = `offset=${offset}&limit=${limit}`;
  return historyOf(await requestJson(`${API}/jobs/${at(name)}/history?${query}`));
}

export async function readComing(name: string, count: number): Promise<ComingView> {
  return comingOf(await requestJson(`${API}/jobs/${at(name)}/next?count=${count}`));
}

export async function readMissed(name: string): Promise<readonly MissedRow[]> {
  return missedOf(await requestJson(`${API}/jobs/${at(name)}/missed`));
}

export async function readGraph(around: string | undefined): Promise<GraphView> {
  const query = around === undefined ? '' : `?job=${at(around)}`;
  return graphOf(await requestJson(`${API}/graph/layout${query}`));
}

export async function saveJob(job: Json): Promise<void> {
  const path = 'parents' in job ? 'dependency' : 'iso8601';
  await requestJson(`${API}/${path}`, { method: 'POST', body: job });
}

export async function runJob(name: string, words: string): Promise<void> {
  const query = words === '' ? '' : `?arguments=${at(words)}`;
  await requestJson(`${API}/job/${at(name)}${query}`, { method: 'PUT' });
}

export async function killTasks(name: string): Promise<void> {
  await requestJson(`${API}/task/kill/${at(name)}`, { method: 'DELETE' });
}

export async function deleteJob(name: string): Promise<void> {
  await requestJson(`${API}/job/${at(name)}`, { method: 'DELETE' });
}
