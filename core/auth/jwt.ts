/**
 * JSON Web Tokens signed with HS256, as executors show them (spec ha-and-security, section 5).
 *
 *   token := base64url(header) "." base64url(payload) "." base64url(HMAC-SHA256(first two parts))
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import { parseJson } from '../wire/json.ts';
import { writeJson } from '../wire/json-text.ts';

export type JwtPayload = Readonly<Record<string, unknown>>;

/** Longer tokens are refused before anything is computed. */
const TOKEN_MAX_LENGTH = 16 * 1024;

export function signJwt(claims: Readonly<Record<string, string>>, key: Uint8Array): string {
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const signed = `${encode('{"alg":"HS256","typ":"JWT"}')}.${encode(writeJson(claims))}`;
  return `${signed}.${signatureOf(signed, key).toString('base64url')}`;
}

/** Only HS256 is taken. A token with `exp` is refused after that time (`nowSeconds`). */
export function verifyJwt(token: string, key: Uint8Array, nowSeconds: number): Result<JwtPayload> {
  if (token.length > TOKEN_MAX_LENGTH) return err('Token is too long');
  const parts = token.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) return err(`Expected 3 components in token, got ${parts.length}`);
  const head = objectOf(header, 'header');
  if (!head.ok) return head;
  const refused = refuseHeader(head.value);
  if (refused !== undefined) return err(refused);
  const claims = objectOf(payload, 'payload');
  if (!claims.ok) return claims;
  if (!isBase64Url(signature)) return err('Failed to base64url-decode signature');
  const expected = signatureOf(`${header}.${payload}`, key);
  const given = Buffer.from(signature, 'base64url');
  const isSame = given.length === expected.length && timingSafeEqual(given, expected);
  if (!isSame) return err('Token signature does not match');
  const { exp } = claims.value;
  if (exp === undefined) return ok(claims.value);
  if (typeof exp !== 'number') return err("JSON payload 'exp' field is not a number");
  return exp > nowSeconds ? ok(claims.value) : err('Token has expired');
}

function refuseHeader(header: JwtPayload): string | undefined {
  const { alg, typ } = header;
  if (typ !== undefined && typ !== 'JWT') return "Token 'typ' is not 'JWT'";
  if ('crit' in header) return "Token header contains the unsupported 'crit' field";
  if (alg === undefined) return "Failed to locate 'alg' in header JSON";
  return alg === 'HS256' ? undefined : 'Unsupported token algorithm';
}

function objectOf(text: string, what: 'header' | 'payload'): Result<JwtPayload> {
  if (!isBase64Url(text)) return err(`Failed to base64url-decode token ${what}`);
  const tree = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  if (!tree.ok) return err(`Failed to parse token ${what}: ${tree.error}`);
  if (!isRecord(tree.value)) return err(`Token ${what} is not a JSON object`);
  return ok(tree.value);
}

function isBase64Url(text: string): boolean {
  return /^[A-Za-z0-9_-]+={0,2}$/.test(text);
}

function isRecord(value: unknown): value is JwtPayload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function signatureOf(signed: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}
