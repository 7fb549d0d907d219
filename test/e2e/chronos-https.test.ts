/** Chronos behind a key store, on real ports (spec chronos, section 11.1). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { SeededRandom } from '../../core/base/random.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { MemoryStorage } from '../../core/storage/memory.ts';
import { CHRONOS_DEFAULTS, frameworkInfo } from '../../schedulers/chronos/options.ts';
import { createChronos } from '../../schedulers/chronos/server.ts';
import { httpsOf } from '../../schedulers/kit/https-flags.ts';
import { FakeCluster } from '../core/scheduler/fake-cluster.ts';
import { freePorts } from './support/programs.ts';

const KEYS = join(import.meta.dirname, '../schedulers/marathon/keys');

test('Chronos serves HTTPS alone where HTTP is off, from a key store of Java', async (t) => {
  const [port = 0] = await freePorts(1);
  const https = httpsOf({
    http: false,
    http_address: '127.0.0.1',
    https_address: undefined,
    https_port: port,
    ssl_keystore_path: join(KEYS, 'old.jks'),
    ssl_keystore_password: 'keyword',
  });
  assert.ok(https.ok);
  const clock = new SystemClock();
  const cluster = new FakeCluster(clock, [{ id: 'a1', cpus: 4, mem: 4_096 }]);
  const options = {
    ...CHRONOS_DEFAULTS,
    master: 'm:5050',
    workDirectory: '/nowhere',
    hostname: 'localhost',
    https: https.value,
    servesHttp: false,
  };
  const ports = { clock, random: new SeededRandom(1), storage: new MemoryStorage() };
  const chronos = createChronos(options, { ...ports, http: cluster, log: silentLog });
  const client = createHttpClient({ tls: { isVerified: false } });
  t.after(async () => {
    await client.close();
    await chronos.stop();
  });
  await chronos.start();
  const get = async (url: string): Promise<string> => {
    const response = await client.request({ method: 'GET', url });
    return response.text(1_024);
  };
  assert.equal(await get(`https://127.0.0.1:${port}/ping`), 'pong\n');
  assert.equal(await get(`https://127.0.0.1:${port}/leader`), `{"leader":"localhost:${port}"}`);
  assert.equal(frameworkInfo(options).webui_url, `https://localhost:${port}`);
});
