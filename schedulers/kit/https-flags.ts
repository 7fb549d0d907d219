/**
 * The flags that put TLS in front of a framework's API (spec marathon-behaviour, section 13; chronos,
 * section 11.1). A key store is opened here, so that a wrong password is told before anything starts.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { describeError } from '../../core/base/errors.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { KeyStore, TlsAddress } from '../../core/net/tls-listener.ts';

export interface HttpsOptions extends TlsAddress {
  readonly keys: KeyStore;
}

export interface HttpsFlags {
  /** Whether the plain port is there, too. */
  readonly http: boolean;
  readonly http_address: string;
  readonly https_address: string | undefined;
  readonly https_port: number;
  readonly ssl_keystore_path: string | undefined;
  readonly ssl_keystore_password: string | undefined;
}

/** First bytes of the format that only Java reads. */
const JKS = 'feedfeed';

/** Undefined without a key store; then HTTP must be on. */
export function httpsOf(flags: HttpsFlags): Result<HttpsOptions | undefined> {
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
