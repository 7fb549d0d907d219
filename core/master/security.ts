/**
 * What the master's security flags ask for: who may come in by HTTP, what they may do, which endpoints
 * are closed (spec ha-and-security, sections 5 and 6). Reads the files the flags name.
 */
import type { Authorizer } from '../auth/authorizer.ts';
import { readCredentials } from '../auth/credential-files.ts';
import type { Credentials } from '../auth/credentials.ts';
import type { DisabledEndpoints } from '../auth/firewall.ts';
import { combinedAuthenticator, type HttpAuthenticator } from '../auth/http-authenticator.ts';
import {
  type AuthenticatorSources,
  compileAuthorizer,
  compileFirewall,
  namedAuthenticators,
} from '../auth/http-flags.ts';
import type { HttpGuardOptions } from '../auth/http-guard.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Plugins } from '../modules/plugins.ts';
import type { MasterFlagValues } from './flags.ts';

export const MASTER_REALMS = {
  readonly: 'mesos-master-readonly',
  readwrite: 'mesos-master-readwrite',
  scheduler: 'mesos-master-scheduler',
} as const;

type Realm = (typeof MASTER_REALMS)[keyof typeof MASTER_REALMS];

export interface MasterSecurity {
  /** Of `--credentials`; frameworks and agents authenticate against them, too. */
  readonly credentials: Credentials | undefined;
  readonly authenticators: ReadonlyMap<string, HttpAuthenticator>;
  readonly authorizer: Authorizer | undefined;
  readonly disabled: DisabledEndpoints;
  /** What the operator should know; logged at the start. */
  readonly warnings: readonly string[];
}

export const OPEN_MASTER: MasterSecurity = {
  credentials: undefined,
  authenticators: new Map(),
  authorizer: undefined,
  disabled: new Set(),
  warnings: [],
};

export function compileMasterSecurity(
  flags: MasterFlagValues,
  plugins: Plugins,
): Result<MasterSecurity> {
  const warnings: string[] = [];
  let credentials: Credentials | undefined;
  if (flags.credentials !== undefined) {
    const read = readCredentials(flags.credentials, 'credentials', (text) => warnings.push(text));
    if (!read.ok) return read;
    credentials = read.value;
  }
  const authenticators = compileRealms(flags, { credentials, plugins });
  if (!authenticators.ok) return authenticators;
  const refused = refuseAuthorizers(flags.authorizers, plugins);
  if (refused !== undefined) return err(refused);
  const authorizer = compileAuthorizer(flags.acls, plugins.authorizers.get(flags.authorizers));
  if (!authorizer.ok) return authorizer;
  const disabled = compileFirewall(flags.firewall_rules);
  if (!disabled.ok) return disabled;
  return ok({
    credentials,
    authenticators: authenticators.value,
    authorizer: authorizer.value,
    disabled: disabled.value,
    warnings,
  });
}

function compileRealms(
  flags: MasterFlagValues,
  sources: AuthenticatorSources,
): Result<ReadonlyMap<string, HttpAuthenticator>> {
  const wanted: (readonly [realm: Realm, names: string])[] = [];
  if (flags.authenticate_http_readonly) {
    wanted.push([MASTER_REALMS.readonly, flags.http_authenticators]);
  }
  if (flags.authenticate_http_readwrite) {
    wanted.push([MASTER_REALMS.readwrite, flags.http_authenticators]);
  }
  if (flags.authenticate_http_frameworks) {
    const names = flags.http_framework_authenticators;
    if (names === undefined) {
      return err(
        'Missing `--http_framework_authenticators` flag. This must be used in conjunction with `--authenticate_http_frameworks`',
      );
    }
    wanted.push([MASTER_REALMS.scheduler, names]);
  }
  const realms = new Map<string, HttpAuthenticator>();
  for (const [realm, names] of wanted) {
    const list = namedAuthenticators(names, realm, sources);
    if (!list.ok) return list;
    realms.set(realm, combinedAuthenticator(list.value));
  }
  return ok(realms);
}

function refuseAuthorizers(names: string, plugins: Plugins): string | undefined {
  const list = names.split(',').filter((name) => name !== '');
  const [name] = list;
  if (name === undefined) return 'No authorizer specified';
  if (list.length > 1) return 'Multiple authorizers not supported';
  if (name === 'local' || plugins.authorizers.has(name)) return undefined;
  return `Could not create '${name}' authorizer: only 'local' and modules of kind Authorizer (see --modules) are known`;
}

/** The guard's view of the master's routes (spec operator-api, section 2). */
export function masterGuardOptions(security: MasterSecurity): HttpGuardOptions {
  return {
    realmOf: (route) => REALM_OF[route],
    authenticators: security.authenticators,
    authorizer: security.authorizer,
    disabled: security.disabled,
    authorizablePathOf: (route) => AUTHORIZABLE_PATH_OF[route],
    needsName: (route) => route.startsWith('/master/') && !NAMELESS.test(route),
  };
}

/** The endpoints of the master that take principals without a name. */
const NAMELESS = /^\/master\/(slaves|health|redirect|maintenance\/|machine\/)/;

const { readonly: RO, readwrite: RW, scheduler: FW } = MASTER_REALMS;

const REALM_OF: Readonly<Record<string, Realm>> = {
  '/master/api/v1': RW,
  '/master/api/v1/scheduler': FW,
  '/master/state': RO,
  '/master/state-summary': RO,
  '/master/slaves': RO,
  '/master/frameworks': RO,
  '/master/tasks': RO,
  '/master/roles': RO,
  '/master/flags': RO,
  '/master/maintenance/status': RO,
  '/master/weights': RW,
  '/master/quota': RW,
  '/master/quota/*': RW,
  '/master/reserve': RW,
  '/master/unreserve': RW,
  '/master/create-volumes': RW,
  '/master/destroy-volumes': RW,
  '/master/teardown': RW,
  '/master/shutdown': RW,
  '/master/maintenance/schedule': RW,
  '/master/machine/down': RW,
  '/master/machine/up': RW,
  '/registrar(1)/registry': RO,
  '/allocator/offer_constraints_debug': RO,
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
  '/metrics/snapshot': '/metrics/snapshot',
  '/metrics/prometheus': '/metrics/snapshot',
  '/files/debug': '/files/debug',
  '/logging/toggle': '/logging/toggle',
};
