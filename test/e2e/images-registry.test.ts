/** Images from a registry over HTTP, as a provisioner without containers gets them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ImageCollection } from '../../core/agent/containerizer/provisioner/options.ts';
import { NodeProvisioner } from '../../core/agent/containerizer/provisioner/provisioner.ts';
import type { Clock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { SimulatedClock } from '../../core/testing/index.ts';
import type { Image } from '../../core/wire/types/mesos.v1.ts';
import { needs } from './support/host-features.ts';
import { dockerImage } from './support/image-bench.ts';
import { clock as systemClock } from './support/isolation-bench.ts';
import { eventually } from './support/programs.ts';
import { TestRegistry } from './support/registry.ts';

const HERE = needs('root', 'namespaces');

interface Provisioning {
  readonly registry: TestRegistry;
  readonly storeDir: string;
  /** Ends all containers that were made for `read`. */
  destroyAll(): Promise<void>;
  /** Text of a file of an image. */
  read(image: Image, path: string): Promise<string>;
}

interface Settings {
  readonly config?: unknown;
  readonly collection?: ImageCollection;
  readonly clock?: Clock;
}

async function start(
  t: TestContext,
  { config, collection, clock = systemClock }: Settings = {},
): Promise<Provisioning> {
  const registry = await TestRegistry.start(t);
  const workDir = mkdtempSync(join(tmpdir(), 'pull-'));
  const storeDir = join(workDir, 'store');
  const http = createHttpClient();
  const docker = {
    registry: registry.url,
    config,
    stallTimeoutMs: 60_000,
    storeDir,
    hadoopHome: undefined,
  };
  const ports = { http, clock, log: silentLog, random: new SystemRandom() };
  const collects = collection === undefined ? {} : { collection };
  const it = new NodeProvisioner({ workDir, backend: 'copy', docker, ...collects }, ports);
  await it.recover(new Set());
  let count = 0;
  const destroyAll = async (): Promise<void> => {
    for (let at = 1; at <= count; at += 1) await it.destroy(`c${at}`);
  };
  t.after(async () => {
    await destroyAll();
    await it.stop();
    await http.close();
    rmSync(workDir, { recursive: true });
  });
  const read = async (image: Image, path: string): Promise<string> => {
    count += 1;
    const { rootfs } = await it.provision(`c${count}`, image);
    return readFileSync(join(rootfs, path), 'utf8');
  };
  return { registry, storeDir, destroyAll, read };
}

const BASE = { files: { base: 'the base' } };

test(
  'schema 2 behind a list: layers come once, with a token, from where the registry says',
  HERE,
  async (t) => {
    const { registry, read } = await start(t);
    registry.push({ name: 'team/one', layers: [BASE, { files: { own: 'one' } }] });
    registry.push({ name: 'team/two', tag: 'v2', layers: [BASE, { files: { own: 'two' } }] });
    const texts = await Promise.all([
      read(dockerImage('team/one'), 'own'),
      read(dockerImage('team/one'), 'base'),
    ]);
    assert.deepEqual(texts, ['one', 'the base']);
    const stored = (): readonly string[] =>
      registry.asked.filter((path) => path.startsWith('/storage'));
    // A config and two layers, for both containers.
    assert.equal(stored().length, 3);
    assert.equal(await read(dockerImage('team/two:v2'), 'own'), 'two');
    assert.equal(stored().length, 5);
    const before = registry.asked.length;
    assert.equal(await read(dockerImage('team/two:v2'), 'base'), 'the base');
    assert.equal(registry.asked.length, before);
    registry.push({ name: 'team/two', tag: 'v2', layers: [BASE, { files: { own: 'newer' } }] });
    assert.equal(await read(dockerImage('team/two:v2', { cached: false }), 'own'), 'newer');
    assert.equal(await read(dockerImage('team/two:v2'), 'own'), 'newer');
  },
);

test('schema 1: layers with their own manifests', HERE, async (t) => {
  const { registry, read, storeDir } = await start(t);
  registry.pushOld({
    name: 'old',
    layers: [BASE, { files: { own: 'top' } }],
    config: { Env: ['A=1'] },
  });
  assert.equal(await read(dockerImage('old'), 'own'), 'top');
  assert.deepEqual(readdirSync(join(storeDir, 'layers')).sort(), ['old-0', 'old-1']);
  assert.match(readFileSync(join(storeDir, 'layers/old-1/json'), 'utf8'), /"Env":\["A=1"\]/);
});

test('passwords come from --docker_config, or with the image', HERE, async (t) => {
  const auth = Buffer.from('me:secret').toString('base64');
  const { registry, read } = await start(t, { config: { auths: {} } });
  registry.password = `Basic ${auth}`;
  registry.push({ name: 'private', layers: [BASE] });
  await assert.rejects(read(dockerImage('private'), 'base'), /'401' \(not authorized\)/);
  const host = new URL(registry.url).host;
  const data = new TextEncoder().encode(JSON.stringify({ auths: { [host]: { auth } } }));
  const secret = { type: 'VALUE', value: { data } } as const;
  const image = { type: 'DOCKER', docker: { name: 'private', config: secret } } as const;
  assert.equal(await read(image, 'base'), 'the base');
});

test(
  'what is not what its checksum says is not taken, and what is not there is told',
  HERE,
  async (t) => {
    const { registry, read, storeDir } = await start(t);
    registry.push({ name: 'forged', layers: [BASE] });
    await assert.rejects(read(dockerImage('none'), 'base'), /Unexpected HTTP response '404'/);
    await read(dockerImage('forged'), 'base');
    const [digest = ''] = readdirSync(join(storeDir, 'layers'));
    rmSync(join(storeDir, 'layers', digest), { recursive: true });
    registry.forged.set(digest, 'something else');
    const again = dockerImage('forged', { cached: false });
    await assert.rejects(
      read(again, 'base'),
      /The registry sent 'sha256:[0-9a-f]{64}' for 'sha256:/,
    );
    assert.deepEqual(readdirSync(join(storeDir, 'staging')), []);
  },
);

test(
  'a disk that is too full loses images that nobody uses, but not those excluded',
  HERE,
  async (t) => {
    const clock = new SimulatedClock();
    // More than nothing is too much.
    const collection = { headroom: 1, intervalMs: 60_000, excluded: [dockerImage('kept')] };
    const it = await start(t, { clock, collection });
    for (const name of ['kept', 'gone', 'used']) {
      it.registry.push({ name, layers: [{ files: { name } }] });
    }
    await it.read(dockerImage('kept'), 'name');
    await it.read(dockerImage('gone'), 'name');
    await it.destroyAll();
    await it.read(dockerImage('used'), 'name');
    const stored = (): number => readdirSync(join(it.storeDir, 'layers')).length;
    await clock.advance(59_000);
    assert.equal(stored(), 6);
    await clock.advance(1_000);
    // Of the one in use the layer stays, of the excluded one its config too.
    await eventually('they go', () => (stored() === 3 ? true : undefined));
  },
);
