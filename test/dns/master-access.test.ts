/** How the masters are reached: over TLS, and with a token of an identity service. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { after, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { silentLog } from '../../core/base/log.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../core/net/ports.ts';
import { SimulatedClock } from '../../core/testing/index.ts';
import {
  type CompiledDnsOptions,
  compileDnsOptions,
  DEFAULT_DNS_CONFIG,
  type DnsConfig,
} from '../../dns/config.ts';
import { masterAccess } from '../../dns/master-access.ts';
import { StateFetcher } from '../../dns/state-fetcher.ts';
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from './support/certificates.ts';

const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

const FILES: Readonly<Record<string, string>> = {
  '/ca.pem': AUTHORITY,
  '/client.pem': CLIENT_CERTIFICATE,
  '/client.key': CLIENT_KEY,
  '/server.pem': SERVER_CERTIFICATE,
  '/text': 'no certificate',
  '/broken.json': '{',
  '/empty.json': '{"uid":"dns","private_key":"","login_endpoint":"http://iam"}',
  '/key.json': '{"uid":"dns","private_key":"k","login_endpoint":"http://iam"}',
  '/url.json': JSON.stringify({ uid: 'dns', private_key: rsa.privateKey, login_endpoint: 'x' }),
  '/iam.json': JSON.stringify({
    uid: 'dns',
    private_key: rsa.privateKey,
    login_endpoint: 'http://iam/login',
  }),
};

function readText(path: string): string {
  const text = FILES[path];
  if (text !== undefined) return text;
  throw Object.assign(new Error(path === '/folder' ? 'is a folder' : 'not there'), {
    code: path === '/folder' ? 'EISDIR' : 'ENOENT',
  });
}

function compile(changes: Partial<DnsConfig>) {
  const config = { ...DEFAULT_DNS_CONFIG, masters: ['127.0.0.1:1'], ...changes };
  return compileDnsOptions(config, { systemResolvers: () => [], readText });
}

function optionsOf(changes: Partial<DnsConfig>): CompiledDnsOptions {
  const compiled = compile(changes);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value;
}

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function startSecureMaster(): Promise<string> {
  const tls = { cert: SERVER_CERTIFICATE, key: SERVER_KEY, ca: AUTHORITY, requestCert: true };
  const server = createServer({ ...tls, rejectUnauthorized: false }, (request, response) => {
    const { socket } = request;
    const peer = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
    // Without a certificate the object is empty.
    const name = peer?.subject?.CN ?? 'nobody';
    response.end(JSON.stringify({ leader: `${String(name)}@127.0.0.1:5050` }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** Who the master has seen, or why nothing came of it. */
async function fetchOver(master: string, changes: Partial<DnsConfig>): Promise<string> {
  const options = optionsOf(changes);
  const clock = new SimulatedClock();
  const http = createHttpClient({ tls: options.tls });
  const { signal } = new AbortController();
  const access = masterAccess(options, { clock, http });
  const fetcher = new StateFetcher(
    { clock, http, log: silentLog },
    { timeoutMs: 5_000, access, signal },
  );
  const fetched = await fetcher.fetch([master]);
  await http.close();
  return fetched.ok ? fetched.value.leader : fetched.error;
}

test('a master over TLS is believed unchecked, or checked against the authority of the configuration', async () => {
  const master = await startSecureMaster();
  assert.equal(await fetchOver(master, { mesosHTTPSOn: true }), 'nobody@127.0.0.1:5050');
  const mutual = { caCertFile: '/ca.pem', certFile: '/client.pem', keyFile: '/client.key' };
  assert.equal(
    await fetchOver(master, { mesosHTTPSOn: true, ...mutual }),
    'orrery test cli@127.0.0.1:5050',
  );
  const strange = { mesosHTTPSOn: true, caCertFile: '/server.pem' };
  assert.match(await fetchOver(master, strange), /certificate/);
  assert.match(await fetchOver(master, {}), /failed/);
});

