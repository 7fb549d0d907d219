/**
 * The files that the configuration names for talking to the masters: certificates and the identity for
 * an identity service, read and checked at the start in the words of the original (spec mesos-dns,
 * sections 2 and 2.1).
 */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describeError, errorCode } from '../core/base/errors.ts';
import { err, ok, type Result } from '../core/base/result.ts';
import type { HttpTls } from '../core/net/http-client.ts';
import type { DnsConfig } from './config.ts';
import { type IamIdentity, parseIamIdentity } from './iam.ts';

/** The text of a file; throws what the system says. */
export type ReadText = (path: string) => string;

export interface SecurityFiles {
  readonly tls: HttpTls | undefined;
  readonly identity: IamIdentity | undefined;
}

export function readSecurityFiles(config: DnsConfig, readText: ReadText): Result<SecurityFiles> {
  const ca = readAuthority(config.caCertFile, readText);
  if (!ca.ok) return ca;
  const pair = readPair(config, readText);
  if (!pair.ok) return pair;
  const refusal = checkAuthentication(config);
  if (refusal !== undefined) return err(refusal);
  const identity = readIdentity(config, readText);
  if (!identity.ok) return identity;
  // Without an authority to trust the original does not ask who answers.
  const tls = { ca: ca.value, ...pair.value, isVerified: ca.value !== undefined };
  return ok({ tls: config.mesosHTTPSOn ? tls : undefined, identity: identity.value });
}

function readAuthority(path: string, readText: ReadText): Result<string | undefined> {
  if (path === '') return ok(undefined);
  let text: string;
  try {
    text = readText(path);
  } catch (thrown) {
    const step = isReadError(thrown) ? 'read' : 'open';
    return err(`CACertFile ${step} failed: ${describeError(thrown)}`);
  }
  try {
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
    if (certificates === null) throw new Error('no certificate in it');
    for (const each of certificates) void new X509Certificate(each);
  } catch (thrown) {
    return err(`CACertFile parsing failed: ${describeError(thrown)}`);
  }
  return ok(text);
}

/** A folder can be opened, but not read. */
function isReadError(thrown: unknown): boolean {
  return errorCode(thrown) === 'EISDIR';
}

function readPair(
  config: DnsConfig,
  readText: ReadText,
): Result<{ readonly cert?: string; readonly key?: string }> {
  const { certFile, keyFile } = config;
  if (certFile !== '' && keyFile === '') return err('Missing private key');
  if (certFile === '' && keyFile !== '') return err('Missing certificate');
  if (certFile === '') return ok({});
  try {
    const pair = { cert: readText(certFile), key: readText(keyFile) };
    createSecureContext(pair);
    return ok(pair);
  } catch (thrown) {
    return err(`CertFile and KeyFile cannot be loaded: ${describeError(thrown)}`);
  }
}

function checkAuthentication(config: DnsConfig): string | undefined {
  const { principal, secret } = config.mesosCredentials;
  switch (config.mesosAuthentication) {
    case '':
      return undefined;
    case 'basic':
      return principal === '' && secret === '' ? 'invalid HTTP Basic configuration' : undefined;
    case 'iam':
      return config.IAMConfigFile === ''
        ? 'missing configuration for specified authentication mechanism'
        : undefined;
    default:
      return 'unregistered factory requested';
  }
}

function readIdentity(config: DnsConfig, readText: ReadText): Result<IamIdentity | undefined> {
  const path = config.IAMConfigFile;
  if (config.mesosAuthentication !== 'iam') return ok(undefined);
  let text: string;
  try {
    text = readText(path);
  } catch (thrown) {
    return err(`failed to load IAM config from file "${path}": ${describeError(thrown)}`);
  }
  return parseIamIdentity(text);
}
