/** Small operations everything else consists of: resources and codecs. */
import { add, contains, subtract } from '../../core/resources/arithmetic.ts';
import { allocate } from '../../core/resources/select.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/codec.ts';
import { fromJson, parseJson, toJson } from '../../core/wire/json.ts';
import type { Event } from '../../core/wire/types/mesos.v1.scheduler.ts';
import type { Offer, Resource } from '../../core/wire/types/mesos.v1.ts';
import type { Benchmark, Figure } from './figures.ts';
import { microseconds } from './measure.ts';

const TOTAL: readonly Resource[] = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 16 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 65_536 } },
  { name: 'disk', type: 'SCALAR', scalar: { value: 1_000_000 } },
  { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
];
const TASK: readonly Resource[] = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
  { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_500, end: 31_501 }] } },
];

export const microBenchmark: Benchmark = {
  name: 'micro',
  what: 'resources and codecs',
  run: async () => [...resources(), ...codecs()],
};

function resources(): readonly Figure[] {
  const rest = subtract(TOTAL, TASK);
  const cases: readonly (readonly [string, () => void])[] = [
    ['add', () => add(rest, TASK)],
    ['subtract', () => subtract(TOTAL, TASK)],
    ['contains', () => contains(TOTAL, TASK)],
  ];
  return cases.map(([name, work]) => figure(`resources: ${name} (4 kinds, 3 kinds)`, work));
}

/** An OFFERS event with ten offers; ratios to the platform's own JSON say what our rules cost. */
function codecs(): readonly Figure[] {
  const offer: Offer = {
    id: { value: '0460bb91-1069-46ea-8fee-1a33f54c3ee5-O18' },
    framework_id: { value: '0460bb91-1069-46ea-8fee-1a33f54c3ee5-0001' },
    agent_id: { value: '0460bb91-1069-46ea-8fee-1a33f54c3ee5-S0' },
    hostname: 'agent1.example',
    resources: allocate(TOTAL, 'web'),
    allocation_info: { role: 'web' },
  };
  const event: Event = {
    type: 'OFFERS',
    offers: { offers: Array.from({ length: 10 }, () => offer) },
  };
  const name = 'mesos.v1.scheduler.Event';
  const text = toJson(name, event);
  const bytes = encodeMessage(name, event);
  const own = {
    write: microseconds(() => toJson(name, event)),
    read: microseconds(() => {
      const tree = parseJson(text);
      if (tree.ok) fromJson(name, tree.value);
    }),
    encode: microseconds(() => encodeMessage(name, event)),
    decode: microseconds(() => decodeMessage(name, bytes)),
  };
  const platform = {
    write: microseconds(() => JSON.stringify(event)),
    read: microseconds(() => JSON.parse(text)),
  };
  return [
    { name: 'codec: write OFFERS x 10 as JSON', value: own.write, unit: 'us' },
    { name: 'codec: write, ratio to JSON.stringify', value: own.write / platform.write, unit: 'x' },
    { name: 'codec: read OFFERS x 10 from JSON', value: own.read, unit: 'us' },
    { name: 'codec: read, ratio to JSON.parse', value: own.read / platform.read, unit: 'x' },
    { name: 'codec: encode OFFERS x 10 as protobuf', value: own.encode, unit: 'us' },
    {
      name: 'codec: encode, ratio to JSON.stringify',
      value: own.encode / platform.write,
      unit: 'x',
    },
    { name: 'codec: decode OFFERS x 10 from protobuf', value: own.decode, unit: 'us' },
    { name: 'codec: decode, ratio to JSON.parse', value: own.decode / platform.read, unit: 'x' },
  ];
}

function figure(name: string, work: () => void): Figure {
  return { name, value: microseconds(work), unit: 'us' };
}
