/** Job keys as texts, and what a good identifier is (spec aurora-scheduler, section 1). */
import type { JobKey } from '../thrift/types.ts';

const GOOD_IDENTIFIER = /^[\w\-.]+$/;

export function isGoodIdentifier(text: string): boolean {
  return GOOD_IDENTIFIER.test(text);
}

export function isValidKey(key: JobKey | undefined): key is JobKey {
  return key !== undefined && [key.role, key.environment, key.name].every(isGoodIdentifier);
}

/** `role/environment/name`, as in texts; parts that are good identifiers cannot make two keys one. */
export function keyText({ role, environment, name }: JobKey): string {
  return `${role}/${environment}/${name}`;
}
