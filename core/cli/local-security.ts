/**
 * Security of `orrery local`: with `--credentials` everybody must authenticate everywhere, and the parts of
 * the cluster do so with `--credential`. What each part is told, as texts of its own flags.
 */
import { readCredential } from '../auth/credential-files.ts';
import type { Credential } from '../auth/credentials.ts';
import { optionalFlag } from '../base/flags.ts';
import { err, ok, type Result } from '../base/result.ts';

export const LOCAL_SECURITY_FLAGS = {
  credentials: optionalFlag('path', {
    help: 'File of principals and secrets, as of mesos-master; all requests must be authenticated then',
  }),
  credential: optionalFlag('path', {
    help: 'File of the one principal and secret that Marathon, Chronos and DNS use',
  }),
  acls: optionalFlag('json', { help: 'Who may do what, as JSON or a file of it' }),
} as const;

export interface LocalSecurityValues {
  readonly credentials: string | undefined;
  readonly credential: string | undefined;
  readonly acls: unknown;
}

export interface LocalSecurity {
  readonly masterFlags: Readonly<Record<string, string>>;
  readonly agentFlags: Readonly<Record<string, string>>;
  /** How the bundled frameworks and DNS authenticate. */
  readonly credential: Credential | undefined;
  readonly warnings: readonly string[];
}

export function compileLocalSecurity(flags: LocalSecurityValues): Result<LocalSecurity> {
  const { credentials, credential: path, acls } = flags;
  if (credentials !== undefined && path === undefined) {
    return err('--credentials needs --credential: the principal of Marathon, Chronos and DNS');
  }
  const warnings: string[] = [];
  const read =
    path === undefined ? ok(undefined) : readCredential(path, (text) => warnings.push(text));
  if (!read.ok) return read;
  const aclFlags = acls === undefined ? {} : { acls: JSON.stringify(acls) };
  if (credentials === undefined) {
    const common = { masterFlags: aclFlags, agentFlags: aclFlags };
    return ok({ ...common, credential: read.value, warnings });
  }
  const both = {
    ...aclFlags,
    authenticate_http_readonly: 'true',
    authenticate_http_readwrite: 'true',
    http_authenticators: 'basic',
  };
  return ok({
    masterFlags: {
      ...both,
      credentials,
      authenticate_http_frameworks: 'true',
      http_framework_authenticators: 'basic',
    },
    agentFlags: { ...both, http_credentials: credentials },
    credential: read.value,
    warnings,
  });
}
