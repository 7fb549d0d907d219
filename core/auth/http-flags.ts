/** What the HTTP flags of master and agent have in common (spec ha-and-security, section 5). */
import { err, ok, type Result } from '../base/result.ts';
import type { Plugins } from '../modules/plugins.ts';
import { parseAcls } from './acls.ts';
import { type Authorizer, createAuthorizer } from './authorizer.ts';
import type { Credentials } from './credentials.ts';
import { type DisabledEndpoints, parseFirewallRules } from './firewall.ts';
import { basicAuthenticator, type HttpAuthenticator } from './http-authenticator.ts';

const BASIC = 'basic';

export interface AuthenticatorSources {
  readonly credentials: Credentials | undefined;
  readonly plugins?: Pick<Plugins, 'httpAuthenticators'>;
}

/** The authenticators of one realm, by the names in a flag's comma list. */
export function namedAuthenticators(
  names: string,
  realm: string,
  { credentials, plugins }: AuthenticatorSources,
): Result<readonly HttpAuthenticator[]> {
  const list = names.split(',').filter((name) => name !== '');
  if (list.length === 0) return err(`No HTTP authenticator specified for realm '${realm}'`);
  const authenticators: HttpAuthenticator[] = [];
  for (const name of new Set(list)) {
    const plugin = plugins?.httpAuthenticators.get(name);
    if (plugin !== undefined) {
      authenticators.push(plugin.createHttpAuthenticator(realm));
      continue;
    }
    if (name !== BASIC) {
      return err(
        `HTTP authenticator '${name}' not found. Check the spelling (compare to '${BASIC}') or verify that the authenticator was loaded successfully (see --modules)`,
      );
    }
    if (credentials === undefined) {
      return err(
        `No credentials provided for the default '${BASIC}' HTTP authenticator for realm '${realm}'`,
      );
    }
    authenticators.push(basicAuthenticator(credentials, realm));
  }
  return ok(authenticators);
}

/** `--acls`, or a module instead of them: undefined when nothing is to be authorized. */
export function compileAuthorizer(
  acls: unknown,
  module?: Authorizer,
): Result<Authorizer | undefined> {
  if (module !== undefined) return ok(module);
  if (acls === undefined) return ok(undefined);
  const parsed = parseAcls(acls);
  return parsed.ok ? ok(createAuthorizer(parsed.value)) : parsed;
}

/** `--firewall_rules`. */
export function compileFirewall(rules: unknown): Result<DisabledEndpoints> {
  return rules === undefined ? ok(new Set()) : parseFirewallRules(rules);
}
