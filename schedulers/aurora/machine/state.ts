/**
 * Everything the scheduler knows. What is stored changes through the methods only: each keeps the indexes in
 * step and gives the write that makes it durable.
 */
import { canonicalText } from '../thrift/compare.ts';
import type {
  HostAttributes,
  HostMaintenanceRequest,
  JobConfiguration,
  ResourceAggregate,
  ScheduledTask,
  TaskConfig,
} from '../thrift/types.ts';
import type { StoreOperation } from './effects.ts';
import { idOf, TaskTable } from './task-table.ts';
import { UpdateTable } from './update-table.ts';

/** What was stored, as it is read after a start. */
export interface StoredState {
  readonly tasks: Iterable<ScheduledTask>;
  readonly cronJobs: ReadonlyMap<string, JobConfiguration>;
  readonly quotas: ReadonlyMap<string, ResourceAggregate>;
  readonly hosts: Iterable<HostAttributes>;
  readonly maintenance: Iterable<HostMaintenanceRequest>;
  readonly updates: UpdateTable;
}

export class AuroraState {
  readonly tasks = new TaskTable();
  updates = new UpdateTable();
  private readonly cron = new Map<string, JobConfiguration>();
  private readonly quotaOf = new Map<string, ResourceAggregate>();
  private readonly hostOf = new Map<string, HostAttributes>();
  private readonly maintenanceOf = new Map<string, HostMaintenanceRequest>();
  /** Canonical texts of configurations; equal ones have the same. */
  private readonly configTexts = new WeakMap<TaskConfig, string>();

  /** By job key as text. */
  get cronJobs(): ReadonlyMap<string, JobConfiguration> {
    return this.cron;
  }

  /** By role. */
  get quotas(): ReadonlyMap<string, ResourceAggregate> {
    return this.quotaOf;
  }

  /** By name of the host. */
  get hosts(): ReadonlyMap<string, HostAttributes> {
    return this.hostOf;
  }

  get maintenance(): ReadonlyMap<string, HostMaintenanceRequest> {
    return this.maintenanceOf;
  }

  load(stored: StoredState): void {
    for (const task of stored.tasks) this.tasks.put(task);
    for (const [key, job] of stored.cronJobs) this.cron.set(key, job);
    for (const [role, quota] of stored.quotas) this.quotaOf.set(role, quota);
    for (const host of stored.hosts) this.hostOf.set(host.host, host);
    for (const request of stored.maintenance) this.maintenanceOf.set(request.host, request);
    this.updates = stored.updates;
  }

  /** The same text for equal configurations. */
  configText(config: TaskConfig): string {
    const known = this.configTexts.get(config);
    if (known !== undefined) return known;
    const text = canonicalText('TaskConfig', config);
    this.configTexts.set(config, text);
    return text;
  }

  putTask(task: ScheduledTask): StoreOperation {
    this.tasks.put(task);
    return { kind: 'put-task', task };
  }

  removeTask(task: ScheduledTask): StoreOperation {
    this.tasks.remove(idOf(task));
    return { kind: 'delete-task', id: idOf(task) };
  }

  putCronJob(key: string, job: JobConfiguration): StoreOperation {
    this.cron.set(key, job);
    return { kind: 'put-cron-job', key, job };
  }

  removeCronJob(key: string): StoreOperation {
    this.cron.delete(key);
    return { kind: 'delete-cron-job', key };
  }

  putQuota(role: string, quota: ResourceAggregate): StoreOperation {
    this.quotaOf.set(role, quota);
    return { kind: 'put-quota', role, quota };
  }

  putHost(host: HostAttributes): StoreOperation {
    this.hostOf.set(host.host, host);
    return { kind: 'put-host', host };
  }

  putMaintenance(request: HostMaintenanceRequest): StoreOperation {
    this.maintenanceOf.set(request.host, request);
    return { kind: 'put-maintenance', request };
  }

  removeMaintenance(host: string): StoreOperation {
    this.maintenanceOf.delete(host);
    return { kind: 'delete-maintenance', host };
  }
}
