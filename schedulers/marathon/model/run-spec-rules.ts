/**
 * Rules that hold for apps and pods alike, with the original's sentences (spec marathon-app-model,
 * sections 2, 5, 7.2 and 8). Paths are given by the caller: the two nest their fields differently.
 */
import type {
  Artifact,
  Constraint,
  EnvironmentValue,
  Network,
  ResourceLimits,
  UnreachableStrategy,
} from './app.ts';
import type { ModelSettings } from './app-normalize.ts';
import { violationsOfConstraint } from './constraint-rules.ts';
import { type Violation, violation } from './violations.ts';

export interface RoleRules {
  /** Roles that the place in the tree allows. */
  readonly validRoles: readonly string[];
}

export function violationsOfConstraints(
  constraints: readonly Constraint[],
  path: string,
): Violation[] {
  return constraints.flatMap((constraint, index) =>
    violationsOfConstraint(constraint).map((message) => violation(`${path}(${index})`, message)),
  );
}

const ROLE_FAULTS: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'A role name must not be "".'],
  [/^\.$/, 'A role name must not be ".".'],
  [/^\.\.$/, 'A role name must not be "..".'],
  [/^-/, "A role name must not start with a '-'."],
  [/ /, 'A role name must not include a space (\\x20) character.'],
  [/\t/, 'A role name must not include a tab (\\x09) character.'],
  [/\n/, 'A role name must not include a line feed (\\x0a) character.'],
  [/\v/, 'A role name must not include a vertical tab (\\x0b) character.'],
  [/\f/, 'A role name must not include a form feed (\\x0c) character.'],
  [/\r/, 'A role name must not include a carriage return (\\x0d) character.'],
  [/\//, 'A role name must not include a slash (\\x2f) character.'],
  [/\x7f/, 'A role name must not include a backspace (\\x7f) character.'],
];

/** `path` is that of the accepted roles. */
export function violationsOfRoles(
  spec: { readonly role: string; readonly acceptedResourceRoles?: readonly string[] | undefined },
  { validRoles }: RoleRules,
  path: string,
): Violation[] {
  const found: Violation[] = [];
  if (!validRoles.includes(spec.role)) {
    const expected = `one of: [${validRoles.join(', ')}]`;
    found.push(violation('/role', `got ${spec.role}, expected ${expected}`));
  }
  const accepted = spec.acceptedResourceRoles;
  if (accepted === undefined) return found;
  if (accepted.length === 0) found.push(violation(path, 'must not be empty'));
  if (accepted.some((role) => role !== '*' && role !== spec.role)) {
    found.push(violation(path, `acceptedResourceRoles can only contain * and ${spec.role}`));
  }
  for (const role of accepted) {
    for (const [pattern, message] of ROLE_FAULTS) {
      if (pattern.test(role)) found.push(violation(path, message));
    }
  }
  return found;
}

export function violationsOfNetworks(
  networks: readonly Network[],
  options: { readonly onDockerEngine: boolean },
): Violation[] {
  const found: Violation[] = [];
  for (const network of networks) {
    const path = '/networks';
    const labelled = Object.keys(network.labels ?? {}).length > 0;
    if (network.mode === 'host' && (network.name !== undefined || labelled)) {
      found.push(violation(path, 'Host networks may not have names or labels'));
    }
    if (network.mode === 'container/bridge' && network.name !== undefined) {
      found.push(violation(path, 'Bridge networks may not have names'));
    }
    if (network.mode === 'container' && network.name === undefined) {
      found.push(
        violation(path, 'Network name must be specified when container network is selected.'),
      );
    }
  }
  const keys = networks.map(({ mode, name }) => `${mode} ${name ?? ''}`);
  if (new Set(keys).size < keys.length) {
    found.push(violation('/networks', 'Duplicate networks are not allowed'));
  }
  const modes = new Set(networks.map(({ mode }) => mode));
  if (modes.size > 1 || (networks.length > 1 && !modes.has('container'))) {
    found.push(
      violation(
        '/networks',
        'May specify a single host network, single bridge network, or else 1-to-n container networks',
      ),
    );
  }
  if (options.onDockerEngine && modes.has('container') && networks.length > 1) {
    found.push(
      violation(
        '/',
        'may only specify a single container network when using the Docker container engine',
      ),
    );
  }
  return found;
}

