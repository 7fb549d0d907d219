import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  basicAuthenticator,
  combinedAuthenticator,
  jwtAuthenticator,
} from '../../../core/auth/http-authenticator.ts';
import { signJwt } from '../../../core/auth/jwt.ts';

const basic = basicAuthenticator(new Map([['ops', 'secret']]), 'realm-1');
const header = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test('only the right principal and secret in the right form are let in', () => {
  assert.deepEqual(basic(header('ops:secret')), {
    ok: true,
    principal: { value: 'ops', claims: {} },
  });
  const wrong = [
    undefined,
    '',
    'Basic',
    'Basic !!!',
    header('ops'),
    header('ops:wrong'),
    header('ops:secret:more'),
    header('nobody:'),
    header('nobody:secret'),
    `basic ${Buffer.from('ops:secret').toString('base64')}`,
    `Basic  ${Buffer.from('ops:secret').toString('base64')}`,
    `Bearer ${Buffer.from('ops:secret').toString('base64')}`,
  ];
  for (const each of wrong) {
    assert.deepEqual(basic(each), { ok: false, challenge: 'Basic realm="realm-1"' }, each);
  }
});

test('no header that is not the right one is let in', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(basic(text).ok, false);
      assert.equal(basic(header(text)).ok, text === 'ops:secret');
    }),
  );
});

const KEY = Buffer.from('key');
const clock = { now: () => 1_000_000 };
const bearer = jwtAuthenticator(KEY, 'realm-2', clock);

function challengeOf(given: string | undefined): string {
  const authentication = bearer(given);
  return authentication.ok ? 'let in' : authentication.challenge;
}

test('a token gives its claims to the principal', () => {
  const claims = { fid: 'f', eid: 'e', cid: 'c' };
  const authentication = bearer(`Bearer ${signJwt(claims, KEY)}`);
  assert.deepEqual(authentication, { ok: true, principal: { value: undefined, claims } });
});

test('what is wrong with a token is said in the challenge', () => {
  const token = signJwt({ cid: 'c' }, KEY);
  const [head = '', body = ''] = token.split('.');
  const encoded = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const why = (text: string): string =>
    `Bearer realm="realm-2", error="invalid_token", error_description="${text}"`;
  assert.equal(challengeOf(undefined), 'Bearer realm="realm-2"');
  assert.equal(challengeOf('Bearer'), why("Malformed 'Authorization' header"));
  assert.equal(challengeOf(header('a:b')), why("Scheme 'Basic' unsupported"));
  assert.equal(challengeOf('Bearer x'), why('Invalid JWT: Expected 3 components in token, got 1'));
  assert.equal(
    challengeOf(`Bearer ${signJwt({ cid: 'c' }, Buffer.from('other'))}`),
    why('Invalid JWT: Token signature does not match'),
  );
  assert.equal(
    challengeOf(`Bearer ${head}.${body}.`),
    why('Invalid JWT: Failed to base64url-decode signature'),
  );
  const unsigned = encoded({ alg: 'none' });
  assert.equal(
    challengeOf(`Bearer ${unsigned}.${body}.AAAA`),
    why('Invalid JWT: Unsupported token algorithm'),
  );
  assert.equal(challengeOf(`Bearer ${signJwt({}, KEY)}`), why('JWT claims missing'));
});

test('a token of another program that has expired is refused', async () => {
  const { createHmac } = await import('node:crypto');
  const tokenWith = (exp: number): string => {
    const encode = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ cid: 'c', exp })}`;
    return `${signed}.${createHmac('sha256', KEY).update(signed).digest('base64url')}`;
  };
  assert.match(challengeOf(`Bearer ${tokenWith(1_000)}`), /Token has expired/);
  assert.equal(challengeOf(`Bearer ${tokenWith(1_001)}`), 'let in');
});

test('of several authenticators the first success counts, and all challenges are made', () => {
  const both = combinedAuthenticator([basic, bearer]);
  assert.equal(both(header('ops:secret')).ok, true);
  assert.equal(both(`Bearer ${signJwt({ cid: 'c' }, KEY)}`).ok, true);
  assert.deepEqual(both(undefined), {
    ok: false,
    challenge: 'Basic realm="realm-1",Bearer realm="realm-2"',
  });
});
