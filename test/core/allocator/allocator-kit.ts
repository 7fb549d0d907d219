/** Text builders around a `HierarchicalAllocator` with virtual time. */
import assert from 'node:assert/strict';
import { HierarchicalAllocator } from '../../../core/allocator/allocator.ts';
import type { Allocation, AllocatorOptions } from '../../../core/allocator/types.ts';
import { type AgentId, agentId, type FrameworkId, frameworkId } from '../../../core/base/ids.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { subtract } from '../../../core/resources/arithmetic.ts';
import { formatResources } from '../../../core/resources/format.ts';
import { parseResourceText } from '../../../core/resources/parse.ts';
import { allocate, unallocate } from '../../../core/resources/select.ts';
import type { OfferConstraints } from '../../../core/wire/types/mesos.v1.scheduler.ts';
import type {
  AgentInfo,
  AgentInfoCapabilityType,
  FrameworkInfo,
  FrameworkInfoCapabilityType,
  Resource,
} from '../../../core/wire/types/mesos.v1.ts';

export function resources(text: string): readonly Resource[] {
  const parsed = parseResourceText(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

export interface FrameworkText {
  readonly roles: readonly string[];
  readonly capabilities?: readonly FrameworkInfoCapabilityType[];
  readonly suppressed?: readonly string[];
  readonly constraints?: OfferConstraints;
  readonly info?: Partial<FrameworkInfo>;
}

const AGENT_CAPABILITIES: readonly AgentInfoCapabilityType[] = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
];

export class AllocatorKit {
  readonly allocator: HierarchicalAllocator;
  now = 1_000_000;
  /** Offers not yet declined or used. */
  readonly offers: Allocation[] = [];

  constructor(options: Partial<AllocatorOptions> = {}, seed = 7) {
    this.allocator = new HierarchicalAllocator(new SeededRandom(seed), options);
  }

  framework(name: string, text: FrameworkText): FrameworkId {
    const id = frameworkId(name);
    const capabilities: readonly FrameworkInfoCapabilityType[] = [
      'MULTI_ROLE',
      'RESERVATION_REFINEMENT',
      ...(text.capabilities ?? []),
    ];
    const info: FrameworkInfo = {
      user: 'u',
      name,
      roles: text.roles,
      capabilities: capabilities.map((type) => ({ type })),
      ...text.info,
    };
    this.allocator.addFramework(
      {
        id,
        info,
        used: new Map(),
        active: true,
        suppressedRoles: text.suppressed ?? [],
        offerConstraints: text.constraints,
      },
      this.now,
    );
    return id;
  }

  agent(name: string, total: string, info: Partial<AgentInfo> = {}): AgentId {
    const id = agentId(name);
    this.allocator.addAgent(
      {
        id,
        info: { hostname: name, ...info },
        capabilities: AGENT_CAPABILITIES,
        unavailability: undefined,
        total: resources(total),
        used: new Map(),
      },
      this.now,
    );
    return id;
  }

  /** Runs what is due now; gives one sorted line per offer. */
  run(): readonly string[] {
    const lines: string[] = [];
    for (let rounds = 0; rounds < 100; rounds += 1) {
      const wake = this.allocator.nextWake(this.now);
      if (wake === undefined || wake > this.now) break;
      const { allocations } = this.allocator.allocate(this.now);
      this.offers.push(...allocations);
      lines.push(...allocations.map(describe));
    }
    return lines.sort();
  }

  /** Moves time and runs whenever the allocator asks for it. */
  advance(durationMs: number): readonly string[] {
    const until = this.now + durationMs;
    const lines: string[] = [];
    for (;;) {
      const wake = this.allocator.nextWake(this.now);
      if (wake === undefined || wake > until) break;
      this.now = Math.max(this.now, wake);
      lines.push(...this.run());
    }
    this.now = until;
    lines.push(...this.run());
    return lines;
  }

  /** Gives an outstanding offer back. */
  decline(framework: string, agent: string, refuseSeconds: number | undefined): void {
    this.declineOffer(this.find(framework, agent), refuseSeconds);
  }

  declineOffer(offer: Allocation, refuseSeconds: number | undefined): void {
    this.forget(offer);
    const filters = refuseSeconds === undefined ? {} : { refuse_seconds: refuseSeconds };
    this.allocator.recoverResources({ ...offer, filters, isAllocated: false }, this.now);
  }

  /** Uses a part of an outstanding offer; the rest goes back with the filter. Gives the used part. */
  launch(framework: string, agent: string, used: string, refuseSeconds = 0): Allocation {
    return this.launchOn(this.find(framework, agent), used, refuseSeconds);
  }

  launchOn(offer: Allocation, used: string, refuseSeconds: number): Allocation {
    this.forget(offer);
    const part = allocate(resources(used), offer.role);
    this.allocator.transitionOfferedToAllocated(offer.agentId, part);
    const rest = subtract(offer.resources, part);
    const filters = { refuse_seconds: refuseSeconds };
    const recovery = { ...offer, resources: rest, filters, isAllocated: false };
    this.allocator.recoverResources(recovery, this.now);
    return { ...offer, resources: part };
  }

  /** A task that `launch` started ends. */
  finish(task: Allocation): void {
    this.allocator.recoverResources({ ...task, filters: undefined, isAllocated: true }, this.now);
  }

  /** The oldest outstanding offer of the agent to the framework, not outstanding any more. */
  take(framework: string, agent: string): Allocation {
    const offer = this.find(framework, agent);
    this.forget(offer);
    return offer;
  }

  forget(offer: Allocation): void {
    this.offers.splice(this.offers.indexOf(offer), 1);
  }

  private find(framework: string, agent: string): Allocation {
    const offer = this.offers.find(
      (each) => each.frameworkId === framework && each.agentId === agent,
    );
    assert.ok(offer, `no offer of ${agent} to ${framework}`);
    return offer;
  }
}

export function describe({
  frameworkId: id,
  agentId: agent,
  role,
  resources: list,
}: Allocation): string {
  return `${id} ${role} ${agent} ${formatResources(unallocate(list))}`;
}
