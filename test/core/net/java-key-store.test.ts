import assert from 'node:assert/strict';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSecureContext } from 'node:tls';
import fc from 'fast-check';
import { isJavaKeyStore, readJavaKeyStore } from '../../../core/net/java-key-store.ts';

/** Made by `keytool -genkeypair -storetype JKS`, and one by `-import` of a certificate. */
function stored(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'keys', name));
}

test('a key that keytool has stored comes out with its certificate', () => {
  const table: readonly (readonly [string, string, string])[] = [
    ['elliptic.jks', 'changeit', 'ec'],
    // A certificate of somebody else stands beside the key, and the password is not plain.
    ['two-entries.jks', 'pässwort', 'rsa'],
  ];
  for (const [name, password, type] of table) {
    assert.ok(isJavaKeyStore(stored(name)));
    const read = readJavaKeyStore(stored(name), password);
    assert.ok(read.ok, name);
    const { key, cert } = read.value;
    const certificate = new X509Certificate(cert);
    assert.equal(certificate.subject, 'CN=localhost');
    assert.equal(certificate.publicKey.asymmetricKeyType, type);
    const own = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    assert.equal(own, certificate.publicKey.export({ type: 'spki', format: 'pem' }));
    // Old keys are too short for the defaults of today.
    createSecureContext({ key, cert, ciphers: 'DEFAULT@SECLEVEL=0' });
  }
});

test('what cannot be read is refused in the words of Java', () => {
  const read = (name: string, password: string): unknown => {
    const found = readJavaKeyStore(stored(name), password);
    return found.ok ? 'read' : found.error;
  };
  assert.equal(
    read('elliptic.jks', 'wrong'),
    'Keystore was tampered with, or password was incorrect',
  );
  assert.equal(read('other-password.jks', 'changeit'), 'Cannot recover key');
  assert.equal(read('certificates-only.jks', 'changeit'), 'there is no private key in it');
  const short = readJavaKeyStore(stored('elliptic.jks').subarray(0, 30), 'changeit');
  assert.deepEqual(short, { ok: false, error: 'Invalid keystore format' });
});

test('no bytes at all make the reader throw, and a changed store is never believed', () => {
  const whole = stored('elliptic.jks');
  const place = fc.nat({ max: whole.length - 1 });
  fc.assert(
    fc.property(place, fc.integer({ min: 1, max: 255 }), place, (at, change, cut) => {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ change;
      assert.equal(readJavaKeyStore(changed, 'changeit').ok, false);
      assert.equal(readJavaKeyStore(whole.subarray(0, cut), 'changeit').ok, false);
    }),
  );
  assert.ok(!isJavaKeyStore(Buffer.from('0\x82')));
});

test('a store that claims more than it has is refused, though its digest fits', () => {
  const secret = Buffer.from('p', 'utf16le').swap16();
  const bytes = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2, 3), fc.nat({ max: 3 }), bytes, (version, tag, rest) => {
      const head = Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, version, 255, 0, 0, 1]);
      const content = Buffer.concat([head, Buffer.from([0, 0, 0, tag]), rest]);
      const digest = createHash('sha1')
        .update(secret)
        .update('Mighty Aphrodite')
        .update(content)
        .digest();
      assert.equal(readJavaKeyStore(Buffer.concat([content, digest]), 'p').ok, false);
    }),
  );
});
