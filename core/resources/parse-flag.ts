/**
 * The value of `--resources`: a JSON array of Resource, else the text form (spec
 * flags-and-metrics, sections 2.3 and 2.4).
 */
import { err, ok, type Result } from '../base/result.ts';
import { fromJson, parseJson } from '../wire/json.ts';
import type { Resource } from '../wire/types/mesos.v1.ts';
import { normalize, type Resources } from './arithmetic.ts';
import { isDynamicallyReserved } from './kinds.ts';
import { parseResourceEntries } from './parse.ts';
import { toListForm } from './refinement.ts';
import { validateResources } from './validate.ts';

/** Normal resources in list form; entries of amount 0 are gone. */
export function parseResources(text: string, defaultRole = '*'): Result<Resources> {
  const entries = parseAgentResources(text, defaultRole);
  return entries.ok ? ok(normalize(entries.value)) : entries;
}

/**
 * Every entry as written, in list form, checked by the rules for agents. Entries of amount 0 are
 * there: they say that the resource of that name must not be detected.
 */
export function parseAgentResources(text: string, defaultRole = '*'): Result<Resources> {
  const tree = parseJson(text);
  const entries =
    tree.ok && Array.isArray(tree.value)
      ? fromJsonArray(tree.value, defaultRole)
      : parseResourceEntries(text, defaultRole);
  if (!entries.ok) return entries;
  const why = refuseForAgent(entries.value);
  return why === undefined ? entries : err(why);
}

function fromJsonArray(trees: readonly unknown[], defaultRole: string): Result<Resources> {
  const resources: Resource[] = [];
  const errors: string[] = [];
  for (const tree of trees) {
    const resource = fromJson('mesos.v1.Resource', tree);
    if (resource.ok) resources.push(withRole(resource.value, defaultRole));
    else errors.push(resource.error);
  }
  if (errors.length > 0) {
    return err(`Some JSON resources were not formatted properly: ${errors.join('; ')}`);
  }
  const why = validateResources(resources);
  return why === undefined ? ok(resources.map(toListForm)) : err(why);
}

function withRole(resource: Resource, role: string): Resource {
  const isOwned = resource.role !== undefined || (resource.reservations ?? []).length > 0;
  return isOwned ? resource : { ...resource, role };
}

function refuseForAgent(resources: Resources): string | undefined {
  const types = new Map<string, string>();
  for (const resource of resources) {
    const { name, type, disk, revocable } = resource;
    if (disk?.persistence !== undefined) {
      return `Persistent volumes cannot be specified at agent startup in resource '${name}'`;
    }
    if (revocable !== undefined) return `Cannot use revocable resources in resource '${name}'`;
    if (isDynamicallyReserved(resource)) {
      return `Dynamic reservations cannot be specified at agent startup in resource '${name}'`;
    }
    const known = types.get(name);
    if (known !== undefined && known !== type) {
      return `Resources with the same name ('${name}') but different types are not allowed`;
    }
    types.set(name, type);
  }
  return undefined;
}
