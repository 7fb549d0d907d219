/**
 * Flags about who may talk to the API and how (spec marathon-rest, section 12; marathon-behaviour,
 * section 13). A key store is opened here, so that a wrong password is told before anything starts.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { describeError } from '../../core/base/errors.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { KeyStore, TlsAddress } from '../../core/net/tls-listener.ts';

export interface HttpsOptions extends TlsAddress {
  readonly keys: KeyStore;
}

export interface SecurityFlags {
  readonly http: boolean;
  readonly http_address: string;
  readonly https_address: string | undefined;
  readonly https_port: number;
  readonly ssl_keystore_path: string | undefined;
  readonly ssl_keystore_password: string | undefined;
  readonly http_credentials: string | undefined;
  readonly http_realm: string;
}

/** First bytes of the format that only Java reads. */
const JKS = 'feedfeed';

/** Undefined without a key store; then HTTP must be on. */
export function httpsOf(flags: SecurityFlags): Result<HttpsOptions | undefined> {
  const { ssl_keystore_path: path, ssl_keystore_password: passphrase } = flags;
  if (path === undefined && passphrase === undefined) {
    if (flags.http) return ok(undefined);
    return err('--disable_http needs --ssl_keystore_path and --ssl_keystore_password');
  }
  if (path === undefined || passphrase === undefined) {
    return err('--ssl_keystore_path and --ssl_keystore_password must be given together');
  }
  const keys = openKeyStore(path, passphrase);
  if (!keys.ok) return keys;
  const ip = flags.https_address ?? flags.http_address;
  return ok({ ip, port: flags.https_port, keys: keys.value });
}

function openKeyStore(path: string, passphrase: string): Result<KeyStore> {
  try {
    const pfx = readFileSync(path);
    if (pfx.subarray(0, 4).toString('hex') === JKS) {
      return err(
        `The key store '${path}' is in JKS format; make a PKCS12 one of it: keytool -importkeystore -srckeystore ${path} -destkeystore NEW -deststoretype PKCS12`,
      );
    }
    createSecureContext({ pfx, passphrase });
    return ok({ pfx, passphrase });
  } catch (thrown) {
    return err(`The key store '${path}' cannot be opened: ${describeError(thrown)}`);
  }
}

export interface HttpCredentials {
  readonly user: string;
  readonly password: string;
  readonly realm: string;
}

export function credentialsOf(flags: SecurityFlags): Result<HttpCredentials | undefined> {
  const text = flags.http_credentials;
  if (text === undefined) return ok(undefined);
  const split = text.indexOf(':');
  if (split < 1) return err("Flag 'http_credentials' must have the form user:password");
  const realm = flags.http_realm;
  return ok({ user: text.slice(0, split), password: text.slice(split + 1), realm });
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of earlier days, for what is not given otherwise. */
const OLD_NAMES: readonly (readonly [string, string])[] = [
  ['MESOSPHERE_KEYSTORE_PATH', 'MARATHON_SSL_KEYSTORE_PATH'],
  ['MESOSPHERE_KEYSTORE_PASS', 'MARATHON_SSL_KEYSTORE_PASSWORD'],
  ['MESOSPHERE_HTTP_CREDENTIALS', 'MARATHON_HTTP_CREDENTIALS'],
];

/** The environment as the table of flags reads it: old names, `DISABLE_X`, empty switches. */
export function flagEnvironment(
  environment: Environment,
  given: readonly string[],
  isSwitch: (name: string) => boolean,
): Environment {
  const all: Record<string, string | undefined> = { ...environment };
  for (const [old, name] of OLD_NAMES) {
    const flag = name.slice('MARATHON_'.length).toLowerCase();
    const isGiven = given.some((word) => word === `--${flag}` || word.startsWith(`--${flag}=`));
    if (all[old] !== undefined && !isGiven) all[name] ??= all[old];
  }
  for (const [name, value] of Object.entries(all)) {
    const disabled = /^MARATHON_DISABLE_(.+)$/.exec(name)?.[1];
    const flag = (disabled ?? name.replace(/^MARATHON_/, '')).toLowerCase();
    if (!name.startsWith('MARATHON_') || !isSwitch(flag)) continue;
    const isOn = value === '' || value === 'true' || value === '1';
    if (disabled !== undefined) {
      delete all[name];
      all[`MARATHON_${disabled}`] = String(!isOn);
    } else if (value === '') all[name] = 'true';
  }
  return all;
}
