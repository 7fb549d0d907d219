/**
 * Authentication by an identity service (spec mesos-dns, section 6.2): before every request to a master a
 * signed statement of who we are is exchanged for a token.
 */
import { createPrivateKey, sign } from 'node:crypto';
import type { Clock } from '../core/base/clock.ts';
import { type DurationMs, hours } from '../core/base/duration.ts';
import { ClusterError, describeError } from '../core/base/errors.ts';
import { err, ok, type Result } from '../core/base/result.ts';
import type { HttpClient } from '../core/net/ports.ts';
import { at, fieldsOf, textOf } from './fields.ts';

export interface IamIdentity {
  readonly uid: string;
  /** PEM. */
  readonly privateKey: string;
  readonly loginEndpoint: string;
}

const STATEMENT_VALID_MS: DurationMs = hours(1);
const TOKEN_ANSWER_BYTES_MAX = 64 * 1024;

/** Reads the text of `IAMConfigFile`; the error is the sentence of the original. */
export function parseIamIdentity(text: string): Result<IamIdentity> {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch (thrown) {
    return err(`invalid IAM JSON: ${describeError(thrown)}`);
  }
  const fields = fieldsOf(tree);
  const identity = {
    uid: textOf(fields['uid']),
    privateKey: textOf(fields['private_key']),
    loginEndpoint: textOf(fields['login_endpoint']),
  };
  if (Object.values(identity).includes('')) return err('invalid HTTP IAM configuration');
  try {
    createPrivateKey(identity.privateKey);
  } catch (thrown) {
    return err(`invalid HTTP IAM configuration: private_key: ${describeError(thrown)}`);
  }
  if (!URL.canParse(identity.loginEndpoint)) {
    return err('invalid HTTP IAM configuration: login_endpoint is no URL');
  }
  return ok(identity);
}

/** A token of the identity service; rejects when it gives none within `timeoutMs`. */
export async function iamToken(
  identity: IamIdentity,
  ports: { readonly clock: Clock; readonly http: HttpClient },
  timeoutMs: DurationMs,
): Promise<string> {
  const { uid, privateKey, loginEndpoint } = identity;
  const exp = Math.floor((ports.clock.now() + STATEMENT_VALID_MS) / 1_000);
  const response = await ports.http.request({
    method: 'POST',
    url: loginEndpoint,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uid, token: statement({ uid, exp }, privateKey) }),
    headTimeoutMs: timeoutMs,
  });
  if (response.status !== 200) {
    response.cancel();
    throw refused(`status ${response.status}`);
  }
  const answer: unknown = JSON.parse(await response.text(TOKEN_ANSWER_BYTES_MAX));
  const token = textOf(at(answer, 'token'));
  if (token === '') throw refused('no token in the answer');
  return token;
}

function refused(why: string): ClusterError {
  return new ClusterError('IAM_REFUSED', `IAM authentication failed: ${why}`, { retriable: true });
}

/** `base64url(header) "." base64url(claims) "." base64url(signature)`, RS256. */
function statement(claims: object, privateKey: string): string {
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
}