test('files that cannot be used are refused at the start', () => {
  const iam = { mesosAuthentication: 'iam' };
  const table: readonly (readonly [Partial<DnsConfig>, string])[] = [
    [{ caCertFile: '/none' }, 'CACertFile open failed: not there (ENOENT)'],
    [{ caCertFile: '/folder' }, 'CACertFile read failed: is a folder (EISDIR)'],
    [{ caCertFile: '/text' }, 'CACertFile parsing failed: no certificate in it'],
    [{ certFile: '/client.pem' }, 'Missing private key'],
    [{ keyFile: '/client.key' }, 'Missing certificate'],
    [
      { certFile: '/client.pem', keyFile: '/none' },
      'CertFile and KeyFile cannot be loaded: not there (ENOENT)',
    ],
    [iam, 'missing configuration for specified authentication mechanism'],
    [
      { ...iam, IAMConfigFile: '/none' },
      'failed to load IAM config from file "/none": not there (ENOENT)',
    ],
    [{ ...iam, IAMConfigFile: '/empty.json' }, 'invalid HTTP IAM configuration'],
    [
      { ...iam, IAMConfigFile: '/url.json' },
      'invalid HTTP IAM configuration: login_endpoint is no URL',
    ],
  ];
  for (const [changes, sentence] of table) {
    const compiled = compile(changes);
    assert.equal(compiled.ok ? '' : compiled.error, sentence);
  }
  for (const [file, pattern] of [
    ['/broken.json', /^invalid IAM JSON: /],
    ['/key.json', /^invalid HTTP IAM configuration: private_key: /],
  ] as const) {
    const compiled = compile({ ...iam, IAMConfigFile: file });
    assert.match(compiled.ok ? '' : compiled.error, pattern);
  }
});

test('basic authentication shows principal and secret, one of them suffices', async () => {
  const ports = { clock: new SimulatedClock(), http: new FakeHttp([]) };
  const shown = async (mesosCredentials: DnsConfig['mesosCredentials']): Promise<string> => {
    const options = optionsOf({ mesosAuthentication: 'basic', mesosCredentials });
    const { authorization = '' } = await masterAccess(options, ports).headers();
    return Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
  };
  assert.equal(await shown({ principal: 'p', secret: 's' }), 'p:s');
  assert.equal(await shown({ principal: '', secret: 's' }), ':s');
});

class FakeHttp implements HttpClient {
  readonly requests: HttpRequest[] = [];
  private readonly answers: (readonly [status: number, body: string])[];

  constructor(answers: readonly (readonly [status: number, body: string])[]) {
    this.answers = [...answers];
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    const [status, body] = this.answers.shift() ?? [500, ''];
    const bytes = Buffer.from(body);
    return {
      status,
      headers: {},
      body: (async function* () {
        yield bytes;
      })(),
      text: async () => body,
      bytes: async () => bytes,
      cancel: () => {},
    };
  }

  async close(): Promise<void> {}
}

test('with iam every request is made with a token that a signed statement has bought', async () => {
  const clock = new SimulatedClock();
  const http = new FakeHttp([
    [200, '{"token":"one"}'],
    [200, '{"token":"two"}'],
    [403, ''],
    [200, '{}'],
  ]);
  const options = optionsOf({ mesosAuthentication: 'iam', IAMConfigFile: '/iam.json' });
  const access = masterAccess(options, { clock, http });
  assert.deepEqual(await access.headers(), { authorization: 'token=one' });
  assert.deepEqual(await access.headers(), { authorization: 'token=two' });
  await assert.rejects(access.headers(), /^ClusterError: IAM authentication failed: status 403$/);
  await assert.rejects(access.headers(), /IAM authentication failed: no token in the answer/);
  const [login] = http.requests;
  assert.equal(login?.url, 'http://iam/login');
  assert.equal(login?.method, 'POST');
  const { uid, token } = JSON.parse(String(login?.body));
  const [header = '', claims = '', signature = ''] = String(token).split('.');
  const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  assert.equal(uid, 'dns');
  assert.deepEqual(decode(header), { alg: 'RS256', typ: 'JWT' });
  assert.deepEqual(decode(claims), { uid: 'dns', exp: Math.floor(clock.now() / 1_000) + 3_600 });
  const signed = Buffer.from(`${header}.${claims}`);
  assert.ok(verify('RSA-SHA256', signed, rsa.publicKey, Buffer.from(signature, 'base64url')));
});
