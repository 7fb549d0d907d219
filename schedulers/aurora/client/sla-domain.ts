/** What taking hosts away would do to the uptimes of the jobs on them. Pure. */
import type { JobKey, ScheduledTask } from '../thrift/types.ts';
import { JobUptimes } from './job-uptimes.ts';

export interface SlaLimit {
  readonly percent: number;
  readonly seconds: number;
}

export interface JobForecast {
  /** `cluster/role/env/name` */
  readonly job: string;
  readonly percent: number;
  readonly seconds: number;
  readonly isSafe: boolean;
  /** Undefined: never. */
  readonly safeInSeconds: number | undefined;
}

interface Job {
  readonly path: string;
  readonly uptimes: JobUptimes;
  readonly instancesByHost: ReadonlyMap<string, ReadonlySet<number>>;
}

export interface DomainOptions {
  readonly cluster: string;
  readonly nowMs: number;
  /** Smaller jobs do not count. */
  readonly instancesMin: number;
}

/** Hosts of one group, each with the jobs that have instances on it. */
export type HostForecasts = ReadonlyMap<string, readonly JobForecast[]>;

export class SlaDomain {
  private readonly jobs: readonly Job[];
  readonly hosts: readonly string[];

  /** `tasks` are those of production services. */
  constructor(tasks: readonly ScheduledTask[], options: DomainOptions) {
    const byJob = Map.groupBy(tasks, (task) => pathIn(options.cluster, task.assignedTask.task.job));
    this.jobs = [...byJob]
      .filter(([, each]) => instancesOf(each).size >= options.instancesMin)
      .map(([path, each]) => ({
        path,
        uptimes: new JobUptimes(each, options.nowMs),
        instancesByHost: instancesByHost(each),
      }));
    const hosts = tasks.flatMap(({ assignedTask }) => assignedTask.slaveHost ?? []);
    this.hosts = [...new Set(hosts)].sort();
  }

  /** The hosts of the group go away together. */
  forecast(
    group: readonly string[],
    limit: SlaLimit,
    overrides: ReadonlyMap<string, SlaLimit> = new Map(),
  ): HostForecasts {
    const forecasts = new Map<string, JobForecast[]>(group.map((host) => [host, []]));
    for (const { path, uptimes, instancesByHost } of this.jobs) {
      const lost = new Set(group.flatMap((host) => [...(instancesByHost.get(host) ?? [])]));
      if (lost.size === 0) continue;
      const { percent: wanted, seconds } = overrides.get(path) ?? limit;
      const percent = uptimes.upPercent(seconds, lost);
      const made: JobForecast = {
        ...{ job: path, percent, seconds, isSafe: percent >= wanted },
        safeInSeconds: uptimes.secondsUntil(wanted, seconds, lost),
      };
      for (const host of group) if (instancesByHost.has(host)) forecasts.get(host)?.push(made);
    }
    return forecasts;
  }
}

export function isSafe(forecasts: HostForecasts): boolean {
  return [...forecasts.values()].every((jobs) => jobs.every((each) => each.isSafe));
}

export type Grouping = 'none' | 'by_host' | 'by_rack';

/** Groups in the order of their names; the rack is the second part of a host's name. */
export function groupsOf(
  hosts: readonly string[],
  grouping: string,
): readonly (readonly string[])[] {
  const nameOf = (host: string): string => {
    if (grouping === 'none') return '';
    return grouping === 'by_rack' ? (host.split('-')[1] ?? host) : host;
  };
  const groups = [...Map.groupBy(hosts, nameOf)].sort(([one], [other]) => (one < other ? -1 : 1));
  return groups.map(([, each]) => each);
}

function pathIn(cluster: string, job: JobKey | undefined): string {
  return [cluster, job?.role, job?.environment, job?.name].join('/');
}

function instancesOf(tasks: readonly ScheduledTask[]): ReadonlySet<number> {
  return new Set(tasks.map(({ assignedTask }) => assignedTask.instanceId));
}

function instancesByHost(
  tasks: readonly ScheduledTask[],
): ReadonlyMap<string, ReadonlySet<number>> {
  const byHost = Map.groupBy(tasks, ({ assignedTask }) => assignedTask.slaveHost ?? '');
  return new Map([...byHost].map(([host, each]) => [host, instancesOf(each)]));
}
