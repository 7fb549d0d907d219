/**
 * What a role uses and whether more fits into its quota (spec aurora-scheduler, section 5). A job that is
 * being updated is charged for the worse of before and after, a cron job for what its next run needs.
 */
import type {
  InstanceTaskConfig,
  JobConfiguration,
  JobUpdateInstructions,
  ResourceAggregate,
  TaskConfig,
} from '../thrift/types.ts';
import { keyText } from './job-key.ts';
import { larger, NO_QUOTA, type QuotaAmounts, quotaRefusal, sum, times, usedBy } from './quota.ts';
import type { AuroraState } from './state.ts';
import { quotaAmountsOf } from './task-amounts.ts';
import type { Tiers } from './tiers.ts';
import { DEDICATED } from './veto.ts';

/** The four figures of `getQuota`. */
export interface Consumption {
  readonly prodShared: QuotaAmounts;
  readonly nonProdShared: QuotaAmounts;
  readonly prodDedicated: QuotaAmounts;
  readonly nonProdDedicated: QuotaAmounts;
}

/** What is about to be there in place of what is. */
export interface QuotaPlan {
  readonly update?: { readonly job: string; readonly instructions: JobUpdateInstructions };
  readonly cronJob?: JobConfiguration;
}

type Counts = (config: TaskConfig) => boolean;

export function isDedicated(config: TaskConfig): boolean {
  return config.constraints.some(({ name }) => name === DEDICATED);
}

export class QuotaUse {
  private readonly state: AuroraState;
  private readonly tiers: Tiers;

  constructor(state: AuroraState, tiers: Tiers) {
    this.state = state;
    this.tiers = tiers;
  }

  consumption(role: string): Consumption {
    const of = (isProduction: boolean, dedicated: boolean): QuotaAmounts =>
      this.used(
        role,
        (config) =>
          this.tiers.isProduction(config) === isProduction && isDedicated(config) === dedicated,
      );
    return {
      prodShared: of(true, false),
      nonProdShared: of(false, false),
      prodDedicated: of(true, true),
      nonProdDedicated: of(false, true),
    };
  }

  quotaOf(role: string): QuotaAmounts {
    return quotaAmountsOf(this.state.quotas.get(role)?.resources ?? []);
  }

  /** Undefined when `count` more instances fit. */
  refusedInstances(config: TaskConfig, count: number): string | undefined {
    if (!this.isCharged(config)) return undefined;
    const role = config.job?.role ?? '';
    const more = times(quotaAmountsOf(config.resources), count);
    const total = sum([this.used(role, this.isChargedTo), more]);
    return quotaRefusal(this.quotaOf(role), total);
  }

  /** An update that only removes needs nothing. */
  refusedPlan(role: string, config: TaskConfig | undefined, plan: QuotaPlan): string | undefined {
    if (config === undefined || !this.isCharged(config)) return undefined;
    if (plan.update !== undefined && plan.update.instructions.desiredState === undefined) {
      return undefined;
    }
    return quotaRefusal(this.quotaOf(role), this.used(role, this.isChargedTo, plan));
  }

  private readonly isChargedTo: Counts = (config) => this.isCharged(config);

  private isCharged(config: TaskConfig): boolean {
    return this.tiers.isProduction(config) && !isDedicated(config);
  }

  private used(role: string, counts: Counts, plan: QuotaPlan = {}): QuotaAmounts {
    const { state } = this;
    const parts: QuotaAmounts[] = [];
    const instructions = new Map<string, JobUpdateInstructions>();
    for (const update of state.updates.all()) {
      if (update.isActive) instructions.set(keyText(update.job), update.update.instructions);
    }
    if (plan.update !== undefined) instructions.set(plan.update.job, plan.update.instructions);
    const crons = new Map(state.cronJobs);
    if (plan.cronJob?.key !== undefined) crons.set(keyText(plan.cronJob.key), plan.cronJob);
    const jobs = new Set([...state.tasks.jobs(), ...instructions.keys(), ...crons.keys()]);
    for (const job of jobs) {
      if (!job.startsWith(`${role}/`)) continue;
      const running = this.running(job, instructions.get(job), counts);
      const cron = crons.get(job);
      const update = instructions.get(job);
      parts.push(cron === undefined ? running : cronUse(cron, counts, running));
      if (update !== undefined) parts.push(updateUse(update, counts));
    }
    return sum(parts);
  }

  /** Instances that an update is about are counted with the update. */
  private running(
    job: string,
    update: JobUpdateInstructions | undefined,
    counts: Counts,
  ): QuotaAmounts {
    const inUpdate = (instance: number): boolean =>
      update !== undefined &&
      [...update.initialState, ...(update.desiredState === undefined ? [] : [update.desiredState])]
        .flatMap(({ instances }) => instances)
        .some(({ first, last }) => first <= instance && instance <= last);
    const tasks = this.state.tasks
      .activeOf(job)
      .map(({ assignedTask }) => assignedTask)
      .filter(({ task, instanceId }) => counts(task) && !inUpdate(instanceId));
    return sum(tasks.map(({ task }) => quotaAmountsOf(task.resources)));
  }
}

/** The template says whether the job counts, also for what still runs of an earlier one. */
function cronUse(
  { taskConfig, instanceCount }: JobConfiguration,
  counts: Counts,
  running: QuotaAmounts,
): QuotaAmounts {
  if (taskConfig === undefined || !counts(taskConfig)) return NO_QUOTA;
  return larger(running, times(quotaAmountsOf(taskConfig.resources), instanceCount));
}

function updateUse(instructions: JobUpdateInstructions, counts: Counts): QuotaAmounts {
  const { initialState, desiredState } = instructions;
  const useOf = (groups: readonly InstanceTaskConfig[]): QuotaAmounts =>
    usedBy(
      groups
        .filter(({ task }) => counts(task))
        .map(({ task, instances }) => ({
          amounts: quotaAmountsOf(task.resources),
          count: instances.reduce((total, { first, last }) => total + last - first + 1, 0),
        })),
    );
  return larger(useOf(initialState), useOf(desiredState === undefined ? [] : [desiredState]));
}

export function aggregate({ cpus, ramMb, diskMb }: QuotaAmounts): ResourceAggregate {
  return { resources: [{ numCpus: cpus }, { ramMb }, { diskMb }] };
}
