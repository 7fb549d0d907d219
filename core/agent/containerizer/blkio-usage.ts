/**
 * What `cgroups/blkio` counts (spec agent-runtime, section 8.1), from files of this form:
 *
 *     8:0 Read 4096        device, operation, value
 *     8:0 512              of `time` and `sectors`
 *     Total 4096           of all devices: an entry without a device, after the others
 */
import type {
  CgroupInfoBlkioCFQStatistics,
  CgroupInfoBlkioOperation,
  CgroupInfoBlkioStatistics,
  CgroupInfoBlkioValue,
  DeviceNumber,
} from '../../wire/types/mesos.v1.ts';

type Operated = 'io_serviced' | 'io_service_bytes' | CfqOperated;
type CfqOperated = 'io_service_time' | 'io_wait_time' | 'io_merged' | 'io_queued';

interface Entry {
  readonly device: DeviceNumber | undefined;
  sectors?: number;
  time?: number;
  readonly operated: Map<Operated, CgroupInfoBlkioValue[]>;
}

const THROTTLED: readonly Operated[] = ['io_serviced', 'io_service_bytes'];
const CFQ: readonly Operated[] = [
  ...THROTTLED,
  ...(['io_service_time', 'io_wait_time', 'io_merged', 'io_queued'] as const),
];
const OPERATIONS: Readonly<Record<string, CgroupInfoBlkioOperation>> = {
  Total: 'TOTAL',
  Read: 'READ',
  Write: 'WRITE',
  Sync: 'SYNC',
  Async: 'ASYNC',
  Discard: 'DISCARD',
};
const LINE = /^(?:(\d+):(\d+) )?(?:([A-Z][a-z]+) )?(\d+)$/;

/** `read` gives a file of the container's cgroup; kernels have some of them only. */
export function blkioStatistics(
  read: (name: string) => string | undefined,
): CgroupInfoBlkioStatistics | undefined {
  const cfq = entriesOf((name) => read(`blkio.${name}`), CFQ);
  const recursive = entriesOf((name) => read(`blkio.${name}_recursive`), CFQ);
  const throttling = entriesOf((name) => read(`blkio.throttle.${name}`), THROTTLED);
  if (cfq.length + recursive.length + throttling.length === 0) return undefined;
  return {
    ...(cfq.length === 0 ? {} : { cfq: cfq.map(cfqOf) }),
    ...(recursive.length === 0 ? {} : { cfq_recursive: recursive.map(cfqOf) }),
    ...(throttling.length === 0 ? {} : { throttling: throttling.map(fieldsOf) }),
  };
}

function entriesOf(
  read: (name: string) => string | undefined,
  names: readonly Operated[],
): readonly Entry[] {
  const entries = new Map<string, Entry>();
  for (const name of names) {
    for (const { entry, operation, value } of linesOf(read(name), entries)) {
      const op = OPERATIONS[operation ?? ''];
      if (op === undefined) continue;
      const known = entry.operated.get(name) ?? [];
      entry.operated.set(name, [...known, { op, value }]);
    }
  }
  if (names === CFQ) {
    for (const { entry, value } of linesOf(read('sectors'), entries)) entry.sectors = value;
    for (const { entry, value } of linesOf(read('time'), entries)) entry.time = value;
  }
  const all = [...entries.values()];
  return [...all.filter(({ device }) => device), ...all.filter(({ device }) => !device)];
}

function* linesOf(
  text: string | undefined,
  entries: Map<string, Entry>,
): IterableIterator<{
  readonly entry: Entry;
  readonly operation: string | undefined;
  readonly value: number;
}> {
  for (const line of text?.split('\n') ?? []) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, major, minor, operation, value] = match;
    const key = `${major}:${minor}`;
    const device =
      major === undefined
        ? undefined
        : { major_number: Number(major), minor_number: Number(minor) };
    const entry = entries.get(key) ?? { device, operated: new Map() };
    entries.set(key, entry);
    yield { entry, operation, value: Number(value) };
  }
}

function cfqOf(entry: Entry): CgroupInfoBlkioCFQStatistics {
  const { sectors, time } = entry;
  return {
    ...fieldsOf(entry),
    ...(sectors === undefined ? {} : { sectors }),
    ...(time === undefined ? {} : { time }),
  };
}

function fieldsOf({ device, operated }: Entry): CgroupInfoBlkioCFQStatistics {
  return { ...(device === undefined ? {} : { device }), ...Object.fromEntries(operated) };
}
