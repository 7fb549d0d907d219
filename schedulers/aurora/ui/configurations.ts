/** Configurations of tasks as texts to read and to compare. Pure. */
import { pretty } from '../../../core/webui/kit/format.ts';
import {
  isJson,
  type Json,
  numberIn,
  recordIn,
  recordsIn,
} from '../../../core/webui/kit/reading.ts';

/** Instances first to last. */
export type InstanceRange = readonly [first: number, last: number];

export interface ConfigGroup {
  readonly instances: readonly InstanceRange[];
  readonly config: Json;
}

/** `member`: where the configuration is, `config` or `task`. */
export function groupOf(json: Json, member: string): ConfigGroup {
  return { instances: rangesIn(json, 'instances'), config: recordIn(json, member) };
}

export function rangesIn(json: Json, member: string): readonly InstanceRange[] {
  return recordsIn(json, member)
    .map((range) => [numberIn(range, 'first'), numberIn(range, 'last')] as const)
    .sort(([a], [b]) => a - b);
}

/** `0-3, 7`. */
export function rangesText(ranges: readonly InstanceRange[]): string {
  return ranges
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
    .join(', ');
}

/** `instances 0-3, 7`, `instance 7`. */
export function instancesText(ranges: readonly InstanceRange[]): string {
  const [[first, last] = [0, 1]] = ranges;
  const isOne = ranges.length === 1 && first === last;
  return `${isOne ? 'instance' : 'instances'} ${rangesText(ranges)}`;
}

/** No page shows more instances one by one: a job has at most 4,000 unless a flag allows more. */
export const INSTANCES_MAX = 20_000;

/** Every number, in order; no more than `INSTANCES_MAX`. */
export function instancesOf(ranges: readonly InstanceRange[]): readonly number[] {
  const found = new Set<number>();
  for (const [first, last] of ranges) {
    for (let at = first; at <= last && found.size < INSTANCES_MAX; at += 1) found.add(at);
  }
  return [...found].sort((a, b) => a - b);
}

/** These have no order on the wire: sorted, so that only what differs is shown to differ. */
const UNORDERED = ['constraints', 'metadata', 'mesosFetcherUris', 'resources', 'values'];

/** A configuration as JSON, the executor's part taken apart, which is JSON in a text. */
export function configText(config: Json): string {
  const executor = recordIn(config, 'executorConfig');
  const whole =
    typeof executor['data'] === 'string'
      ? { ...config, executorConfig: { ...executor, data: parsedOr(executor['data']) } }
      : config;
  return pretty(ordered(whole));
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function ordered(value: unknown, member = ''): unknown {
  // What the executor gets keeps its order: there it means something.
  if (member === 'data') return value;
  if (Array.isArray(value)) {
    const items = value.map((each) => ordered(each));
    if (!UNORDERED.includes(member)) return items;
    return items
      .map((each) => [JSON.stringify(each), each] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, each]) => each);
  }
  if (!isJson(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, ordered(each, name)]),
  );
}
