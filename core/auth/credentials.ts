/**
 * Texts of credentials files, master's, agent's and frameworks' (spec ha-and-security, section 5):
 * JSON, or one `principal secret` per line as in the oldest releases. Pure; `credential-files.ts` reads.
 */
import { err, ok, type Result } from '../base/result.ts';
import { fromJson, parseJson } from '../wire/json.ts';

export interface Credential {
  readonly principal: string;
  readonly secret: string;
}

/** Secrets by principal; the last one given for a principal counts. */
export type Credentials = ReadonlyMap<string, string>;

/** A `--credentials` file; `undefined` when it has nothing in it. */
export function parseCredentials(text: string): Result<Credentials | undefined> {
  if (text.trim() === '') return ok(undefined);
  const list = text.trimStart().startsWith('{') ? listInJson(text) : listInLines(text);
  if (!list.ok) return list;
  const secrets = list.value.map(({ principal, secret }) => [principal, secret] as const);
  return ok(secrets.length === 0 ? undefined : new Map(secrets));
}

/** A `--credential` file; `undefined` when it has nothing in it. */
export function parseCredential(text: string): Result<Credential | undefined> {
  if (text.trim() === '') return ok(undefined);
  if (!text.trimStart().startsWith('{')) {
    const lines = listInLines(text);
    if (!lines.ok) return lines;
    if (lines.value.length > 1) return err('Expecting only one credential');
    return ok(lines.value[0]);
  }
  const tree = parseJson(text);
  if (!tree.ok) return err(`Invalid json format: ${tree.error}`);
  const message = fromJson('mesos.v1.Credential', tree.value);
  if (!message.ok) return err(`Failed to parse credential: ${message.error}`);
  const credential = withSecret(message.value);
  return credential.ok ? credential : err(`Failed to parse credential: ${credential.error}`);
}

function listInJson(text: string): Result<readonly Credential[]> {
  const tree = parseJson(text);
  if (!tree.ok) return err(`Invalid json format: ${tree.error}`);
  const message = fromJson('mesos.v1.Credentials', tree.value);
  if (!message.ok) return err(`Failed to parse credentials: ${message.error}`);
  const list: Credential[] = [];
  for (const each of message.value.credentials ?? []) {
    const credential = withSecret(each);
    if (!credential.ok) return err(`Failed to parse credentials: ${credential.error}`);
    list.push(credential.value);
  }
  return ok(list);
}

/** Without this check, whoever names such a principal would be let in with an empty secret. */
function withSecret(given: {
  readonly principal: string;
  readonly secret?: string | undefined;
}): Result<Credential> {
  const { principal, secret } = given;
  if (secret === undefined) return err(`Principal '${principal}' has no secret`);
  return ok({ principal, secret });
}

function listInLines(text: string): Result<readonly Credential[]> {
  const list: Credential[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const [principal, secret, more] = line.split(/[ \t\r]+/).filter((word) => word !== '');
    if (principal === undefined) continue;
    if (secret === undefined || more !== undefined) {
      return err(`Invalid credential format at line ${at + 1}`);
    }
    list.push({ principal, secret });
  }
  return ok(list);
}
