/** v1 calls that change something, as requests to the machine (spec operator-api, section 8). */
import { parseDuration } from '../../base/duration.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { validateResources } from '../../resources/validate.ts';
import type { Call } from '../../wire/types/mesos.v1.master.ts';
import type { OfferOperation } from '../../wire/types/mesos.v1.ts';
import type { OperatorRequest } from '../operator/requests.ts';

/** The longest duration a message can hold, in steps that a number can tell. */
const NANOSECONDS_MAX = 2 ** 63 - 1024;

/** `undefined` when the call changes nothing; a text refuses it. Arguments are known to be there. */
export function changeOf(call: Call): Result<OperatorRequest> | undefined {
  return serviceChange(call) ?? settingsChange(call) ?? resourceChange(call);
}

/** Agents and machines. */
function serviceChange(call: Call): Result<OperatorRequest> | undefined {
  const { drain_agent: drain, deactivate_agent, reactivate_agent, mark_agent_gone } = call;
  switch (call.type) {
    case 'DRAIN_AGENT': {
      if (drain === undefined) return undefined;
      const { seconds = 0, nanos = 0 } = drain.max_grace_period ?? {};
      const isGiven = drain.max_grace_period !== undefined;
      return ok({
        kind: 'drain-agent',
        agent: drain.agent_id.value,
        maxGracePeriod: isGiven ? { nanoseconds: nanosecondsOf(seconds, nanos) } : undefined,
        markGone: drain.mark_gone,
      });
    }
    case 'DEACTIVATE_AGENT':
      return deactivate_agent && agentChange('deactivate-agent', deactivate_agent);
    case 'REACTIVATE_AGENT':
      return reactivate_agent && agentChange('reactivate-agent', reactivate_agent);
    case 'MARK_AGENT_GONE':
      return mark_agent_gone && agentChange('mark-agent-gone', mark_agent_gone);
    case 'START_MAINTENANCE':
      return ok({ kind: 'start-maintenance', machines: call.start_maintenance?.machines ?? [] });
    case 'STOP_MAINTENANCE':
      return ok({ kind: 'stop-maintenance', machines: call.stop_maintenance?.machines ?? [] });
    case 'UPDATE_MAINTENANCE_SCHEDULE': {
      const schedule = call.update_maintenance_schedule?.schedule ?? {};
      return ok({ kind: 'update-schedule', schedule });
    }
    default:
      return undefined;
  }
}

function agentChange(
  kind: 'deactivate-agent' | 'reactivate-agent' | 'mark-agent-gone',
  given: { readonly agent_id: { readonly value: string } },
): Result<OperatorRequest> {
  return ok({ kind, agent: given.agent_id.value });
}

/** Quota and weights. */
function settingsChange(call: Call): Result<OperatorRequest> | undefined {
  switch (call.type) {
    case 'UPDATE_QUOTA': {
      const { quota_configs: configs = [], force = false } = call.update_quota ?? {};
      return ok({ kind: 'update-quota', configs, isForced: force });
    }
    case 'SET_QUOTA':
      return ok({ kind: 'set-quota', request: call.set_quota?.quota_request ?? {} });
    case 'REMOVE_QUOTA':
      return ok({ kind: 'remove-quota', role: call.remove_quota?.role ?? '', path: undefined });
    case 'UPDATE_WEIGHTS':
      return ok({ kind: 'update-weights', infos: call.update_weights?.weight_infos ?? [] });
    default:
      return undefined;
  }
}

/** What the original finds while it validates the call. */
const INVALID = 'Failed to validate master::Call: ';

const NO_AGENT =
  "Expecting 'agent_id' to be present; only agent default resources are supported right now";

function resourceChange(call: Call): Result<OperatorRequest> | undefined {
  const { reserve_resources, unreserve_resources, create_volumes, destroy_volumes } = call;
  const { grow_volume, shrink_volume } = call;
  const change = (
    agent: { readonly value: string } | undefined,
    operation: OfferOperation,
  ): Result<OperatorRequest> => {
    if (agent === undefined) return err(`${INVALID}${NO_AGENT}`);
    const { reserve, unreserve } = operation;
    const why = validateResources((reserve ?? unreserve)?.resources ?? []);
    if (why !== undefined) return err(`${INVALID}${why}`);
    return ok({ kind: 'change-resources', agent: agent.value, operation, principal: undefined });
  };
  switch (call.type) {
    case 'RESERVE_RESOURCES': {
      if (reserve_resources === undefined) return undefined;
      const { agent_id, source = [], resources = [] } = reserve_resources;
      return change(agent_id, { type: 'RESERVE', reserve: { source, resources } });
    }
    case 'UNRESERVE_RESOURCES': {
      if (unreserve_resources === undefined) return undefined;
      const { agent_id, resources = [] } = unreserve_resources;
      return change(agent_id, { type: 'UNRESERVE', unreserve: { resources } });
    }
    case 'CREATE_VOLUMES': {
      if (create_volumes === undefined) return undefined;
      const { agent_id, volumes = [] } = create_volumes;
      return change(agent_id, { type: 'CREATE', create: { volumes } });
    }
    case 'DESTROY_VOLUMES': {
      if (destroy_volumes === undefined) return undefined;
      const { agent_id, volumes = [] } = destroy_volumes;
      return change(agent_id, { type: 'DESTROY', destroy: { volumes } });
    }
    case 'GROW_VOLUME': {
      if (grow_volume === undefined) return undefined;
      const { agent_id, volume, addition } = grow_volume;
      return change(agent_id, { type: 'GROW_VOLUME', grow_volume: { volume, addition } });
    }
    case 'SHRINK_VOLUME': {
      if (shrink_volume === undefined) return undefined;
      const { agent_id, volume, subtract } = shrink_volume;
      return change(agent_id, { type: 'SHRINK_VOLUME', shrink_volume: { volume, subtract } });
    }
    default:
      return undefined;
  }
}

/**
 * The maintenance guide writes `"max_grace_period": "10mins"`, which the original refuses; here it is
 * taken beside the object `{"seconds": 600}`.
 */
export function withDurationObject(tree: unknown): unknown {
  if (!isRecord(tree) || !isRecord(tree['drain_agent'])) return tree;
  const given = tree['drain_agent']['max_grace_period'];
  const duration = typeof given === 'string' ? parseDuration(asOriginal(given)) : undefined;
  if (duration?.ok !== true) return tree;
  const seconds = Math.floor(duration.value / 1000);
  const nanos = Math.round((duration.value - seconds * 1000) * 1e6);
  const max_grace_period = { seconds, nanos };
  return { ...tree, drain_agent: { ...tree['drain_agent'], max_grace_period } };
}

/** `600s` is what protobuf's own JSON writes for ten minutes. */
function asOriginal(text: string): string {
  return /^-?[\d.]+s$/.test(text) ? `${text.slice(0, -1)}secs` : text;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Seconds are 64 bits wide, too: most of their range is beyond what the agent can be told. */
function nanosecondsOf(seconds: number, nanos: number): number {
  const exact = seconds * 1e9 + nanos;
  return Math.max(-NANOSECONDS_MAX, Math.min(exact, NANOSECONDS_MAX));
}
