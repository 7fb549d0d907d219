/** What operators do: copies of the state, levels of the log, flags of the original. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import { flagEnvironment } from '../../../schedulers/marathon/security-flags.ts';
import { createMarathon } from '../../../schedulers/marathon/server.ts';
import { FakeMaster } from './fake-master.ts';
import { at, optionsWith, SLEEP, World } from './world.ts';

test('a leader that is sent away leaves a backup, and another is restored from it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'backup-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'state');
  const uri = encodeURIComponent(pathToFileURL(file).href);
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(5_000);
  const sent = await world.call('DELETE', `/v2/leader?backup=${uri}`);
  assert.deepEqual(sent.body, { message: 'Leadership abdicated' });
  await world.restart();
  assert.match(await readFile(file, 'utf8'), /^orrery-marathon-backup-1\n/);
  await world.call('DELETE', '/v2/apps/sleep');
  await world.advance(5_000);
  assert.equal((await world.call('GET', '/v2/apps/sleep')).status, 404);
  await world.call('DELETE', `/v2/leader?restore=${uri}`);
  await world.restart();
  await world.advance(5_000);
  assert.equal((await world.call('GET', '/v2/apps/sleep')).status, 200);
  assert.equal(world.master.running('sleep').length, 1);
  // What was ordered is done once.
  await world.call('DELETE', '/v2/apps/sleep');
  await world.restart();
  assert.equal((await world.call('GET', '/v2/apps/sleep')).status, 404);
  await world.stop();
});

test('a file that is no backup changes nothing and keeps the leader from starting', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'backup-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'other');
  await writeFile(file, 'something else');
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(5_000);
  const refused = await world.call('DELETE', '/v2/leader?backup=s3://bucket/key');
  assert.equal(refused.status, 422);
  assert.match(refused.text, /Invalid backup location 's3:\/\/bucket\/key'/);
  await world.call('DELETE', `/v2/leader?restore=${encodeURIComponent(pathToFileURL(file).href)}`);
  await assert.rejects(world.restart(), /is no backup of this Marathon/);
  await rm(file);
});

test('the level of the log is changed for a while', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLog({ name: 'marathon', level: 'info', destination });
  const clock = new SimulatedClock();
  const marathon = createMarathon(optionsWith(), {
    clock,
    random: new SeededRandom(1),
    http: new FakeMaster(clock).client(),
    storage: new MemoryStorage(),
    log,
    levels: log,
  });
  const post = (payload: object) =>
    marathon.app.inject({
      method: 'POST',
      url: '/logging',
      headers: { 'content-type': 'application/json' },
      payload,
    });
  const levels = async (): Promise<unknown> => (await marathon.app.inject('/logging')).json();
  const own = 'mesosphere.marathon';
  assert.deepEqual(await levels(), { ROOT: 'INFO', [own]: 'INFO (inherited)' });
  const asked = { level: 'debug', logger: 'a.b', durationSeconds: 10 };
  const answer = await post(asked);
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), asked);
  const during = { ROOT: 'DEBUG', [own]: 'DEBUG (inherited)', 'a.b': 'DEBUG' };
  assert.deepEqual(await levels(), during);
  log.debug({}, 'now');
  await clock.advance(10_000);
  const after = { ROOT: 'INFO', [own]: 'INFO (inherited)', 'a.b': 'INFO (inherited)' };
  assert.deepEqual(await levels(), after);
  log.debug({}, 'later');
  assert.deepEqual(
    [lines.some((line) => /now/.test(line)), lines.some((line) => /later/.test(line))],
    [true, false],
  );
  for (let count = 0; count < 98; count += 1) await post({ level: 'info', logger: `x${count}` });
  await post({ level: 'info', logger: 'a.b' });
  await post({ level: 'info', logger: 'one.more' });
  const names = Object.keys(Object(await levels()));
  assert.deepEqual([names.includes('a.b'), names.includes('x0')], [true, false]);
  assert.equal((await post({ level: 'debug', logger: '' })).statusCode, 422);
  assert.equal((await post({ level: 'loud', logger: 'a' })).statusCode, 422);
  await marathon.stop();
});

test('the environment has old names, negations and empty switches', () => {
  const isSwitch = (name: string): boolean => ['ha', 'http', 'checkpoint'].includes(name);
  const environment = {
    MESOSPHERE_KEYSTORE_PATH: '/k',
    MESOSPHERE_HTTP_CREDENTIALS: 'a:b',
    MARATHON_DISABLE_HA: '',
    MARATHON_CHECKPOINT: '',
    MARATHON_DISABLE_THING: 'x',
  };
  const { MARATHON_DISABLE_HA: _, ...kept } = environment;
  assert.deepEqual(flagEnvironment(environment, ['--http_credentials=c:d'], isSwitch), {
    ...kept,
    MARATHON_SSL_KEYSTORE_PATH: '/k',
    MARATHON_HA: 'false',
    MARATHON_CHECKPOINT: 'true',
  });
});

test('the configuration in effect is shown without secrets', async () => {
  const world = await World.start({
    min_revive_offers_interval: '1234',
    zk: 'zk://user:secret1@z:2181/marathon',
    metrics_datadog_api_key: 'secret2',
  });
  const answer = await world.call('GET', '/config');
  assert.equal(answer.status, 200);
  assert.equal(at(answer.body, 'min_revive_offers_interval'), 1234);
  assert.equal(at(answer.body, 'zk'), 'zk://xxxxxxxx:xxxxxxxx@z:2181/marathon');
  assert.equal(at(answer.body, 'metrics_datadog_api_key'), undefined);
  assert.doesNotMatch(answer.text, /secret\d/);
  await world.stop();
});

test('Prometheus can be switched off', async () => {
  const world = await World.start({ metrics_prometheus: 'false' });
  const answer = await world.call('GET', '/metrics/prometheus');
  assert.equal(answer.status, 404);
  assert.equal(at(answer.body, 'message'), 'Prometheus reporter is disabled');
  await world.stop();
});
