/** Calls about configurations of resource providers: this agent has none (spec operator-api, section 10). */
import type { Approvers } from '../../auth/authorizer.ts';
import type { Refusal } from '../../operator/envelope.ts';
import type { Call } from '../../wire/types/mesos.v1.agent.ts';

/** What follows `Failed to validate agent::Call: `; undefined when all is well. */
export function providerConfigFault(call: Call): string | undefined {
  const field = (call.type ?? '').toLowerCase();
  switch (call.type) {
    case 'ADD_RESOURCE_PROVIDER_CONFIG':
      return newConfigFault(field, call.add_resource_provider_config);
    case 'UPDATE_RESOURCE_PROVIDER_CONFIG':
      return newConfigFault(field, call.update_resource_provider_config);
    case 'REMOVE_RESOURCE_PROVIDER_CONFIG':
      return call.remove_resource_provider_config === undefined ? missing(field) : undefined;
    case 'MARK_RESOURCE_PROVIDER_GONE':
      return call.mark_resource_provider_gone === undefined ? missing(field) : undefined;
    default:
      return undefined;
  }
}

function newConfigFault(
  field: string,
  config: Call['add_resource_provider_config'],
): string | undefined {
  if (config === undefined) return missing(field);
  return config.info.id === undefined ? undefined : `Expecting '${field}.info.id' to be unset`;
}

function missing(field: string): string {
  return `Expecting '${field}' to be present`;
}

const STORAGE = 'org.apache.mesos.rp.local.storage';

/** As the original refuses them without `--resource_provider_config_dir`; undefined for other calls. */
export function refuseProviderConfig(call: Call, approvers: Approvers): Refusal | undefined {
  if (call.type === undefined || !ABOUT_CONFIGS.has(call.type)) return undefined;
  if (!approvers.approved('modify_resource_provider_configs')) {
    return { status: 403, text: '403 Forbidden.' };
  }
  const config = call.add_resource_provider_config ?? call.update_resource_provider_config;
  if (config !== undefined && config.info.type !== STORAGE) {
    const { type, name } = config.info;
    const whose = `resource provider config with type '${type}' and name '${name}'`;
    const text = `Failed to validate ${whose}: Unknown local resource provider type '${type}'`;
    return { status: 400, text };
  }
  return { status: 500, text: 'Missing required flag --resource_provider_config_dir' };
}

const ABOUT_CONFIGS: ReadonlySet<string> = new Set([
  'ADD_RESOURCE_PROVIDER_CONFIG',
  'UPDATE_RESOURCE_PROVIDER_CONFIG',
  'REMOVE_RESOURCE_PROVIDER_CONFIG',
]);
