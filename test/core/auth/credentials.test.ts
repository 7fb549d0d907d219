import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCredential, readCredentials } from '../../../core/auth/credential-files.ts';
import { parseCredential, parseCredentials } from '../../../core/auth/credentials.ts';

const JSON_TEXT =
  '{"credentials":[{"principal":"agent-principal","secret":"secret123"},{"principal":"marathon","secret":"pw"}]}';

test('a credentials file is JSON or one principal and secret per line', () => {
  const expected = new Map([
    ['agent-principal', 'secret123'],
    ['marathon', 'pw'],
  ]);
  assert.deepEqual(parseCredentials(JSON_TEXT), { ok: true, value: expected });
  const lines = 'agent-principal secret123\n\nmarathon\t pw\n';
  assert.deepEqual(parseCredentials(lines), { ok: true, value: expected });
});

test('a credential file is JSON or one line', () => {
  const value = { principal: 'agent', secret: 's' };
  const json = parseCredential('{"principal":"agent","secret":"s"}\n');
  assert.deepEqual(json, { ok: true, value });
  assert.deepEqual(parseCredential('agent s\n'), { ok: true, value });
  const two = parseCredential('a b\nc d');
  assert.deepEqual(two, { ok: false, error: 'Expecting only one credential' });
});

test('what is wrong with a credentials file is said', () => {
  const errorOf = (text: string): string => {
    const read = parseCredentials(text);
    return read.ok ? 'accepted' : read.error;
  };
  assert.match(errorOf('{"credentials":['), /^Invalid json format: /);
  assert.match(errorOf('{"credentials":[{"secret":"s"}]}'), /^Failed to parse credentials: /);
  assert.equal(
    errorOf('{"credentials":[{"principal":"p"}]}'),
    "Failed to parse credentials: Principal 'p' has no secret",
  );
  assert.equal(errorOf('a b\nonly-a-principal'), 'Invalid credential format at line 2');
  assert.deepEqual(parseCredentials(' \n'), { ok: true, value: undefined });
  assert.deepEqual(parseCredentials('{"credentials":[]}'), { ok: true, value: undefined });
});

test('files name the flag in their errors and warn when others can read them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'credentials-'));
  try {
    const file = join(directory, 'file');
    const warnings: string[] = [];
    const warn = (text: string): void => {
      warnings.push(text);
    };
    writeFileSync(file, JSON_TEXT, { mode: 0o600 });
    const closed = readCredentials(file, 'credentials', warn);
    assert.equal(closed.ok && closed.value.get('marathon'), 'pw');
    assert.deepEqual(warnings, []);
    chmodSync(file, 0o644);
    readCredentials(`file://${file}`, 'credentials', warn);
    assert.deepEqual(warnings, [
      `Permissions on credentials file '${file}' are too open; it is recommended that your credentials file is NOT accessible by others`,
    ]);
    writeFileSync(file, '');
    assert.deepEqual(readCredentials(file, 'http_credentials', warn), {
      ok: false,
      error: 'Credentials file must contain at least one credential (see --http_credentials flag)',
    });
    assert.deepEqual(readCredential(file, warn), {
      ok: false,
      error: `Empty credential file '${file}' (see --credential flag)`,
    });
    const missing = readCredential(join(directory, 'none'), warn);
    assert.match(
      missing.ok ? '' : missing.error,
      /^Failed to read credential file '.*none': ENOENT/,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
