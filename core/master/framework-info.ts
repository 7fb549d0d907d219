/** What a FrameworkInfo means: its roles and capabilities (spec scheduler-api, section 6.1). */

import type { FrameworkInfo, FrameworkInfoCapabilityType } from '../wire/types/mesos.v1.ts';
import { formatUpid, NO_UPID_TEXT } from '../wire/upid.ts';
import { deepEqual } from './deep-equal.ts';
import type { Framework } from './records.ts';

/** What agents are told of the way to a framework's scheduler: its driver's pid, or none. */
export function driverPidText({ connection }: Pick<Framework, 'connection'>): string {
  return connection?.kind === 'pid' ? formatUpid(connection.pid) : NO_UPID_TEXT;
}

export function capabilitiesOf(info: FrameworkInfo): ReadonlySet<FrameworkInfoCapabilityType> {
  const types = (info.capabilities ?? []).map((each) => each.type);
  return new Set(types.filter((type) => type !== undefined));
}

export function isMultiRole(info: FrameworkInfo): boolean {
  return (info.capabilities ?? []).some((each) => each.type === 'MULTI_ROLE');
}

/** `roles` of MULTI_ROLE frameworks, else the one `role` with its default `*`. */
export function rolesOf(info: FrameworkInfo): ReadonlySet<string> {
  return isMultiRole(info) ? new Set(info.roles ?? []) : new Set([info.role ?? '*']);
}

/** Whether both say the same: the order of roles and capabilities says nothing, nor does a default that is written out. */
export function isEquivalent(a: FrameworkInfo, b: FrameworkInfo): boolean {
  return deepEqual(canonical(a), canonical(b));
}

function canonical(info: FrameworkInfo): FrameworkInfo {
  return {
    ...info,
    role: info.role ?? '*',
    roles: [...new Set(info.roles ?? [])].sort(),
    capabilities: [...capabilitiesOf(info)].sort().map((type) => ({ type })),
    checkpoint: info.checkpoint ?? false,
    failover_timeout: info.failover_timeout ?? 0,
    hostname: info.hostname ?? '',
    webui_url: info.webui_url ?? '',
  };
}
