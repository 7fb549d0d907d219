/**
 * What the agent's security flags ask for (spec ha-and-security, sections 5 and 6). Reads the files the
 * flags name.
 */
import { APPROVES_ALL, type Authorizer } from '../auth/authorizer.ts';
import { readCredential, readCredentials, readSecretFile } from '../auth/credential-files.ts';
import type { Credential, Credentials } from '../auth/credentials.ts';
import type { DisabledEndpoints } from '../auth/firewall.ts';
import {
  combinedAuthenticator,
  type HttpAuthenticator,
  jwtAuthenticator,
} from '../auth/http-authenticator.ts';
import { compileAuthorizer, compileFirewall, namedAuthenticators } from '../auth/http-flags.ts';
import type { HttpGuardOptions, RequestGuard } from '../auth/http-guard.ts';
import { signJwt } from '../auth/jwt.ts';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Plugins } from '../modules/plugins.ts';
import type { AgentFlagValues } from './flags.ts';

export const AGENT_REALMS = {
  readonly: 'mesos-agent-readonly',
  readwrite: 'mesos-agent-readwrite',
  executor: 'mesos-agent-executor',
} as const;

type Realm = (typeof AGENT_REALMS)[keyof typeof AGENT_REALMS];

/** What an executor's token says of it. */
export interface ExecutorClaims {
  readonly fid: string;
  readonly eid: string;
  readonly cid: string;
}

export interface AgentSecurity {
  readonly authenticators: ReadonlyMap<string, HttpAuthenticator>;
  readonly authorizer: Authorizer | undefined;
  readonly disabled: DisabledEndpoints;
  /** Of `--credential`: what this agent proves to the master. */
  readonly credential: Credential | undefined;
  /** Makes the token of an executor; undefined when they get none. */
  readonly executorToken: ((claims: ExecutorClaims) => string) | undefined;
  /** What the operator should know; logged at the start. */
  readonly warnings: readonly string[];
}

export const OPEN_AGENT: AgentSecurity = {
  authenticators: new Map(),
  authorizer: undefined,
  disabled: new Set(),
  credential: undefined,
  executorToken: undefined,
  warnings: [],
};

/** Nobody is asked who they are; for servers without a guard. */
export const NO_GUARD: RequestGuard = {
  hasAuthorizer: false,
  isOpen: () => true,
  principalOf: () => undefined,
  approvers: () => APPROVES_ALL,
};

export function compileAgentSecurity(
  flags: AgentFlagValues,
  clock: Pick<Clock, 'now'>,
  plugins: Plugins,
): Result<AgentSecurity> {
  const warnings: string[] = [];
  const warn = (text: string): void => {
    warnings.push(text);
  };
  let credentials: Credentials | undefined;
  if (flags.http_credentials !== undefined) {
    const read = readCredentials(flags.http_credentials, 'http_credentials', warn);
    if (!read.ok) return read;
    credentials = read.value;
  }
  let credential: Credential | undefined;
  if (flags.credential !== undefined) {
    const read = readCredential(flags.credential, warn);
    if (!read.ok) return read;
    credential = read.value;
  }
  let key: Uint8Array | undefined;
  if (flags.jwt_secret_key !== undefined) {
    const read = readSecretFile(flags.jwt_secret_key, 'JWT secret key', warn);
    if (!read.ok) return err(`${read.error} (see --jwt_secret_key flag)`);
    key = Buffer.from(read.value);
  }
  const authenticators = compileRealms(flags, { credentials, key, clock, plugins });
  if (!authenticators.ok) return authenticators;
  // Executors with tokens have implicit rights, which only an authorizer knows.
  const acls = flags.acls ?? (flags.authenticate_http_executors ? {} : undefined);
  const authorizer = compileAuthorizer(acls, plugins.authorizers.get(flags.authorizer));
  if (!authorizer.ok) return authorizer;
  const disabled = compileFirewall(flags.firewall_rules);
  if (!disabled.ok) return disabled;
  const secret = key;
  return ok({
    authenticators: authenticators.value,
    authorizer: authorizer.value,
    disabled: disabled.value,
    credential,
    executorToken: secret && ((claims) => signJwt({ ...claims }, secret)),
    warnings,
  });
}

interface Secrets {
  readonly credentials: Credentials | undefined;
  readonly key: Uint8Array | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly plugins: Plugins;
}

function compileRealms(
  flags: AgentFlagValues,
  { credentials, key, clock, plugins }: Secrets,
): Result<ReadonlyMap<string, HttpAuthenticator>> {
  const names = flags.http_authenticators ?? 'basic';
  const { readonly, readwrite, executor } = AGENT_REALMS;
  const realms = new Map<string, HttpAuthenticator>();
  if (flags.authenticate_http_executors) {
    if (key === undefined) {
      return err(
        '--jwt_secret_key must be specified when --authenticate_http_executors is set to true',
      );
    }
    realms.set(executor, jwtAuthenticator(key, executor, clock));
  }
  if (flags.authenticate_http_readonly) {
    const list = namedAuthenticators(names, readonly, { credentials, plugins });
    if (!list.ok) return list;
    realms.set(readonly, combinedAuthenticator(list.value));
  }
  if (flags.authenticate_http_readwrite) {
    const list = namedAuthenticators(names, readwrite, { credentials, plugins });
    if (!list.ok) return list;
    // Executors launch nested containers with their token.
    const tokens =
      flags.authenticate_http_executors && key !== undefined
        ? [jwtAuthenticator(key, readwrite, clock)]
        : [];
    realms.set(readwrite, combinedAuthenticator([...list.value, ...tokens]));
  }
  return ok(realms);
}

/** The guard's view of the agent's routes (spec operator-api, section 5). */
export function agentGuardOptions(security: AgentSecurity): HttpGuardOptions {
  return {
    realmOf: (route) => REALM_OF[route],
    authenticators: security.authenticators,
    authorizer: security.authorizer,
    disabled: security.disabled,
    authorizablePathOf: (route) => AUTHORIZABLE_PATH_OF[route],
  };
}

const { readonly: RO, readwrite: RW, executor: EX } = AGENT_REALMS;

const REALM_OF: Readonly<Record<string, Realm>> = {
  '/slave(1)/api/v1': RW,
  '/slave(1)/api/v1/executor': EX,
  '/slave(1)/api/v1/resource_provider': RW,
  '/slave(1)/state': RO,
  '/slave(1)/flags': RO,
  '/slave(1)/monitor/statistics': RO,
  '/slave(1)/containers': RO,
  '/slave(1)/containerizer/debug': RO,
  '/metrics/snapshot': RO,
  '/metrics/prometheus': RO,
  '/files/browse': RO,
  '/files/read': RO,
  '/files/download': RO,
  '/files/debug': RO,
  '/logging/toggle': RW,
  '/profiler/start': RW,
  '/profiler/stop': RW,
};

const AUTHORIZABLE_PATH_OF: Readonly<Record<string, string>> = {
  '/slave(1)/monitor/statistics': '/monitor/statistics',
  '/slave(1)/containers': '/containers',
  '/slave(1)/containerizer/debug': '/containerizer/debug',
  '/metrics/snapshot': '/metrics/snapshot',
  '/metrics/prometheus': '/metrics/snapshot',
  '/files/debug': '/files/debug',
  '/logging/toggle': '/logging/toggle',
};
