/**
 * A master with authentication on against the recording of an original one: status, header lines
 * in order, and bodies.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { ask, compareHead, type RawAnswer } from '../operator/raw-http.ts';
import { differences, type Exchange, exchangesOf } from '../operator/recordings.ts';

const EXCHANGES = exchangesOf('authentication-http.json');

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

function replay(port: number, { request }: Exchange): Promise<RawAnswer> {
  const { 'Content-Length': _, ...headers } = request.headers;
  return ask(port, { request: { ...request, headers } }, async () => {});
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
      compareHead(answer, exchange);
      const text = answer.body.toString();
      if (response.json === undefined) {
        assert.equal(text, response.text);
        return;
      }
      const ours: unknown = JSON.parse(text);
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
