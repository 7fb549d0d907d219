/** What an app or a pod needs of an offer: amounts and host ports per task, and its executor's. */
import type { ScalarDemand } from '../../kit/offer-resources.ts';
import type { MachineSettings } from '../machine/settings.ts';
import type { App } from '../model/app.ts';
import { isPod, type RunSpec } from '../model/run-spec.ts';
import { type WantedPort, wantedHostPorts } from './ports.ts';

export interface TaskDemand {
  readonly scalars: ScalarDemand;
  readonly ports: readonly WantedPort[];
}

export interface Demand {
  /** One for an app, one per container for a pod. */
  readonly tasks: readonly TaskDemand[];
  readonly executor: ScalarDemand;
  /** The network, and so the ports, of a pod belong to the executor of all its containers. */
  readonly executorHoldsPorts: boolean;
}

export function demandOf(spec: RunSpec, settings: MachineSettings): Demand {
  if (isPod(spec)) {
    const { cpus, mem, disk } = spec.executorResources;
    return {
      tasks: spec.containers.map(({ resources, endpoints }) => ({
        scalars: { ...resources },
        ports: endpoints.map(({ hostPort }) => hostPort),
      })),
      executor: { cpus, mem, disk },
      executorHoldsPorts: true,
    };
  }
  const { cpus, mem, disk, gpus } = spec;
  return {
    tasks: [{ scalars: { cpus, mem, disk, gpus }, ports: wantedHostPorts(spec) }],
    executor: executorDemandOf(spec, settings),
    executorHoldsPorts: false,
  };
}

/** All amounts together. */
export function totalDemand({ tasks, executor }: Demand): ScalarDemand {
  const sum: Record<string, number> = { ...executor };
  for (const { scalars } of tasks) {
    for (const [name, amount] of Object.entries(scalars)) sum[name] = (sum[name] ?? 0) + amount;
  }
  return sum;
}

function executorDemandOf(app: App, settings: MachineSettings): ScalarDemand {
  const executor = app.executor === '' ? settings.executor : app.executor;
  if (executor === '//cmd' || executor === '') return {};
  const { cpus = 0.1, mem = 32, disk = 10 } = app.executorResources ?? {};
  return { cpus, mem, disk };
}
