/** What containers with images have at the paths of their volumes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TaskInfo, Volume } from '../../core/wire/types/mesos.v1.ts';
import { saveOld } from './support/image-archives.ts';
import { dockerImage, IMAGES, ImageBench, ISOLATION, inImage } from './support/image-bench.ts';
import { resources } from './support/isolation-bench.ts';

const SHELL_LAYER = { hasShell: true, files: { 'etc/os': 'of the image' } };
const SHELL = { name: 'shell', layers: [SHELL_LAYER] };

test(
  'volumes of the host, of the sandbox and of images are where the image expects them',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t);
    saveOld(it.archives, { ...SHELL, layers: [{ ...SHELL_LAYER, links: { 'var/run': '/run' } }] });
    saveOld(it.archives, { name: 'data', layers: [{ files: { word: 'of data' } }] });
    const host = join(it.folder, 'host');
    mkdirSync(host);
    writeFileSync(join(host, 'file'), 'of the host');
    const volumes = [
      // A link of the image leads to its own /run, not to the host's.
      {
        mode: 'RO',
        container_path: '/var/run/host',
        source: { type: 'HOST_PATH', host_path: { path: host } },
      },
      {
        mode: 'RW',
        container_path: 'inside',
        source: { type: 'HOST_PATH', host_path: { path: host } },
      },
      {
        mode: 'RW',
        container_path: '/cache',
        source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'SELF', path: 'cache' } },
      },
      { mode: 'RO', container_path: 'data', image: dockerImage('data') },
    ] as const;
    const command =
      'cat /run/host/file; echo; touch /run/host/no; echo y > inside/yes; echo c > /cache/c; cat data/word';
    const printed = await it.outputOf('t1', command, inImage('shell', { volumes }));
    assert.equal(printed, 'of the host\nof data');
    assert.match(it.bench.output('t1', 'stderr'), /Read-only/);
    assert.equal(readFileSync(join(host, 'yes'), 'utf8'), 'y\n');
    assert.equal(readFileSync(join(it.bench.sandbox('t1'), 'cache/c'), 'utf8'), 'c\n');
    assert.equal(existsSync('/run/host'), false);
    await it.bench.exited('t1');
    assert.deepEqual([it.containers(), it.mounts()], [[], []]);
  },
);

test('persistent volumes are mounted, not linked', IMAGES, async (t) => {
  const it = await ImageBench.start(t, { volumes: true });
  saveOld(it.archives, SHELL);
  const disk = (path: string): TaskInfo['resources'] =>
    resources('disk:8').map((each) => ({
      ...each,
      disk: { persistence: { id: 'p' }, volume: { mode: 'RW', container_path: path } },
    }));
  const own = [...resources('cpus:0.1;mem:64'), ...(disk('data') ?? []), ...(disk('/data') ?? [])];
  const part: Volume = {
    mode: 'RW',
    container_path: '/part',
    source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'SELF', path: 'data' } },
  };
  await it.outputOf('t1', 'echo x > data/x; echo y > /data/y; echo z > /part/z', {
    ...inImage('shell', { volumes: [part] }),
    resources: own,
  });
  const volume = join(it.folder, 'volume');
  assert.deepEqual(
    ['x', 'y', 'z'].map((name) => readFileSync(join(volume, name), 'utf8')),
    ['x\n', 'y\n', 'z\n'],
  );
});

test('a volume is not mounted where a link in the sandbox leads', IMAGES, async (t) => {
  const it = await ImageBench.start(t, { volumes: true });
  saveOld(it.archives, SHELL);
  const outside = join(it.folder, 'outside');
  const sandbox = it.bench.sandbox('t1');
  for (const each of [outside, sandbox]) mkdirSync(each);
  symlinkSync(outside, join(sandbox, 'link'));
  const volume = { mode: 'RW', container_path: 'link/data' } as const;
  const disk = { persistence: { id: 'p' }, volume };
  const own = resources('cpus:0.1;mem:64;disk:8').map((each) => {
    return each.name === 'disk' ? { ...each, disk } : each;
  });
  it.bench.launch('t1', { command: 'true', info: { ...inImage('shell'), resources: own } });
  const why = "The path 'link/data' of a volume leads out of the sandbox";
  assert.equal(await it.bench.failed('t1'), why);
  assert.deepEqual(readdirSync(outside), []);
});

test(
  'a container inside of one with an image has volumes beside those of its parent',
  IMAGES,
  async (t) => {
    const host = mkdtempSync(join(tmpdir(), 'shared-'));
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', host]);
    t.after(() => {
      execFileSync('umount', ['--recursive', '--lazy', host]);
      rmSync(host, { recursive: true });
    });
    execFileSync('mount', ['--make-shared', host]);
    for (const name of ['outer', 'own']) {
      mkdirSync(join(host, name));
      writeFileSync(join(host, name, 'file'), `of ${name};`);
    }
    const volumesOf = (name: string): readonly Volume[] => {
      const value = { data: new TextEncoder().encode(`secret of ${name};`) };
      const path = join(host, name);
      const mount_propagation = { mode: 'BIDIRECTIONAL' } as const;
      return [
        {
          ...{ container_path: `/${name}-secret`, mode: 'RO' },
          source: { type: 'SECRET', secret: { type: 'VALUE', value } },
        },
        {
          ...{ container_path: `/${name}-shared`, mode: 'RW' },
          source: { type: 'HOST_PATH', host_path: { path, mount_propagation } },
        },
      ];
    };
    const it = await ImageBench.start(t, { isolation: `${ISOLATION},volume/secret` });
    saveOld(it.archives, SHELL);
    const info = inImage('shell', { volumes: volumesOf('outer') });
    await it.bench.run('t1', { command: 'sleep 1000', info });
    const command = 'cat /outer-secret /outer-shared/file /own-secret /own-shared/file';
    await it.bench.plain('t1.n', { command, info: { type: 'MESOS', volumes: volumesOf('own') } });
    await it.bench.containerEvent('t1.n', 'plain-ended');
    assert.equal(
      readFileSync(join(it.bench.sandbox('t1'), 'containers/n/stdout'), 'utf8'),
      'secret of outer;of outer;secret of own;of own;',
    );
  },
);
