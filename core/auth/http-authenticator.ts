/**
 * Who makes a request, by its `Authorization` header: Basic and JWT bearer tokens, alone or one after
 * the other (spec ha-and-security, section 5; spec operator-api, section 11.1). Pure but for the digests.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Credentials } from './credentials.ts';
import { verifyJwt } from './jwt.ts';
import { namedPrincipal, type Principal } from './principal.ts';

export type Authentication =
  | { readonly ok: true; readonly principal: Principal }
  /** `challenge` is what `WWW-Authenticate` says. */
  | { readonly ok: false; readonly challenge: string };

/** Gets the header's value; undefined when there is none. */
export type HttpAuthenticator = (authorization: string | undefined) => Authentication;

/** `Basic base64(user:secret)`; the realm is what the challenge names. */
export function basicAuthenticator(credentials: Credentials, realm: string): HttpAuthenticator {
  const refused = { ok: false, challenge: `Basic realm="${realm}"` } as const;
  return (authorization) => {
    const given = basicOf(authorization);
    if (given === undefined) return refused;
    const secret = credentials.get(given.user);
    // Unknown users take as long as wrong secrets.
    const isRight = sameText(secret ?? '', given.secret);
    if (secret === undefined || !isRight) return refused;
    return { ok: true, principal: namedPrincipal(given.user) };
  };
}

function basicOf(
  authorization: string | undefined,
): { readonly user: string; readonly secret: string } | undefined {
  const [scheme, text, ...more] = (authorization ?? '').split(' ');
  if (scheme !== 'Basic' || text === undefined || more.length > 0) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const [user, secret, ...colons] = Buffer.from(text, 'base64').toString('utf8').split(':');
  // One colon exactly: secrets cannot contain any.
  if (user === undefined || secret === undefined || colons.length > 0) return undefined;
  return { user, secret };
}

/** Compares in a time that does not tell where the difference is. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** `Bearer <token>`, signed with the key; claims become the principal's. */
export function jwtAuthenticator(
  key: Uint8Array,
  realm: string,
  clock: Pick<Clock, 'now'>,
): HttpAuthenticator {
  const refuse = (description: string): Authentication => ({
    ok: false,
    challenge: `Bearer realm="${realm}", error="invalid_token", error_description="${description}"`,
  });
  return (authorization) => {
    if (authorization === undefined) return { ok: false, challenge: `Bearer realm="${realm}"` };
    const [scheme = '', token, ...more] = authorization.split(' ').filter((part) => part !== '');
    if (token === undefined || more.length > 0) return refuse("Malformed 'Authorization' header");
    if (scheme !== 'Bearer') return refuse(`Scheme '${quotable(scheme)}' unsupported`);
    const payload = verifyJwt(token, key, clock.now() / 1000);
    if (!payload.ok) return refuse(`Invalid JWT: ${quotable(payload.error)}`);
    const claims = claimsOf(payload.value);
    if (Object.keys(claims).length === 0) return refuse('JWT claims missing');
    return { ok: true, principal: { value: undefined, claims } };
  };
}

/** What the client sent cannot end the header's string or add lines. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|["\\]/g, '?');
}

/** Texts as they are, other simple values as their text; lists and objects are left out. */
function claimsOf(payload: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const claims: Record<string, string> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'object' && value !== null) continue;
    claims[name] = String(value);
  }
  return claims;
}

/** The first success counts; without any, all challenges are made. */
export function combinedAuthenticator(
  authenticators: readonly HttpAuthenticator[],
): HttpAuthenticator {
  return (authorization) => {
    const challenges: string[] = [];
    for (const authenticate of authenticators) {
      const authentication = authenticate(authorization);
      if (authentication.ok) return authentication;
      challenges.push(authentication.challenge);
    }
    return { ok: false, challenge: challenges.join(',') };
  };
}
