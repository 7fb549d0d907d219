import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseTlsEnvironment } from '../../../core/auth/tls-environment.ts';

test('an environment that asks for TLS is refused by name, one that does not is fine', () => {
  assert.equal(
    refuseTlsEnvironment({ LIBPROCESS_SSL_ENABLED: 'true' }),
    "LIBPROCESS_SSL_ENABLED is 'true', but this version does not speak TLS: unset it, and put a proxy that does in front",
  );
  assert.match(refuseTlsEnvironment({ SSL_ENABLED: '1' }) ?? '', /^SSL_ENABLED is '1', /);
  const off = { LIBPROCESS_SSL_ENABLED: 'false', SSL_ENABLED: '0', SSL_CERT_FILE: '/ca.pem' };
  assert.equal(refuseTlsEnvironment(off), undefined);
});
