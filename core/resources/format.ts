/**
 * The original's text of resources, as error messages and logs show it:
 * `cpus(allocated: web)(reservations: [(DYNAMIC,web,edge)]):1; ports:[31000-32000]`
 * (spec scheduler-api, section 13.2), and the flat object of the legacy endpoints.
 */
import type {
  Resource,
  ResourceDiskInfo,
  ResourceDiskInfoSource,
  ResourceReservationInfo,
  Volume,
} from '../wire/types/mesos.v1.ts';
import type { Resources } from './arithmetic.ts';
import { formatItems, formatRanges } from './ranges.ts';
import { formatScalar, fromMilli, type Milli } from './scalar.ts';
import { rangesOf, scalarOf, setOf } from './select.ts';

/** `{}` for an empty list. */
export function formatResources(resources: Resources): string {
  return resources.length === 0 ? '{}' : resources.map(formatResource).join('; ');
}

export function formatResource(resource: Resource): string {
  let text = resource.name;
  if (resource.provider_id !== undefined) text += `(provider_id: ${resource.provider_id.value})`;
  if (resource.allocation_info !== undefined) {
    text += `(allocated: ${resource.allocation_info.role ?? ''})`;
  }
  const reservations = resource.reservations ?? [];
  if (reservations.length > 0) {
    text += `(reservations: [${reservations.map(formatReservation).join(',')}])`;
  }
  if (resource.disk !== undefined) text += `[${formatDisk(resource.disk)}]`;
  if (resource.revocable !== undefined) text += '{REV}';
  if (resource.shared !== undefined) text += '<SHARED>';
  return `${text}:${formatAmount(resource)}`;
}

/** Quantities as quota messages show them: `cpus:1; mem:32`; `{}` for none. */
export function formatQuantities(quantities: ReadonlyMap<string, Milli>): string {
  if (quantities.size === 0) return '{}';
  return [...quantities]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, milli]) => `${name}:${fromMilli(milli)}`)
    .join('; ');
}

/**
 * The flat object of legacy endpoints (spec operator-api, section 3.1): cpus, gpus, mem and disk
 * always, numbers for scalars, texts for the rest, `<name>_revocable` apart, names in order.
 */
export function legacyModel(resources: Resources): ReadonlyMap<string, number | string> {
  const model = new Map<string, number | string>(
    ['cpus', 'disk', 'gpus', 'mem'].map((name) => [name, 0]),
  );
  for (const isRevocable of [false, true]) {
    const part = resources.filter((each) => (each.revocable !== undefined) === isRevocable);
    for (const { name, type } of part) {
      const key = isRevocable ? `${name}_revocable` : name;
      if (type === 'SCALAR') model.set(key, scalarOf(part, name));
      else if (type === 'RANGES') model.set(key, formatRanges(rangesOf(part, name)));
      else if (type === 'SET') model.set(key, formatItems(setOf(part, name)));
    }
  }
  return new Map([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function formatAmount(resource: Resource): string {
  switch (resource.type) {
    case 'SCALAR':
      return formatScalar(resource.scalar?.value ?? 0);
    case 'RANGES':
      return formatRanges(resource.ranges?.range ?? []);
    case 'SET':
      return formatItems(resource.set?.item ?? []);
    default:
      return '';
  }
}

function formatReservation(reservation: ResourceReservationInfo): string {
  const parts = [reservation.type ?? 'UNKNOWN', reservation.role ?? ''];
  if (reservation.principal !== undefined) parts.push(reservation.principal);
  if (reservation.labels !== undefined) {
    const labels = (reservation.labels.labels ?? []).map((label) =>
      label.value === undefined ? label.key : `${label.key}: ${label.value}`,
    );
    parts.push(`{${labels.join(', ')}}`);
  }
  return `(${parts.join(',')})`;
}

function formatDisk(disk: ResourceDiskInfo): string {
  let text = disk.source === undefined ? '' : formatSource(disk.source);
  if (disk.persistence !== undefined) {
    text += text === '' ? disk.persistence.id : `,${disk.persistence.id}`;
  }
  if (disk.volume !== undefined) text += `:${formatVolume(disk.volume)}`;
  return text;
}

function formatSource(source: ResourceDiskInfoSource): string {
  const root = source.path?.root ?? source.mount?.root;
  if (source.id !== undefined || source.profile !== undefined) {
    return `${source.type}(${source.vendor ?? ''},${source.id ?? ''},${source.profile ?? ''})`;
  }
  return root === undefined ? source.type : `${source.type}:${root}`;
}

function formatVolume(volume: Volume): string {
  if (volume.host_path === undefined) return volume.container_path;
  return `${volume.host_path}:${volume.container_path}:${volume.mode.toLowerCase()}`;
}
