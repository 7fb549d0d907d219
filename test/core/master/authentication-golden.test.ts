/**
 * A master with authentication on against the recording of an original one: status, the set of
 * headers with their values, and bodies.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemClock } from '../../../core/base/clock.ts';
import { parseFlags } from '../../../core/base/flags.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { compileMasterOptions } from '../../../core/master/compile-options.ts';
import { createMasterDaemon, type MasterDaemon } from '../../../core/master/daemon.ts';
import { MASTER_FLAGS } from '../../../core/master/flags.ts';
import { differences, type Exchange, exchangesOf } from '../operator/recordings.ts';

const EXCHANGES = exchangesOf('authentication-http.json');

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

async function startRecorded(directory: string): Promise<MasterDaemon> {
  const state = EXCHANGES.find(({ label }) => label === 'auth good /state')?.response.json;
  const { id, flags } = state as { id: string; flags: Record<string, string> };
  const credentials = join(directory, 'creds.json');
  const secret = '{"credentials":[{"principal":"golden","secret":"golden-secret"}]}';
  writeFileSync(credentials, secret, { mode: 0o600 });
  const given = [
    ...['advertise_ip', 'advertise_port', 'authenticate_http_frameworks'],
    ...['authenticate_http_readonly', 'authenticate_http_readwrite', 'hostname'],
    ...['http_framework_authenticators', 'ip', 'registry', 'work_dir'],
  ];
  const argv = [
    ...given.map((name) => `--${name}=${flags[name]}`),
    `--credentials=${credentials}`,
    '--port=0',
  ];
  const parsed = parseFlags(MASTER_FLAGS, {
    ...{ argv, env: {}, envPrefix: undefined },
    style: 'equals',
  });
  assert.ok(parsed.ok);
  const compiled = compileMasterOptions(parsed.value);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.error);
  const options = { ...compiled.value, master: { ...compiled.value.master, flags } };
  const daemon = createMasterDaemon(options, {
    clock: new SystemClock(),
    random: Object.assign(new SeededRandom(1), { uuid: () => id }),
    log: silentLog,
    addressOfThisHost: async () => '127.0.0.1',
    hostnameOf: async (ip) => ip,
  });
  await daemon.start();
  return daemon;
}

function replay(port: number, { request }: Exchange): Promise<Answer> {
  const { method, path, headers, body } = request;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const given = Object.entries(headers).filter(([name]) => name !== 'Content-Length');
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { port, method, path, agent: false, headers: Object.fromEntries(given) },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const raw = response.rawHeaders;
        const names = raw.filter((_, at) => at % 2 === 0);
        resolve({
          status: response.statusCode ?? 0,
          headers: names.map((name, at) => [name, raw[at * 2 + 1] ?? ''] as const),
          body: Buffer.concat(chunks).toString(),
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : text);
  });
}

/** Lengths of bodies with times and figures of the machine differ. */
function comparable(
  headers: readonly (readonly [string, string])[],
  withLength: boolean,
): readonly string[] {
  const isMasked = (name: string): boolean =>
    name === 'date' || (name === 'content-length' && !withLength);
  return headers
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .map(([name, value]) => (isMasked(name) ? name : `${name}: ${value}`))
    .sort();
}

test('the master asks for and takes credentials as recorded', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'authentication-'));
  const daemon = await startRecorded(directory);
  t.after(async () => {
    await daemon.stop();
    rmSync(directory, { recursive: true });
  });
  assert.equal(EXCHANGES.length, 35);
  for (const exchange of EXCHANGES) {
    await t.test(exchange.label, async () => {
      const answer = await replay(daemon.address.port, exchange);
      const { response } = exchange;
      assert.equal(answer.status, response.status, answer.body);
      const isText = response.json === undefined;
      const recorded = comparable(Object.entries(response.headers), isText);
      assert.deepEqual(comparable(answer.headers, isText), recorded);
      if (isText) {
        assert.equal(answer.body, response.text);
        return;
      }
      const ours: unknown = JSON.parse(answer.body);
      if (exchange.request.path === '/metrics/snapshot') {
        const names = Object.keys(response.json as object).filter(
          (name) => !/_ms(\/|$)/.test(name),
        );
        const missing = names.filter((name) => !Object.hasOwn(ours as object, name));
        assert.deepEqual(missing, []);
        return;
      }
      assert.deepEqual(differences(response.json, ours), []);
    });
  }
});
