/** Reads credentials files for flags: the texts of errors are the original's. Synchronous, at start-up only. */
import { readFileSync, statSync } from 'node:fs';
import { describeError } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  type Credential,
  type Credentials,
  parseCredential,
  parseCredentials,
} from './credentials.ts';

/** The flag names stand in the errors. */
export type CredentialsFlag = 'credentials' | 'http_credentials' | 'credential';

/** What is told to the operator without stopping the start. */
export type Warn = (text: string) => void;

/** `--credentials`, `--http_credentials`: at least one credential. */
export function readCredentials(
  path: string,
  flag: CredentialsFlag,
  warn: Warn,
): Result<Credentials> {
  const text = readSecretFile(path, 'credentials', warn);
  if (!text.ok) return err(`${text.error} (see --${flag} flag)`);
  const read = parseCredentials(text.value);
  if (!read.ok) return err(`${read.error} (see --${flag} flag)`);
  if (read.value !== undefined) return ok(read.value);
  return err(`Credentials file must contain at least one credential (see --${flag} flag)`);
}

/** `--credential` of agents and frameworks. */
export function readCredential(path: string, warn: Warn): Result<Credential> {
  const text = readSecretFile(path, 'credential', warn);
  if (!text.ok) return err(`${text.error} (see --credential flag)`);
  const read = parseCredential(text.value);
  if (!read.ok) return err(`${read.error} (see --credential flag)`);
  if (read.value !== undefined) return ok(read.value);
  return err(`Empty credential file '${path}' (see --credential flag)`);
}

/** The text of a file that only its owner should be able to read; warns when others can. */
export function readSecretFile(
  path: string,
  what: 'credentials' | 'credential' | 'JWT secret key',
  warn: Warn,
): Result<string> {
  const file = path.replace(/^file:\/\//, '');
  try {
    const text = readFileSync(file, 'utf8');
    if ((statSync(file).mode & 0o007) !== 0) warn(tooOpen(file, what));
    return ok(text);
  } catch (thrown) {
    return err(`Failed to read ${what} file '${file}': ${describeError(thrown)}`);
  }
}

function tooOpen(file: string, what: string): string {
  return `Permissions on ${what} file '${file}' are too open; it is recommended that your ${what} file is NOT accessible by others`;
}
