/** The allocator alone: 10,000 agents and 1,000 frameworks, from cold and with 1 % changed. */
import { HierarchicalAllocator } from '../../core/allocator/allocator.ts';
import type { Allocation } from '../../core/allocator/types.ts';
import { type AgentId, agentId, type FrameworkId, frameworkId } from '../../core/base/ids.ts';
import { SeededRandom } from '../../core/base/random.ts';
import type { Resource } from '../../core/wire/types/mesos.v1.ts';
import type { Benchmark, Figure } from './figures.ts';
import { timed, timedWithCpu } from './measure.ts';

const AGENTS = 10_000;
const FRAMEWORKS = 1_000;
const ROLES = 100;
const STEADY_ROUNDS = 10;

const TOTAL: readonly Resource[] = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 16 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 65_536 } },
  { name: 'disk', type: 'SCALAR', scalar: { value: 1_000_000 } },
  { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
];

export const allocatorBenchmark: Benchmark = {
  name: 'allocator',
  what: `${AGENTS} agents, ${FRAMEWORKS} frameworks in ${ROLES} roles`,
  run: async () => measure(),
};

function measure(): readonly Figure[] {
  const allocator = new HierarchicalAllocator(new SeededRandom(1));
  let now = 0;
  for (let at = 0; at < FRAMEWORKS; at += 1) addFramework(allocator, at, now);
  const addMs = timed(() => {
    for (let at = 0; at < AGENTS; at += 1) addAgent(allocator, agentId(`agent-${at}`), now);
  });
  let offers: readonly Allocation[] = [];
  const cold = timedWithCpu(() => {
    offers = allocator.allocate(now).allocations;
  });
  const held = [...offers];
  const part = Math.floor(AGENTS / 100);
  const steady = { wallMs: 0, cpuMs: 0 };
  for (let round = 0; round < STEADY_ROUNDS; round += 1) {
    now += 1_000;
    const { wallMs, cpuMs } = timedWithCpu(() => {
      for (const offer of held.splice(0, part)) {
        allocator.recoverResources({ ...offer, filters: undefined, isAllocated: false }, now);
      }
      held.push(...allocator.allocate(now).allocations);
    });
    steady.wallMs += wallMs / STEADY_ROUNDS;
    steady.cpuMs += cpuMs / STEADY_ROUNDS;
  }
  const filterMs = declineAll(allocator, held, now + 1_000);
  return [
    { name: 'allocator: add 10,000 agents', value: addMs, unit: 'ms' },
    {
      name: 'allocator: cold run',
      value: cold.wallMs,
      unit: 'ms',
      target: { bound: 'at most', value: 500 },
    },
    { name: 'allocator: cold run, processor time', value: cold.cpuMs, unit: 'cpu-ms' },
    { name: 'allocator: cold run, offers made', value: offers.length, unit: 'offers' },
    {
      name: 'allocator: 1 % of the agents freed and offered',
      value: steady.wallMs,
      unit: 'ms',
      target: { bound: 'at most', value: 10 },
    },
    { name: 'allocator: the same, processor time', value: steady.cpuMs, unit: 'cpu-ms' },
    { name: 'allocator: all declined for 5 s and offered to others', value: filterMs, unit: 'ms' },
  ];
}

function declineAll(
  allocator: HierarchicalAllocator,
  held: readonly Allocation[],
  now: number,
): number {
  return timed(() => {
    for (const offer of held) {
      allocator.recoverResources({ ...offer, filters: {}, isAllocated: false }, now);
    }
    allocator.allocate(now);
  });
}

function addFramework(allocator: HierarchicalAllocator, at: number, now: number): FrameworkId {
  const id = frameworkId(`framework-${at}`);
  const info = {
    user: 'bench',
    name: id,
    roles: [`role-${at % ROLES}`],
    capabilities: [{ type: 'MULTI_ROLE' as const }],
  };
  const settings = { suppressedRoles: [], offerConstraints: undefined };
  allocator.addFramework({ id, info, used: new Map(), active: true, ...settings }, now);
  return id;
}

function addAgent(allocator: HierarchicalAllocator, id: AgentId, now: number): void {
  const info = { hostname: id };
  const used = new Map();
  const capabilities = ['MULTI_ROLE', 'HIERARCHICAL_ROLE'] as const;
  allocator.addAgent(
    { id, info, capabilities, unavailability: undefined, total: TOTAL, used },
    now,
  );
}
