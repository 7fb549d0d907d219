/** What the pages ask of Aurora, all of it at `/v1`; addresses are relative to the page's base. */
import {
  type Json,
  recordIn,
  recordOf,
  recordsIn,
  textIn,
} from '../../../core/webui/kit/reading.ts';
import { RequestError, requestJson } from '../../../core/webui/kit/requests.ts';
import { type ConfigGroup, groupOf } from './configurations.ts';
import {
  type CronView,
  cronOf,
  type HostRow,
  hostsOf,
  type JobKey,
  type JobRow,
  jobOf,
  jobsOf,
  type ListView,
  type QuotaView,
  quotaOf,
  type RoleRow,
  reasonsOf,
  rolesOf,
  type SlaView,
  slaOf,
  type TaskRow,
  tasksOf,
} from './model.ts';
import { type Steer, type UpdateRow, type UpdateView, updateOf, updatesOf } from './updates.ts';

/** The most that the server gives in one answer. */
const ROWS_MAX = 10_000;

const pathOf = ({ role, environment, name }: JobKey): string =>
  [role, environment, name].map(encodeURIComponent).join('/');
const jobPath = (key: JobKey): string => `v1/jobs/${pathOf(key)}`;
const updatePath = ({ key, id }: UpdateRow): string =>
  `v1/updates/${pathOf(key)}/${encodeURIComponent(id)}`;

export async function readRoles(): Promise<readonly RoleRow[]> {
  return rolesOf(await requestJson('v1/roles'));
}

export interface RoleView {
  readonly jobs: ListView<JobRow>;
  readonly quota: QuotaView;
}

export async function readRole(role: string): Promise<RoleView> {
  const query = new URLSearchParams({ role, limit: String(ROWS_MAX) });
  const [jobs, quota] = await Promise.all([
    requestJson(`v1/jobs?${query}`),
    requestJson(`v1/roles/${encodeURIComponent(role)}/quota`),
  ]);
  return { jobs: jobsOf(jobs), quota: quotaOf(quota) };
}

export interface JobView {
  readonly job: JobRow;
  /** Configurations of the active instances. */
  readonly groups: readonly ConfigGroup[];
  readonly tasks: ListView<TaskRow>;
  readonly reasons: ReadonlyMap<string, string>;
  readonly updates: readonly UpdateRow[];
}

export async function readJob(key: JobKey): Promise<JobView> {
  const at = jobPath(key);
  const [job, tasks, reasons, updates] = await Promise.all([
    requestJson(at),
    requestJson(`${at}/tasks?limit=${ROWS_MAX}`),
    requestJson(`${at}/pending`),
    requestJson(`v1/updates?${new URLSearchParams({ ...key })}`),
  ]);
  const json = recordOf(job);
  return {
    job: jobOf(recordIn(json, 'summary')),
    groups: recordsIn(json, 'groups').map((each) => groupOf(each, 'config')),
    tasks: tasksOf(tasks),
    reasons: reasonsOf(reasons),
    updates: updatesOf(updates).rows,
  };
}

export interface InstanceView {
  readonly tasks: readonly TaskRow[];
  readonly reasons: ReadonlyMap<string, string>;
}

export async function readInstance(key: JobKey, instance: string): Promise<InstanceView> {
  const at = jobPath(key);
  const query = new URLSearchParams({ instance, limit: String(ROWS_MAX) });
  const [tasks, reasons] = await Promise.all([
    requestJson(`${at}/tasks?${query}`),
    requestJson(`${at}/pending`),
  ]);
  return { tasks: tasksOf(tasks).rows, reasons: reasonsOf(reasons) };
}

/** One task, ended or not. */
export async function readTask(key: JobKey, id: string): Promise<InstanceView> {
  const { rows } = tasksOf(await requestJson(`${jobPath(key)}/tasks?limit=${ROWS_MAX}`));
  const task = rows.find((each) => each.id === id);
  if (task === undefined) throw new RequestError(404, `There is no task ${id}`);
  return { tasks: [task], reasons: new Map() };
}

export async function readSla(key: JobKey, seconds: number): Promise<SlaView> {
  return slaOf(await requestJson(`${jobPath(key)}/sla?seconds=${seconds}`));
}

export async function readCron(key: JobKey, count: number): Promise<CronView> {
  return cronOf(await requestJson(`${jobPath(key)}/cron?count=${count}`));
}

export async function readUpdates(): Promise<ListView<UpdateRow>> {
  return updatesOf(await requestJson(`v1/updates?limit=${ROWS_MAX}`));
}

export async function readUpdate(key: JobKey, id: string): Promise<UpdateView> {
  const path = `v1/updates/${pathOf(key)}/${encodeURIComponent(id)}`;
  return updateOf(await requestJson(path));
}

const said = (message: string): { readonly message?: string } =>
  message === '' ? {} : { message };

export async function killJob(key: JobKey, message: string): Promise<void> {
  const query = new URLSearchParams({ ...said(message) });
  await requestJson(`${jobPath(key)}?${query}`, { method: 'DELETE' });
}

export async function killInstance(key: JobKey, instance: number, message: string): Promise<void> {
  const body = { instances: [instance], ...said(message) };
  await requestJson(`${jobPath(key)}/kill`, { method: 'POST', body });
}

/** Without a list: all. */
export async function restart(key: JobKey, instances?: readonly number[]): Promise<void> {
  const body = instances === undefined ? {} : { instances };
  await requestJson(`${jobPath(key)}/restart`, { method: 'POST', body });
}

export async function addInstances(key: JobKey, count: number, like: number): Promise<void> {
  await requestJson(`${jobPath(key)}/instances`, { method: 'POST', body: { count, like } });
}

export async function startCron(key: JobKey): Promise<void> {
  await requestJson(`${jobPath(key)}/cron/start`, { method: 'POST', body: {} });
}

export async function steerUpdate(row: UpdateRow, steer: Steer, message: string): Promise<void> {
  const options =
    steer === 'pulse'
      ? { method: 'POST' as const }
      : { method: 'POST' as const, body: said(message) };
  await requestJson(`${updatePath(row)}/${steer}`, options);
}

/** The new update's id. */
export async function startUpdate(key: JobKey, definition: Json): Promise<string> {
  const options = { method: 'POST' as const, body: definition };
  const started = recordOf(await requestJson(`${jobPath(key)}/updates`, options));
  return textIn(recordIn(recordIn(started, 'update'), 'key'), 'id');
}

export async function createJob(definition: Json): Promise<void> {
  await requestJson('v1/jobs', { method: 'POST', body: definition });
}

export async function setQuota(role: string, quota: Json): Promise<void> {
  await requestJson(`v1/roles/${encodeURIComponent(role)}/quota`, { method: 'PUT', body: quota });
}

export type HostMode = 'NONE' | 'SCHEDULED' | 'DRAINING';

/** Only those out of service are known by name: the original's endpoint lists them. */
export async function readHosts(): Promise<readonly HostRow[]> {
  return hostsOf(await requestJson('maintenance'));
}

export async function setHost(host: string, mode: HostMode): Promise<void> {
  const path = `v1/hosts/${encodeURIComponent(host)}/maintenance`;
  // Of hosts that it does not know the scheduler notes nothing.
  await requestJson(path);
  await requestJson(path, { method: 'PUT', body: { mode } });
}
