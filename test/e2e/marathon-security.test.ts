/** Marathon over HTTPS alone, with plugins, as a real process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHttpClient } from '../../core/net/http-client.ts';
import { NetworkProber } from '../../schedulers/marathon/health/prober.ts';
import {
  eventually,
  freePorts,
  http,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const KEYS = join(import.meta.dirname, '../schedulers/marathon/keys');
const PLUGINS = join(import.meta.dirname, '../../examples/plugins');

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** The certificate is checked. */
function get(port: number, path: string, auth?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(join(KEYS, 'localhost.pem'));
    const asked = request({ host: 'localhost', port, path, ca, auth: auth ?? null }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('Marathon serves HTTPS alone and asks its plugins', async (t) => {
  const directory = await temporaryDirectory('marathon-security');
  t.after(() => removeDirectory(directory));
  const [https = 0, plain = 0] = await freePorts(2);
  const common = ['marathon', '--master=127.0.0.1:1', '--http_address=127.0.0.1'];
  const marathon = startOrrery([
    ...common,
    `--http_port=${plain}`,
    `--https_port=${https}`,
    '--disable_http',
    `--ssl_keystore_path=${join(KEYS, 'localhost.p12')}`,
    '--ssl_keystore_password=keyword',
    `--plugin_dir=${PLUGINS}`,
    `--plugin_conf=${join(PLUGINS, 'owners.json')}`,
    '--hostname=localhost',
    `--work_dir=${join(directory, 'marathon')}`,
  ]);
  t.after(() => marathon.stop());
  const pong = await eventually('it answers', () => get(https, '/ping'));
  assert.equal(pong.text, 'pong');
  assert.equal(pong.headers['x-marathon-leader'], `https://localhost:${https}`);
  await assert.rejects(http('GET', `http://127.0.0.1:${plain}/ping`));
  assert.equal((await get(https, '/v2/apps')).status, 401);
  const apps = await get(https, '/v2/apps', 'ann:secret');
  assert.deepEqual([apps.status, apps.text], [200, '{"apps":[]}']);
});

test('a wrong password of a key store of Java and a plugin that is missing are refused before the start', async (t) => {
  const directory = await temporaryDirectory('marathon-refused');
  t.after(() => removeDirectory(directory));
  const common = ['marathon', '--master=127.0.0.1:1', `--work_dir=${directory}`];
  const keys = [`--ssl_keystore_path=${join(KEYS, 'old.jks')}`, '--ssl_keystore_password=wrong'];
  const plugins = [`--plugin_dir=${directory}`, `--plugin_conf=${directory}/none.json`];
  const refused = async (flags: readonly string[], code: number, text: RegExp): Promise<void> => {
    const program = startOrrery([...common, ...flags]);
    const [ended] = await once(program.child, 'exit');
    assert.equal(ended, code);
    assert.match(program.output(), text);
  };
  await Promise.all([
    refused(
      keys,
      112,
      /old\.jks' cannot be opened: Keystore was tampered with, or password was incorrect/,
    ),
    refused(plugins, 102, /the plugin configuration '.*none\.json' cannot be read/),
  ]);
});

test('a health check over HTTPS does not ask who has signed the certificate', async (t) => {
  const pfx = readFileSync(join(KEYS, 'localhost.p12'));
  const server = createServer({ pfx, passphrase: 'keyword' }, (_request, response) => {
    response.end('well');
  });
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const careful = createHttpClient();
  const careless = createHttpClient({ tls: { isVerified: false } });
  t.after(async () => {
    await careful.close();
    await careless.close();
    server.close();
  });
  const target = { kind: 'https', host: '127.0.0.1', port, path: '/', timeoutMs: 60_000 } as const;
  const outcomeOf = (client: typeof careful) =>
    new Promise<boolean>((resolve) => {
      new NetworkProber(client).probe(target, ({ succeeded }) => resolve(succeeded));
    });
  assert.deepEqual([await outcomeOf(careful), await outcomeOf(careless)], [false, true]);
});
