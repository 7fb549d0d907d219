/**
 * The flags that put TLS in front of a framework's API (spec marathon-behaviour, section 13; chronos,
 * section 11.1). A key store is opened here, so that a wrong password is told before anything starts.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { describeError } from '../../core/base/errors.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { isJavaKeyStore, readJavaKeyStore } from '../../core/net/java-key-store.ts';
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

/** PKCS12 or JKS, whatever the file is called. */
function openKeyStore(path: string, passphrase: string): Result<KeyStore> {
  const failed = (why: string): Result<never> =>
    err(`The key store '${path}' cannot be opened: ${why}`);
  try {
    const bytes = readFileSync(path);
    if (isJavaKeyStore(bytes)) {
      const keys = readJavaKeyStore(bytes, passphrase);
      return keys.ok ? keys : failed(keys.error);
    }
    createSecureContext({ pfx: bytes, passphrase });
    return ok({ pfx: bytes, passphrase });
  } catch (thrown) {
    return failed(describeError(thrown));
  }
}
