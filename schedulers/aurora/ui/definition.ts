/** A job as the definition that `/v1` takes, and what forms change of it. Pure. */
import {
  isJson,
  type Json,
  numberIn,
  recordIn,
  recordsIn,
} from '../../../core/webui/kit/reading.ts';
import type { ConfigGroup } from './configurations.ts';
import type { JobKey, QuotaView } from './model.ts';

/** What runs, as its file would say it; undefined where another executor got something else. */
export function definitionOf(group: ConfigGroup | undefined, instances: number): Json | undefined {
  const { data } = recordIn(group?.config ?? {}, 'executorConfig');
  const job = typeof data === 'string' ? parsed(data) : undefined;
  return job === undefined || !isJson(job['task']) ? undefined : { ...job, instances };
}

/** How an update proceeds is not kept with the job. */
export function suggestedUpdate(definition: Json): Json {
  return { ...definition, update_config: { batch_size: 1, watch_secs: 45 } };
}

export function newJob(role: string, environment: string): Json {
  return {
    ...{ role, environment, name: 'hello', service: true, instances: 1 },
    task: {
      name: 'hello',
      processes: [{ name: 'hello', cmdline: 'while true; do echo hello; sleep 10; done' }],
      resources: { cpu: 0.1, ram: 32 * 1024 ** 2, disk: 32 * 1024 ** 2 },
    },
  };
}

export function keyOfDefinition(definition: Json): JobKey {
  const text = (name: string): string => String(definition[name] ?? '');
  return { role: text('role'), environment: text('environment'), name: text('name') };
}

export const quotaDefinition = ({ quota }: QuotaView): Json => ({
  ...{ numCpus: quota.cpus, ramMb: quota.ramMb, diskMb: quota.diskMb },
});

/** A number of a definition, by the names that lead there. */
export interface NumberField {
  readonly label: string;
  readonly path: readonly string[];
  readonly step?: 'any';
  /** What one shown is in the definition. */
  readonly unit?: number;
}

const MIB = 1024 ** 2;

export const JOB_FIELDS: readonly NumberField[] = [
  { label: 'Instances', path: ['instances'] },
  { label: 'CPU', path: ['task', 'resources', 'cpu'], step: 'any' },
  { label: 'RAM (MB)', path: ['task', 'resources', 'ram'], unit: MIB },
  { label: 'Disk (MB)', path: ['task', 'resources', 'disk'], unit: MIB },
];

export const UPDATE_FIELDS: readonly NumberField[] = [
  ...JOB_FIELDS,
  { label: 'Instances at the same time', path: ['update_config', 'batch_size'] },
  { label: 'Seconds that each is watched', path: ['update_config', 'watch_secs'] },
];

export const QUOTA_FIELDS: readonly NumberField[] = [
  { label: 'CPU', path: ['numCpus'], step: 'any' },
  { label: 'RAM (MB)', path: ['ramMb'] },
  { label: 'Disk (MB)', path: ['diskMb'] },
];

export function numberAt(definition: Json, { path, unit = 1 }: NumberField): number {
  const inner = path.slice(0, -1).reduce(recordIn, definition);
  return numberIn(inner, path.at(-1) ?? '') / unit;
}

export function withNumber(definition: Json, field: NumberField, value: number): Json {
  return withValue(definition, field.path, value * (field.unit ?? 1));
}

function withValue(json: Json, [first = '', ...rest]: readonly string[], value: unknown): Json {
  if (rest.length === 0) return { ...json, [first]: value };
  return { ...json, [first]: withValue(recordIn(json, first), rest, value) };
}

export interface CommandRow {
  readonly name: string;
  readonly cmdline: string;
}

export function commandsOf(definition: Json): readonly CommandRow[] {
  return recordsIn(recordIn(definition, 'task'), 'processes').map((each) => ({
    ...{ name: String(each['name'] ?? ''), cmdline: String(each['cmdline'] ?? '') },
  }));
}

export function withCommand(definition: Json, at: number, cmdline: string): Json {
  const task = recordIn(definition, 'task');
  const processes = recordsIn(task, 'processes').map((each, index) =>
    index === at ? { ...each, cmdline } : each,
  );
  return { ...definition, task: { ...task, processes } };
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    // Another executor's, which may be anything.
    return undefined;
  }
}
