/** What the allocator knows of one framework. */
import type { FrameworkId } from '../base/ids.ts';
import type { Resources } from '../resources/arithmetic.ts';
import { hasRefinedReservation, isRevocable, isShared } from '../resources/kinds.ts';
import { type Quantities, quantitiesOfScalars } from '../resources/quantities.ts';
import type { Milli } from '../resources/scalar.ts';
import { quantityOf } from '../resources/select.ts';
import type {
  FrameworkInfo,
  FrameworkInfoCapabilityType,
  OfferFilters,
} from '../wire/types/mesos.v1.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { CompiledConstraints } from './offer-constraints.ts';

export class FrameworkEntry {
  readonly id: FrameworkId;
  isActive = false;
  roles: ReadonlySet<string> = new Set();
  readonly suppressed = new Set<string>();
  constraints: CompiledConstraints;
  isMultiRole = false;
  private readonly capabilities = new Set<FrameworkInfoCapabilityType>();
  private minimums: ReadonlyMap<string, readonly Quantities[]> = new Map();
  private takesEverything = false;

  constructor(id: FrameworkId, info: FrameworkInfo, constraints: CompiledConstraints) {
    this.id = id;
    this.constraints = constraints;
    this.describe(info);
  }

  describe(info: FrameworkInfo): void {
    this.capabilities.clear();
    for (const { type } of info.capabilities ?? []) {
      if (type !== undefined) this.capabilities.add(type);
    }
    this.isMultiRole = this.capabilities.has('MULTI_ROLE');
    this.roles = new Set(rolesOf(info));
    this.minimums = minimumsOf(info.offer_filters ?? {});
    this.takesEverything =
      this.capabilities.has('SHARED_RESOURCES') &&
      this.capabilities.has('REVOCABLE_RESOURCES') &&
      this.capabilities.has('RESERVATION_REFINEMENT');
  }

  /** Whether the framework may be offered anything of this agent (spec allocator, section 7.2). */
  fits(role: string, agent: AgentEntry, filterGpuResources: boolean): boolean {
    if (agent.hasGpus && filterGpuResources && !this.capabilities.has('GPU_RESOURCES'))
      return false;
    if (agent.isRemote && !this.capabilities.has('REGION_AWARE')) return false;
    if (this.isMultiRole && !agent.isMultiRole) return false;
    if (!agent.isHierarchical && role.includes('/')) return false;
    return this.constraints.allows(role, agent.info);
  }

  /** Without the kinds the framework does not know (spec allocator, section 7.3). */
  strip(resources: Resources): Resources {
    if (this.takesEverything) return resources;
    const knows = this.capabilities;
    const isForeign = (each: Resources[number]): boolean =>
      (isShared(each) && !knows.has('SHARED_RESOURCES')) ||
      (isRevocable(each) && !knows.has('REVOCABLE_RESOURCES')) ||
      (hasRefinedReservation(each) && !knows.has('RESERVATION_REFINEMENT'));
    return resources.some(isForeign) ? resources.filter((each) => !isForeign(each)) : resources;
  }

  /** Its own minimums for the role, when it stated some. */
  minimumsFor(role: string): readonly Quantities[] | undefined {
    return this.minimums.get(role);
  }
}

/** `roles` of MULTI_ROLE frameworks, else the one `role`. */
export function rolesOf(info: FrameworkInfo): readonly string[] {
  const isMultiRole = (info.capabilities ?? []).some(({ type }) => type === 'MULTI_ROLE');
  return isMultiRole ? (info.roles ?? []) : [info.role ?? '*'];
}

/** Whether one of the minimums is there; an empty list accepts everything that is not empty. */
export function isAllocatable(resources: Resources, minimums: readonly Quantities[]): boolean {
  if (resources.length === 0) return false;
  if (minimums.length === 0) return true;
  return minimums.some((minimum) => {
    for (const [name, milli] of minimum) if (amountOf(resources, name) < milli) return false;
    return true;
  });
}

function amountOf(resources: Resources, name: string): Milli {
  let milli = 0;
  for (const each of resources) if (each.name === name) milli += quantityOf(each);
  return milli;
}

function minimumsOf(
  filters: Readonly<Record<string, OfferFilters>>,
): ReadonlyMap<string, readonly Quantities[]> {
  const minimums = new Map<string, readonly Quantities[]>();
  for (const [role, { min_allocatable_resources: minimum }] of Object.entries(filters)) {
    if (minimum === undefined) continue;
    minimums.set(
      role,
      (minimum.quantities ?? []).map((each) => quantitiesOfScalars(each.quantities)),
    );
  }
  return minimums;
}
