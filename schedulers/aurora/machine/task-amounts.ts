/** What a configuration asks for, without and with its executor. */
import type { Resource, TaskConfig } from '../thrift/types.ts';
import type { QuotaAmounts } from './quota.ts';
import type { ExecutorSettings, MachineSettings } from './settings.ts';
import type { Amounts, HostAttributes, TaskConstraint } from './veto.ts';

export function amountsOf(resources: readonly Resource[]): Amounts {
  const total = { cpus: 0, ramMb: 0, diskMb: 0, ports: 0, gpus: 0 };
  for (const each of resources) {
    if ('numCpus' in each) total.cpus += each.numCpus;
    else if ('ramMb' in each) total.ramMb += each.ramMb;
    else if ('diskMb' in each) total.diskMb += each.diskMb;
    else if ('numGpus' in each) total.gpus += each.numGpus;
  }
  // A set: the same name twice is one port.
  total.ports = portNames(resources).length;
  return total;
}

export function portNames(resources: readonly Resource[]): readonly string[] {
  const names = resources.flatMap((each) => ('namedPort' in each ? [each.namedPort] : []));
  return [...new Set(names)].sort();
}

export function withExecutor(
  config: TaskConfig,
  executors: ReadonlyMap<string, ExecutorSettings>,
): Amounts {
  const own = amountsOf(config.resources);
  const executor = executors.get(config.executorConfig?.name ?? '');
  if (executor === undefined) return own;
  return { ...own, cpus: own.cpus + executor.cpus, ramMb: own.ramMb + executor.ramMb };
}

/** Resources that the cluster may take back at any time. */
export type Revocable = 'cpus' | 'ramMb';

const NONE: readonly Revocable[] = [];

/** Which resources of the task are those that may be taken back. */
export function revocableOf(config: TaskConfig, settings: RevocableSettings): readonly Revocable[] {
  if (!settings.tiers.of(config).isRevocable) return NONE;
  return [
    ...(settings.usesRevocableCpus ? ['cpus' as const] : []),
    ...(settings.usesRevocableRam ? ['ramMb' as const] : []),
  ];
}

type RevocableSettings = Pick<MachineSettings, 'usesRevocableCpus' | 'usesRevocableRam' | 'tiers'>;

export function quotaAmountsOf(resources: readonly Resource[]): QuotaAmounts {
  const { cpus, ramMb, diskMb } = amountsOf(resources);
  return { cpus, ramMb, diskMb };
}

export function constraintsOf(config: TaskConfig): readonly TaskConstraint[] {
  return config.constraints.map(({ name, constraint }) =>
    'value' in constraint
      ? {
          kind: 'value',
          name,
          isNegated: constraint.value.negated,
          values: new Set(constraint.value.values),
        }
      : { kind: 'limit', name, limit: constraint.limit.limit },
  );
}

/** The same name announced several times is one set. */
export function attributeSets(
  attributes: readonly { readonly name: string; readonly values: readonly string[] }[],
): HostAttributes {
  const sets = new Map<string, Set<string>>();
  for (const { name, values } of attributes) {
    const set = sets.get(name);
    if (set === undefined) sets.set(name, new Set(values));
    else for (const value of values) set.add(value);
  }
  return sets;
}
