/** `--firewall_rules`: endpoints that nobody can reach (spec operator-api, section 11.3). Pure. */
import { err, ok, type Result } from '../base/result.ts';
import { fromJson } from '../wire/json.ts';

/** Full paths, `/master/state`. */
export type DisabledEndpoints = ReadonlySet<string>;

export function parseFirewallRules(tree: unknown): Result<DisabledEndpoints> {
  const rules = fromJson('mesos.internal.Firewall', tree);
  if (!rules.ok) return err(`Failed to parse firewall rules: ${rules.error}`);
  const paths = rules.value.disabled_endpoints?.paths ?? [];
  return ok(new Set(paths));
}

export function disabledText(path: string): string {
  return `Endpoint '${path}' is disabled`;
}
