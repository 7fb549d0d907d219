/** `posix/rlimits`, `linux/capabilities`, `linux/nnp`: what processes of a container may (section 8.3). */
import { err, ok, type Result } from '../../../base/result.ts';
import type { CapabilityInfo, RLimitInfo } from '../../../wire/types/mesos.v1.ts';
import { CAPABILITIES } from '../../launcher/rootfs.ts';
import type { Isolator } from '../isolator.ts';
import type { CapabilityPlan, RlimitPlan } from '../plan.ts';

export const RLIMITS = 'posix/rlimits';
const RLIMIT_PREFIX = 'RLMT_';

export function rlimitsIsolator(): Isolator {
  return {
    name: RLIMITS,
    prepare: ({ containerInfo }) => {
      const rlimits = rlimitsOf(containerInfo?.rlimit_info);
      return rlimits.ok ? ok({ rlimits: rlimits.value }) : rlimits;
    },
  };
}

function rlimitsOf(info: RLimitInfo | undefined): Result<readonly RlimitPlan[]> {
  const plans: RlimitPlan[] = [];
  for (const { type, soft, hard } of info?.rlimits ?? []) {
    if (type === undefined || type === 'UNKNOWN') return err('Unknown resource limit type');
    const name = type.replace(RLIMIT_PREFIX, '').toLowerCase();
    if (soft === undefined && hard === undefined) {
      plans.push({ name, value: 'unlimited' });
    } else if (soft === undefined || hard === undefined) {
      return err('Both soft and hard resource limit must be specified');
    } else if (soft > hard) {
      return err(
        `Invalid '${type}': the soft limit ${soft} is greater than the hard limit ${hard}`,
      );
    } else {
      plans.push({ name, value: `${soft}:${hard}` });
    }
  }
  return ok(plans);
}

export interface CapabilityOptions {
  /** `--effective_capabilities`; undefined leaves what the agent has. */
  readonly effective: readonly string[] | undefined;
  /** `--bounding_capabilities`. */
  readonly bounding: readonly string[] | undefined;
}

export function capabilitiesIsolator(options: CapabilityOptions): Isolator {
  return {
    name: 'linux/capabilities',
    prepare: ({ containerInfo }) => {
      const info = containerInfo?.linux_info;
      const effective = info?.effective_capabilities ?? info?.capability_info;
      const plan = planOf(namesOf(effective), namesOf(info?.bounding_capabilities), options);
      if (!plan.ok) return plan;
      return ok(plan.value === undefined ? {} : { capabilities: plan.value });
    },
  };
}

function planOf(
  askedEffective: readonly string[] | undefined,
  askedBounding: readonly string[] | undefined,
  allowed: CapabilityOptions,
): Result<CapabilityPlan | undefined> {
  const limit = allowed.bounding ?? allowed.effective;
  for (const asked of [askedEffective, askedBounding]) {
    if (asked === undefined || limit === undefined || isSubset(asked, limit)) continue;
    return err(`Requested capabilities '${setOf(asked)}', but only '${setOf(limit)}' are allowed`);
  }
  const effective = askedEffective ?? allowed.effective;
  const bounding = askedBounding ?? allowed.bounding ?? effective;
  if (bounding === undefined) return ok(undefined);
  const short = (names: readonly string[]): readonly string[] =>
    names.map((name) => name.toLowerCase());
  if (effective === undefined) return ok({ bounding: short(bounding) });
  if (!isSubset(effective, bounding)) {
    return err('Effective capabilities are not a subset of the bounding capabilities');
  }
  return ok({ effective: short(effective), bounding: short(bounding) });
}

/** As the original prints a set: in the order of their numbers. */
function setOf(names: readonly string[]): string {
  const numberOf = (name: string): number => CAPABILITIES.indexOf(name.toLowerCase());
  const sorted = [...new Set(names)].sort((a, b) => numberOf(a) - numberOf(b));
  return `{ ${sorted.join(', ')} }`;
}

export function namesOf(info: CapabilityInfo | undefined): readonly string[] | undefined {
  return info?.capabilities?.filter((name) => name !== 'UNKNOWN');
}

export function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return some.every((each) => all.includes(each));
}

export function noNewPrivilegesIsolator(): Isolator {
  return { name: 'linux/nnp', prepare: () => ok({ noNewPrivileges: true }) };
}