export function featureText(name: string): string {
  return `Feature ${name} is not enabled. Enable with --enable_features ${name})`;
}

type Environment = Readonly<Record<string, EnvironmentValue>>;

export type Secrets = Readonly<Record<string, { readonly source: string }>>;

export function violationsOfSecrets(secrets: Secrets, { features }: ModelSettings): Violation[] {
  const names = Object.keys(secrets);
  const found: Violation[] = [];
  if (names.length > 0 && !features.has('secrets')) {
    found.push(violation('/secrets', featureText('secrets')));
  }
  if (names.includes('')) found.push(violation('/secrets()/', 'must not be empty'));
  return found;
}

/** What a registry is asked with. */
export function violationsOfPullSecret(
  name: string,
  secrets: Secrets,
  { features }: ModelSettings,
  path: string,
): Violation[] {
  const found: Violation[] = [];
  if (!features.has('secrets')) {
    found.push(violation(path, 'must be empty'), violation(path, featureText('secrets')));
  }
  if (secrets[name] === undefined) {
    found.push(violation(path, 'pullConfig.secret must refer to an existing secret'));
  }
  return found;
}

export function violationsOfEnvironment(
  environment: Environment,
  secrets: Secrets,
  { features }: ModelSettings,
  path: string,
): Violation[] {
  const found: Violation[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (name === '') found.push(violation(path, 'must not be empty'));
    if (typeof value === 'string') continue;
    if (!features.has('secrets')) {
      const text =
        'use of secret-references in the environment requires the secrets feature to be enabled';
      found.push(violation(path, text));
    } else if (secrets[value.secret] === undefined) {
      found.push(violation(`${path}/${name}/secret`, 'references an undefined secret'));
    }
  }
  return found;
}

export function violationsOfUnreachable(strategy: UnreachableStrategy, path: string): Violation[] {
  if (strategy === 'disabled') return [];
  const { inactiveAfterSeconds: inactive, expungeAfterSeconds: expunge } = strategy;
  if (inactive <= expunge) return [];
  return [
    violation(
      `${path}/inactiveAfterSeconds`,
      `inactiveAfterSeconds (${inactive}) must be less or equal to expungeAfterSeconds, which is ${expunge}`,
    ),
  ];
}

export function violationsOfLimits(
  limits: ResourceLimits | undefined,
  requested: { readonly cpus: number; readonly mem: number },
  path: string,
): Violation[] {
  return (['cpus', 'mem'] as const).flatMap((name) => {
    const limit = limits?.[name];
    if (typeof limit !== 'number' || limit >= requested[name]) return [];
    const amount = requested[name];
    const asked = Number.isInteger(amount) ? amount.toFixed(1) : String(amount);
    return [
      violation(
        `${path}/${name}`,
        `resource limit must be greater than or equal to requested resource (${asked})`,
      ),
    ];
  });
}

export function violationsOfArtifacts(
  artifacts: readonly Pick<Artifact, 'uri'>[],
  path: string,
): Violation[] {
  return artifacts.flatMap(({ uri }, index) =>
    isUri(uri) ? [] : [violation(`${path}(${index})/uri`, 'URI has invalid syntax.')],
  );
}

export function violationsOfUris(uris: readonly string[], path: string): Violation[] {
  return uris.flatMap((uri, index) =>
    isUri(uri) ? [] : [violation(`${path}(${index})`, 'URI has invalid syntax.')],
  );
}

function isUri(text: string): boolean {
  return /^[^\s<>"{}|\\^`]+$/.test(text);
}
