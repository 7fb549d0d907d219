/** Text builders around the master's machine: agents and frameworks as words, effects as lines. */

import { HierarchicalAllocator } from '../../../core/allocator/allocator.ts';
import { DEFAULT_ALLOCATOR_OPTIONS } from '../../../core/allocator/types.ts';
import { defined } from '../../../core/base/assert.ts';
import { frameworkId } from '../../../core/base/ids.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import type { MasterEffect, MasterInput, Outgoing } from '../../../core/master/effects.ts';
import { MasterMachine } from '../../../core/master/machine.ts';
import { DEFAULT_MACHINE_OPTIONS, type MachineOptions } from '../../../core/master/options.ts';
import {
  EMPTY_REGISTRY,
  type RecoveredRegistry,
  type RegistryOperation,
} from '../../../core/master/registry.ts';
import { MasterState } from '../../../core/master/state.ts';
import type { Upid } from '../../../core/net/ports.ts';
import { formatResources } from '../../../core/resources/format.ts';
import { parseResourceText } from '../../../core/resources/parse.ts';
import type {
  ReregisterSlaveMessage,
  StatusUpdate,
} from '../../../core/wire/types/mesos.internal.ts';
import type { Call, Event as SchedulerEvent } from '../../../core/wire/types/mesos.v1.scheduler.ts';
import type {
  AgentInfoCapability,
  FrameworkInfo,
  FrameworkInfoCapabilityType,
  MasterInfo,
  Offer,
  OfferOperation,
  Resource,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../../../core/wire/types/mesos.v1.ts';

const INFO: MasterInfo = {
  id: 'M',
  ip: 0x0100000a,
  port: 5050,
  pid: 'master@10.0.0.1:5050',
  hostname: 'm1',
  version: '1.12.0',
};

export const AGENT_CAPABILITIES: readonly AgentInfoCapability[] = [
  { type: 'MULTI_ROLE' },
  { type: 'HIERARCHICAL_ROLE' },
  { type: 'RESERVATION_REFINEMENT' },
  { type: 'RESOURCE_PROVIDER' },
  { type: 'RESIZE_VOLUME' },
  { type: 'AGENT_OPERATION_FEEDBACK' },
  { type: 'AGENT_DRAINING' },
  { type: 'TASK_RESOURCE_LIMITS' },
];

const START = 1_700_000_000_000;

/** Allocations closer together than this are one. */
const COALESCE_MS = 1;

export interface FrameworkOptions {
  readonly roles?: readonly string[];
  readonly capabilities?: readonly FrameworkInfoCapabilityType[];
  readonly failoverTimeout?: number;
  readonly checkpoint?: boolean;
  readonly id?: string;
  readonly principal?: string;
}

export function resources(text: string): readonly Resource[] {
  const parsed = parseResourceText(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export class MasterScene {
  readonly machine: MasterMachine;
  readonly state: MasterState;
  now = START;
  /** Writes wait for `persist()` when this is false. */
  persistsAtOnce = true;
  private readonly writes: number[] = [];
  /** Everything that was written to the registry, or is about to be. */
  readonly operations: RegistryOperation[] = [];
  private wakeAt: number | undefined;
  private streamCount = 0;
  private uuidCount = 0;
  private readonly events = new Map<string, SchedulerEvent[]>();
  private readonly closed = new Set<string>();
  private readonly sent: {
    readonly from: string;
    readonly to: Upid;
    readonly content: Outgoing;
  }[] = [];
  readonly others: MasterEffect[] = [];

  constructor(
    options: Partial<MachineOptions> = {},
    registry: RecoveredRegistry | undefined = EMPTY_REGISTRY,
    info: MasterInfo = INFO,
  ) {
    const machineOptions = { ...DEFAULT_MACHINE_OPTIONS, ...options };
    this.state = new MasterState(info, START, machineOptions);
    const random = new SeededRandom(7);
    const allocator = new HierarchicalAllocator(random, DEFAULT_ALLOCATOR_OPTIONS);
    this.machine = new MasterMachine(this.state, machineOptions, { allocator, random });
    this.input({ kind: 'elected' });
    if (registry !== undefined) this.input({ kind: 'recovered', registry });
  }

  input(input: MasterInput): void {
    for (const effect of this.machine.handle(input, this.now)) this.perform(effect);
    while (this.persistsAtOnce && this.writes.length > 0) this.persist();
  }

  /** Writes under way. */
  get writeCount(): number {
    return this.writes.length;
  }

  /** The oldest write is durable now. */
  persist(): void {
    const write = defined(this.writes.shift(), 'a write');
    this.input({ kind: 'persisted', write });
  }

  advance(ms: number): this {
    const end = this.now + ms;
    while (this.wakeAt !== undefined && this.wakeAt <= end) {
      this.now = Math.max(this.now, this.wakeAt);
      this.wakeAt = undefined;
      this.input({ kind: 'woke' });
    }
    this.now = end;
    return this;
  }

  // Agents.

  pid = (name: string): Upid => ({
    id: 'slave(1)',
    ip: `10.0.1.${Number(name.slice(1))}`,
    port: 5051,
  });

  /** Registers `a1`, `a2`, ...; gives its agent id. */
  agent(
    name: string,
    text = 'cpus:4;mem:4096;disk:8192;ports:[31000-32000]',
    hostname = name,
  ): string {
    const before = new Set(this.state.agents.keys());
    this.input({
      kind: 'message',
      from: this.pid(name),
      content: {
        name: 'mesos.internal.RegisterSlaveMessage',
        message: {
          slave: { hostname, port: 5051, resources: resources(text) },
          version: '1.12.0',
          agent_capabilities: AGENT_CAPABILITIES,
          resource_version_uuid: { value: new Uint8Array(16).fill(1) },
        },
      },
    });
    this.advance(COALESCE_MS);
    return [...this.state.agents.keys()].find((id) => !before.has(id)) ?? '';
  }

  reregister(name: string, id: string, extra: Partial<ReregisterSlaveMessage> = {}): void {
    const text = 'cpus:4;mem:4096;disk:8192;ports:[31000-32000]';
    this.input({
      kind: 'message',
      from: this.pid(name),
      content: {
        name: 'mesos.internal.ReregisterSlaveMessage',
        message: {
          slave: { hostname: name, port: 5051, resources: resources(text), id: { value: id } },
          version: '1.12.0',
          agent_capabilities: AGENT_CAPABILITIES,
          resource_version_uuid: { value: new Uint8Array(16).fill(1) },
          ...extra,
        },
      },
    });
    this.advance(COALESCE_MS);
  }

  exit(name: string): void {
    this.input({ kind: 'exited', pid: this.pid(name) });
  }

  pong(observer: number): void {
    this.input({ kind: 'pong', observer });
  }

  /** A status update of the agent `name`; gives its uuid. */
  update(
    name: string,
    task: { readonly framework: string; readonly id: string; readonly agent: string },
    state: TaskState,
    extra: Partial<TaskStatus> & { readonly latestState?: TaskState } = {},
  ): Uint8Array {
    const { latestState, ...status } = extra;
    const uuid = this.uuid();
    const update: StatusUpdate = {
      framework_id: { value: task.framework },
      executor_id: { value: task.id },
      slave_id: { value: task.agent },
      status: { task_id: { value: task.id }, state, source: 'SOURCE_EXECUTOR', uuid, ...status },
      timestamp: this.now / 1000,
      uuid,
      latest_state: latestState ?? state,
    };
    this.input({
      kind: 'message',
      from: this.pid(name),
      content: { name: 'mesos.internal.StatusUpdateMessage', message: { update } },
    });
    this.advance(COALESCE_MS);
    return uuid;
  }

  uuid(): Uint8Array {
    const uuid = new Uint8Array(16).fill(0x44);
    this.uuidCount += 1;
    uuid[15] = this.uuidCount;
    return uuid;
  }

  // Frameworks.

  /** Subscribes; gives the framework's id, or '' when it was refused. */
  subscribe(stream: string, options: FrameworkOptions = {}): string {
    const info: FrameworkInfo = {
      user: 'app',
      name: stream,
      roles: options.roles ?? ['*'],
      ...(options.failoverTimeout === undefined
        ? {}
        : { failover_timeout: options.failoverTimeout }),
      ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
      ...(options.id === undefined ? {} : { id: { value: options.id } }),
      ...(options.principal === undefined ? {} : { principal: options.principal }),
      capabilities: (
        options.capabilities ?? ['MULTI_ROLE', 'PARTITION_AWARE', 'RESERVATION_REFINEMENT']
      ).map((type) => ({ type })),
    };
    return this.subscribeAs(stream, info);
  }

  subscribeAs(stream: string, info: FrameworkInfo, extra: Partial<Call['subscribe']> = {}): string {
    this.streamCount += 1;
    this.events.set(stream, []);
    const call: Call = {
      type: 'SUBSCRIBE',
      framework_id: info.id,
      subscribe: { framework_info: info, ...extra },
    };
    this.input({ kind: 'subscribe', call, connection: stream, principal: undefined });
    this.advance(COALESCE_MS);
    const subscribed = this.events.get(stream)?.find((event) => event.type === 'SUBSCRIBED');
    return subscribed?.subscribed?.framework_id.value ?? '';
  }

  call(framework: string, call: Call): void {
    this.input({
      kind: 'call',
      framework: frameworkId(framework),
      call: { framework_id: { value: framework }, ...call },
    });
    this.advance(COALESCE_MS);
  }

  disconnect(stream: string): void {
    this.input({ kind: 'disconnected', connection: stream });
  }

  launch(framework: string, offer: Offer, tasks: readonly TaskInfo[], refuseSeconds = 0): void {
    this.accept(
      framework,
      offer,
      [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
      refuseSeconds,
    );
  }

  accept(
    framework: string,
    offer: Offer,
    operations: readonly OfferOperation[],
    refuseSeconds = 0,
  ): void {
    this.call(framework, {
      type: 'ACCEPT',
      accept: {
        offer_ids: [offer.id],
        operations,
        filters: { refuse_seconds: refuseSeconds },
      },
    });
  }

  acknowledge(framework: string, agent: string, task: string, uuid: Uint8Array): void {
    this.call(framework, {
      type: 'ACKNOWLEDGE',
      acknowledge: { agent_id: { value: agent }, task_id: { value: task }, uuid },
    });
  }

  // What came out.

  /** The events of a stream since the last look. */
  take(stream: string): readonly SchedulerEvent[] {
    const events = this.events.get(stream) ?? [];
    this.events.set(stream, []);
    return events;
  }

  /** The same as lines, without heartbeats. */
  lines(stream: string): readonly string[] {
    return this.take(stream)
      .filter((event) => event.type !== 'HEARTBEAT')
      .map(describeEvent);
  }

  /** The offers of the one OFFERS event since the last look. */
  takeOffer(stream: string): Offer {
    const offers = this.take(stream).flatMap((event) => event.offers?.offers ?? []);
    return defined(offers[0], `an offer on ${stream}`);
  }

  isClosed(stream: string): boolean {
    return this.closed.has(stream);
  }

  /** Messages to an agent since the last look, pings left out. */
  sentTo(name: string): readonly Outgoing[] {
    const { ip } = this.pid(name);
    const found = this.sent.filter((each) => each.to.ip === ip).map((each) => each.content);
    const rest = this.sent.filter((each) => each.to.ip !== ip);
    this.sent.splice(0, this.sent.length, ...rest);
    return found.filter((each) => each.name !== 'mesos.internal.PingSlaveMessage');
  }

  /** Messages to the process at `pid` since the last look. */
  sentToPid(pid: Upid): readonly Outgoing[] {
    const isThere = ({ to }: { readonly to: Upid }): boolean =>
      to.ip === pid.ip && to.port === pid.port && to.id === pid.id;
    const found = this.sent.filter(isThere).map((each) => each.content);
    const rest = this.sent.filter((each) => !isThere(each));
    this.sent.splice(0, this.sent.length, ...rest);
    return found;
  }

  sentNames(name: string): readonly string[] {
    return this.sentTo(name).map((each) => each.name.replace('mesos.internal.', ''));
  }

  private perform(effect: MasterEffect): void {
    switch (effect.kind) {
      case 'event': {
        const list = this.events.get(effect.connection) ?? [];
        list.push(effect.event);
        this.events.set(effect.connection, list);
        return;
      }
      case 'close':
        this.closed.add(effect.connection);
        return;
      case 'send':
        this.sent.push(effect);
        return;
      case 'persist':
        this.writes.push(effect.write);
        this.operations.push(...effect.operations);
        return;
      case 'wake':
        this.wakeAt = this.wakeAt === undefined ? effect.at : Math.min(this.wakeAt, effect.at);
        return;
      default:
        this.others.push(effect);
    }
  }
}

export function task(id: string, agent: string, text = 'cpus:1;mem:128'): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: agent },
    resources: resources(text),
    command: { value: 'true' },
  };
}

function describeEvent(event: SchedulerEvent): string {
  switch (event.type) {
    case 'OFFERS':
      return `OFFERS ${(event.offers?.offers ?? [])
        .map((offer) => `${offer.agent_id.value} ${formatResources(offer.resources ?? [])}`)
        .join(' | ')}`;
    case 'UPDATE': {
      const status = event.update?.status;
      const parts = [status?.task_id.value, status?.state, status?.reason, status?.message];
      return `UPDATE ${parts.filter((part) => part !== undefined).join(' ')}`;
    }
    case 'RESCIND':
      return `RESCIND ${event.rescind?.offer_id.value}`;
    case 'ERROR':
      return `ERROR ${event.error?.message}`;
    case 'FAILURE': {
      const { agent_id, executor_id, status } = event.failure ?? {};
      const parts = [agent_id?.value, executor_id?.value, status];
      return `FAILURE ${parts.filter((part) => part !== undefined).join(' ')}`;
    }
    case 'UPDATE_OPERATION_STATUS': {
      const status = event.update_operation_status?.status;
      const parts = [status?.operation_id?.value, status?.state, status?.message];
      return `OPERATION ${parts.filter((part) => part !== undefined).join(' ')}`;
    }
    default:
      return event.type ?? '';
  }
}
