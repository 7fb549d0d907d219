/**
 * Secrets as tasks get them: by reference only, resolved by a plugin here or by the agent (spec
 * marathon-behaviour, section 4.5; ha-and-security, secrets). Values never pass through a definition.
 */
import type { EnvironmentVariable, Secret } from '../../../core/wire/types/mesos.v1.ts';
import type { EnvironmentValue } from '../model/app.ts';
import type { Secrets } from '../model/run-spec-rules.ts';

export function secretReference(secrets: Secrets, name: string): Secret {
  return { type: 'REFERENCE', reference: { name: secrets[name]?.source ?? name } };
}

/** Variables whose values are secrets; later maps win over earlier ones. */
export function secretVariables(
  secrets: Secrets,
  ...environments: readonly Readonly<Record<string, EnvironmentValue>>[]
): readonly EnvironmentVariable[] {
  const all: Readonly<Record<string, EnvironmentValue>> = Object.assign({}, ...environments);
  return Object.entries(all).flatMap(([name, value]): EnvironmentVariable[] =>
    typeof value === 'string'
      ? []
      : [{ name, type: 'SECRET', secret: secretReference(secrets, value.secret) }],
  );
}
