/** Operations and the allocator's pool as metrics (spec flags-and-metrics, sections 6.1 and 6.3). */
import type { Metrics } from '../base/metrics.ts';
import { scalarOf } from '../resources/select.ts';
import type { OfferOperationType, OperationState } from '../wire/types/mesos.v1.ts';
import type { Framework } from './records.ts';
import type { MasterState } from './state.ts';

/** Never `launch`: launches are no operations that somebody waits for. */
const TYPES = [
  'reserve',
  'unreserve',
  'create',
  'destroy',
  'grow_volume',
  'shrink_volume',
  'create_disk',
  'destroy_disk',
] as const;

const STATES: Readonly<Record<string, OperationState>> = {
  pending: 'OPERATION_PENDING',
  recovering: 'OPERATION_RECOVERING',
  unreachable: 'OPERATION_UNREACHABLE',
  finished: 'OPERATION_FINISHED',
  failed: 'OPERATION_FAILED',
  error: 'OPERATION_ERROR',
  dropped: 'OPERATION_DROPPED',
  gone_by_operator: 'OPERATION_GONE_BY_OPERATOR',
};

/** Those that went to an agent: each task of a LAUNCH counts, a group is one. */
export function countOperation(framework: Framework, type: OfferOperationType): void {
  framework.counters.increment('operations');
  framework.counters.increment(`operations/${type.toLowerCase()}`);
}

/** An operation that ended in `end` and is not, or no longer, among those of the state. */
export function countEnded(
  state: MasterState,
  type: OfferOperationType | undefined,
  end: OperationState,
): void {
  if (type !== undefined) state.counters.increment(`operations/${type.toLowerCase()}/${end}`);
}

/** All are 0 as long as there is no state. */
export function registerOperationMetrics(
  metrics: Metrics,
  stateOf: () => MasterState | undefined,
): void {
  const gauge = (name: string, help: string, read: (state: MasterState) => number): void => {
    metrics.gauge(name, help, () => {
      const state = stateOf();
      return state === undefined ? 0 : read(state);
    });
  };
  for (const type of [undefined, ...TYPES]) {
    const prefix = type === undefined ? 'master/operations' : `master/operations/${type}`;
    gauge(`${prefix}/total`, 'Operations', (state) => countOperations(state, type, undefined));
    for (const [name, wanted] of Object.entries(STATES)) {
      const help = `Operations that are ${name}`;
      gauge(`${prefix}/${name}`, help, (state) => countOperations(state, type, wanted));
    }
  }
  for (const name of ['cpus', 'mem', 'disk']) {
    const prefix = `allocator/mesos/resources/${name}`;
    gauge(`${prefix}/total`, `All ${name}`, (state) => totalOf(state, name));
    gauge(`${prefix}/offered_or_allocated`, `Given ${name}`, (state) => givenOf(state, name));
  }
  gauge('allocator/mesos/allocation_runs', 'Allocations made', (state) =>
    state.counters.get('allocation_runs'),
  );
  // There is no queue in front of this allocator: it is called directly.
  for (const name of [
    'allocator/event_queue_dispatches',
    'allocator/mesos/event_queue_dispatches',
  ]) {
    gauge(name, 'Calls waiting for the allocator', () => 0);
  }
}

function countOperations(
  state: MasterState,
  type: (typeof TYPES)[number] | undefined,
  wanted: OperationState | undefined,
): number {
  let count = 0;
  for (const { operation } of state.operations.values()) {
    if (type !== undefined && operation.info.type?.toLowerCase() !== type) continue;
    if (wanted === undefined || operation.latest_status.state === wanted) count += 1;
  }
  return count + forgottenOperations(state, type, wanted);
}

/** Ended operations stay counted when they have been acknowledged, as those of the original do. */
function forgottenOperations(
  state: MasterState,
  type: (typeof TYPES)[number] | undefined,
  wanted: OperationState | undefined,
): number {
  const types = type === undefined ? TYPES : [type];
  const states = wanted === undefined ? Object.values(STATES) : [wanted];
  let count = 0;
  for (const each of types) {
    for (const end of states) count += state.counters.get(`operations/${each}/${end}`);
  }
  return count;
}

function totalOf(state: MasterState, name: string): number {
  let total = 0;
  for (const agent of state.agents.values()) total += scalarOf(agent.totalResources, name);
  return total;
}

function givenOf(state: MasterState, name: string): number {
  let given = 0;
  for (const agent of state.agents.values()) {
    given += scalarOf(agent.offeredResources, name);
    for (const used of agent.usedResources.values()) given += scalarOf(used, name);
  }
  return given;
}
