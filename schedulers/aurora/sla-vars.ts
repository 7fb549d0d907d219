/**
 * SLA figures under the original's names, found anew when they are older than the refresh interval (spec
 * aurora-scheduler, section 8). Only services have them.
 */
import type { Instant } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import type { AuroraMachine } from './machine/aurora-machine.ts';
import {
  jobUptimeSecs,
  type Milestone,
  medianTimeMs,
  platformUptimePercent,
  runningSince,
  sizeClass,
  UPTIME_PERCENTILES,
} from './machine/sla-figures.ts';
import { amountsOf } from './machine/task-amounts.ts';
import type { ScheduledTask } from './thrift/types.ts';

export const SLA_METRICS = ['JOB_UPTIMES', 'PLATFORM_UPTIME', 'MEDIANS'] as const;

export type SlaMetric = (typeof SLA_METRICS)[number];

export interface SlaVarsOptions {
  readonly refreshMs: DurationMs;
  readonly production: ReadonlySet<SlaMetric>;
  readonly nonProduction: ReadonlySet<SlaMetric>;
}

const MEDIANS: readonly (readonly [name: string, milestone: Milestone])[] = [
  ['mtta_ms', 'ASSIGNED'],
  ['mtts_ms', 'STARTING'],
  ['mttr_ms', 'RUNNING'],
];

interface Window {
  readonly from: Instant;
  readonly to: Instant;
}

type Vars = Map<string, number>;

export class SlaVars {
  private readonly options: SlaVarsOptions;
  private known: ReadonlyMap<string, number> = new Map();
  private foundAt = -Infinity;

  constructor(options: SlaVarsOptions) {
    this.options = options;
  }

  vars(machine: AuroraMachine, now: Instant): ReadonlyMap<string, number> {
    const { refreshMs, production, nonProduction } = this.options;
    if (now - this.foundAt < refreshMs) return this.known;
    const window = { from: now - refreshMs, to: now };
    const services = [...machine.state.tasks.all()].filter(
      ({ assignedTask }) => assignedTask.task.isService,
    );
    const isProduction = ({ assignedTask }: ScheduledTask): boolean =>
      machine.tiers.isProduction(assignedTask.task);
    const vars: Vars = new Map();
    const own = services.filter(isProduction);
    const others = services.filter((task) => !isProduction(task));
    add(vars, own, { metrics: production, suffix: '', window });
    add(vars, others, { metrics: nonProduction, suffix: '_nonprod', window });
    this.known = vars;
    this.foundAt = now;
    return vars;
  }
}

interface Asked {
  readonly metrics: ReadonlySet<SlaMetric>;
  readonly suffix: string;
  readonly window: Window;
}

function add(vars: Vars, tasks: readonly ScheduledTask[], asked: Asked): void {
  const { metrics, suffix, window } = asked;
  if (metrics.size === 0) return;
  const put = (name: string, value: number): void => void vars.set(`sla_${name}${suffix}`, value);
  const medians = (group: string, of: readonly ScheduledTask[]): void => {
    const histories = of.map(({ taskEvents }) => taskEvents);
    for (const [name, milestone] of MEDIANS) {
      put(`${group}_${name}`, medianTimeMs(histories, milestone, window));
    }
  };
  const uptime = (group: string, of: readonly ScheduledTask[]): void =>
    put(`${group}_platform_uptime_percent`, platformUptimePercent(instancesOf(of), window));
  for (const [job, of] of Map.groupBy(tasks, jobText)) {
    if (metrics.has('JOB_UPTIMES')) {
      const uptimesMs = of.flatMap((task) => uptimeMs(task, window.to));
      for (const percent of UPTIME_PERCENTILES) {
        const value = jobUptimeSecs(uptimesMs, percent);
        put(`${job}_job_uptime_${percent.toFixed(2)}_sec`, value);
      }
    }
    if (metrics.has('PLATFORM_UPTIME')) uptime(job, of);
    if (metrics.has('MEDIANS')) medians(job, of);
  }
  if (metrics.has('PLATFORM_UPTIME')) uptime('cluster', tasks);
  if (!metrics.has('MEDIANS')) return;
  medians('cluster', tasks);
  for (const [group, of] of bySize(tasks)) medians(group, of);
}

function jobText({ assignedTask }: ScheduledTask): string {
  const { role = '', environment = '', name = '' } = assignedTask.task.job ?? {};
  return `${role}/${environment}/${name}`;
}

/** Nothing for a task that is not running. */
function uptimeMs({ taskEvents }: ScheduledTask, now: Instant): readonly DurationMs[] {
  const since = runningSince(taskEvents);
  return since === undefined ? [] : [now - since];
}

function instancesOf(tasks: readonly ScheduledTask[]): readonly ScheduledTask['taskEvents'][][] {
  const instance = (task: ScheduledTask): string =>
    `${jobText(task)}/${task.assignedTask.instanceId}`;
  return [...Map.groupBy(tasks, instance).values()].map((each) =>
    each.map(({ taskEvents }) => taskEvents),
  );
}

/** `cpu_small` and the like, by what the tasks ask for. */
function bySize(tasks: readonly ScheduledTask[]): ReadonlyMap<string, readonly ScheduledTask[]> {
  const groups = new Map<string, ScheduledTask[]>();
  for (const task of tasks) {
    const { cpus, ramMb, diskMb } = amountsOf(task.assignedTask.task.resources);
    const sizes = [
      `cpu_${sizeClass('cpu', cpus)}`,
      `ram_${sizeClass('ram', ramMb)}`,
      `disk_${sizeClass('disk', diskMb)}`,
    ];
    for (const size of sizes) {
      const known = groups.get(size);
      if (known === undefined) groups.set(size, [task]);
      else known.push(task);
    }
  }
  return groups;
}
