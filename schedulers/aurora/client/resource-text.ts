/** Resources as people read them. */
import type { Resource } from '../thrift/types.ts';

type ResourceKind = 'numCpus' | 'ramMb' | 'diskMb' | 'namedPort' | 'numGpus';

/** In the order in which they are shown. */
const SHOWN: readonly (readonly [kind: ResourceKind, name: string, unit: string])[] = [
  ['numCpus', 'CPU', ' core(s)'],
  ['ramMb', 'RAM', ' MB'],
  ['diskMb', 'Disk', ' MB'],
  ['namedPort', 'Port', ''],
  ['numGpus', 'GPU', ' GPU(s)'],
];

/** `RAM: 128 MB` */
export function resourceText(resource: Resource): string {
  const { kind, value } = partsOf(resource);
  const [, name = '', unit = ''] = SHOWN.find(([each]) => each === kind) ?? [];
  return `${name}: ${value}${unit}`;
}

export function sortedResources(resources: readonly Resource[]): readonly Resource[] {
  const place = (of: Resource): number => SHOWN.findIndex(([kind]) => kind === partsOf(of).kind);
  return [...resources].sort((one, other) => place(one) - place(other));
}

/** The amounts of one kind, added up. */
export function amountOf(resources: readonly Resource[], wanted: ResourceKind): number {
  return resources
    .map(partsOf)
    .filter(({ kind }) => kind === wanted)
    .reduce((sum, { value }) => sum + Number(value), 0);
}

function partsOf(resource: Resource): { readonly kind: string; readonly value: unknown } {
  const [kind = '', value] = Object.entries(resource)[0] ?? [];
  return { kind, value };
}
