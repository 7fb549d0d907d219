/** Containers with images: real root file systems of a busybox, by every backend, from every layout. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type LayerFiles, packAppc, saveListed, saveOld } from './support/image-archives.ts';
import { dockerImage, IMAGES, ImageBench, inImage } from './support/image-bench.ts';

const SHELL_LAYER = { hasShell: true, files: { 'etc/os': 'of the image' } };
const SHELL = { name: 'shell', layers: [SHELL_LAYER] };

test(
  'a command runs in its image, in the sandbox, with the variables of both',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t);
    saveOld(it.archives, { ...SHELL, config: { Env: ['COLOUR=red', 'PATH=/bin'] } });
    const command =
      'cat /etc/os; echo; pwd; echo $MESOS_SANDBOX $COLOUR; ls /; echo x > made; mount';
    const printed = await it.outputOf('t1', command, inImage('shell'));
    const lines = printed.split('\n');
    assert.deepEqual(lines.slice(0, 3), [
      'of the image',
      '/mnt/mesos/sandbox',
      '/mnt/mesos/sandbox red',
    ]);
    assert.deepEqual(lines.slice(3, 10), ['bin', 'dev', 'etc', 'mnt', 'proc', 'sys', 'tmp']);
    const points = lines.slice(10).flatMap((line) => / on (\S+) type /.exec(line)?.[1] ?? []);
    // Nothing of the host is left.
    const inner = /^\/($|proc|sys|dev|etc\/(hosts|hostname|resolv.conf)$|mnt\/mesos\/sandbox$)/;
    assert.deepEqual(
      points.filter((point) => !inner.test(point)),
      [],
    );
    assert.equal(readFileSync(join(it.bench.sandbox('t1'), 'made'), 'utf8'), 'x\n');
    await it.bench.exited('t1');
    assert.deepEqual([it.containers(), it.mounts()], [[], []]);
  },
);

test('what tells of the host is hidden', IMAGES, async (t) => {
  const it = await ImageBench.start(t);
  saveOld(it.archives, SHELL);
  const command =
    'for each in /proc/keys /proc/kcore; do test -e $each && { test -c $each || echo $each; }; done; ' +
    'for each in /proc/scsi /sys/firmware; do ls $each; mkdir $each/made && echo $each; done; exit 0';
  assert.equal(await it.outputOf('t1', command, inImage('shell')), '');
});

test(
  'what an image says about its command is merged with what the task says',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t, { backend: 'copy' });
    const config = { Entrypoint: ['/bin/echo', 'entry'], Cmd: ['cmd'], WorkingDir: '/tmp' };
    saveListed(it.archives, { ...SHELL, config });
    const run = async (id: string, command: object): Promise<string> =>
      await it.outputOf(id, '', { ...inImage('shell:latest'), command });
    assert.equal(await run('none', { shell: false }), 'entry cmd\n');
    assert.equal(await run('arguments', { shell: false, arguments: ['own'] }), 'entry own\n');
    assert.equal(await run('value', { shell: false, value: 'pwd', arguments: ['pwd'] }), '/tmp\n');
    const environment = { variables: [{ name: 'A', value: 'task' }] };
    assert.equal(await run('shell', { value: 'echo $A', environment }), 'task\n');
  },
);

/** A file changed, a file and a directory taken away, a directory emptied, a link made a directory. */
const STACK: readonly LayerFiles[] = [
  {
    hasShell: true,
    files: {
      'data/kept': 'kept',
      'data/changed': 'old',
      'data/gone': 'gone',
      'data/folder/deep': 'deep',
      'cleared/before': 'before',
      'was-file': 'file',
      'was-folder/inside': 'inside',
    },
    links: { escape: '/outside', 'was-link': '/outside' },
  },
  {
    files: {
      'data/changed': 'new',
      'data/.wh.gone': '',
      'data/.wh.folder': '',
      'cleared/.wh..wh..opq': '',
      'cleared/after': 'after',
      '.wh.was-file': '',
      'was-folder': 'a file now',
      'was-link/inside': 'inside',
      'escape/.wh.precious': '',
    },
  },
  { files: { 'data/folder/': '', 'was-file/': '' } },
];

for (const backend of ['copy', 'overlay'] as const) {
  test(
    `${backend}: later layers change, hide and replace what is in earlier ones`,
    IMAGES,
    async (t) => {
      const it = await ImageBench.start(t, { backend });
      saveListed(it.archives, { name: 'stack', layers: STACK });
      const printed = await it.outputOf(
        't1',
        'cd /; ls data data/folder cleared was-file was-link; cat data/changed; echo; cat was-folder',
        inImage('stack'),
      );
      assert.equal(
        printed,
        [
          ...[
            'cleared:',
            'after',
            '',
            'data:',
            'changed',
            'folder',
            'kept',
            '',
            'data/folder:',
            '',
          ],
          ...['was-file:', '', 'was-link:', 'inside', 'new', 'a file now'],
        ].join('\n'),
      );
      // What a container writes is its own.
      await it.outputOf('t2', 'echo mine > /data/changed; rm /data/kept', inImage('stack'));
      assert.equal(
        await it.outputOf('t3', 'cat /data/changed /data/kept', inImage('stack')),
        'newkept',
      );
    },
  );
}

test('bind: one layer, read-only, with the mount points that it has', IMAGES, async (t) => {
  const it = await ImageBench.start(t, { backend: 'bind' });
  const files = Object.fromEntries(
    ['proc/', 'sys/', 'dev/', 'mnt/mesos/sandbox/', 'etc/hosts'].map((path) => [path, '']),
  );
  saveOld(it.archives, { name: 'one', layers: [{ hasShell: true, files }] });
  saveOld(it.archives, { name: 'bare', layers: [{ hasShell: true }] });
  saveOld(it.archives, { name: 'two', layers: [{ hasShell: true, files }, { files: { a: 'a' } }] });
  const command = 'touch /new; touch here && ls /mnt/mesos/sandbox/here';
  assert.equal(await it.outputOf('t1', command, inImage('one')), '/mnt/mesos/sandbox/here\n');
  assert.match(it.bench.output('t1', 'stderr'), /\/new: Read-only file system/);
  it.bench.launch('t2', { command: 'true', info: inImage('two') });
  assert.match(
    await it.bench.failed('t2'),
    /Multiple layers are not supported by the bind backend$/,
  );
  it.bench.launch('t3', { command: 'true', info: inImage('bare') });
  assert.match(await it.bench.failed('t3'), /cannot create directory .*: Read-only file system/i);
  await it.bench.exited('t1');
  assert.deepEqual([it.containers(), it.mounts()], [[], []]);
});

test(
  'images are kept over restarts, taken again on demand, and pruned when nobody needs them',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t);
    const save = (text: string): void => {
      const layers = [SHELL_LAYER, { files: { version: text } }];
      saveListed(it.archives, { name: 'app', tag: '1', layers });
    };
    const layers = (): readonly string[] => readdirSync(join(it.storeDir, 'layers'));
    save('one');
    const command = 'cat /version';
    assert.equal(await it.outputOf('t1', command, inImage('app:1')), 'one');
    await it.bench.restart();
    save('two');
    assert.equal(await it.outputOf('t2', command, inImage('app:1')), 'one');
    const again = dockerImage('app:1', { cached: false });
    assert.equal(await it.outputOf('t3', command, inImage(again)), 'two');
    // Two layers and a config each; one layer is in both.
    assert.equal(layers().length, 5);
    await it.bench.run('t4', { command: 'sleep 1000', info: inImage('app:1') });
    await it.provisioner.prune([]);
    assert.equal(layers().length, 2);
    it.bench.it.destroy('t4');
    await it.bench.exited('t4');
    assert.equal(await it.outputOf('t5', command, inImage('app:1')), 'two');
    await it.provisioner.prune([dockerImage('app:1')]);
    assert.equal(layers().length, 3);
    await it.provisioner.prune([]);
    assert.deepEqual(layers(), []);
  },
);

test(
  'what cannot be provisioned fails the launch, says why, and leaves nothing',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t);
    const fail = async (id: string, info: object): Promise<string> => {
      it.bench.launch(id, { command: 'true', info });
      return await it.bench.failed(id);
    };
    writeFileSync(join(it.archives, 'broken:latest.tar'), 'no archive');
    mkdirSync(join(it.archives, 'empty'));
    execFileSync('tar', [
      '-C',
      join(it.archives, 'empty'),
      '-cf',
      join(it.archives, 'void.tar'),
      '.',
    ]);
    saveOld(it.archives, { ...SHELL, name: 'cut' });
    execFileSync('truncate', ['-s', '600000', join(it.archives, 'cut:latest.tar')]);
    saveOld(it.archives, { name: 'bare', layers: [{ hasShell: true }] });
    const path = `${it.archives}/none:latest.tar`;
    assert.equal(
      await fail('t1', inImage('none')),
      `Failed to find archive for image 'none' at '${path}'`,
    );
    assert.match(
      await fail('t2', inImage('broken')),
      /^tar failed: .*not look like a tar archive/s,
    );
    assert.match(await fail('t3', inImage('void')), /^Failed to read 'repositories': No such file/);
    assert.match(await fail('t4', inImage('cut')), /^tar failed: .*Unexpected EOF/s);
    assert.match(await fail('t5', inImage('a b')), /^Failed to parse docker image 'a b': /);
    const appc = { type: 'APPC', appc: { name: 'a' } } as const;
    assert.match(await fail('t6', inImage(appc)), /label 'os' is missing$/);
    assert.equal(
      await fail('t7', { ...inImage('bare'), command: { shell: false } }),
      'Failed to determine the launch command: No executable is found',
    );
    assert.deepEqual([it.containers(), it.mounts()], [[], []]);
    assert.deepEqual(readdirSync(join(it.storeDir, 'staging')), []);
  },
);

test('appc: an image with its dependency, found by name and labels', IMAGES, async (t) => {
  const it = await ImageBench.start(t);
  const manifest = (name: string, more: object): object => ({
    acKind: 'ImageManifest',
    acVersion: '0.6.1',
    name,
    labels: [
      { name: 'version', value: '1.0.0' },
      { name: 'os', value: 'linux' },
      { name: 'arch', value: 'amd64' },
    ],
    ...more,
  });
  const pathOf = (name: string): string => join(it.archives, `${name}-1.0.0-linux-amd64.aci`);
  packAppc(pathOf('example.com/base'), manifest('example.com/base', {}), SHELL_LAYER);
  const labels = [
    { name: 'version', value: '1.0.0' },
    { name: 'os', value: 'linux' },
    { name: 'arch', value: 'amd64' },
  ];
  const app = {
    exec: ['/bin/cat', '/etc/os', '/etc/app'],
    environment: [{ name: 'COLOUR', value: 'blue' }],
    workingDirectory: '/etc',
  };
  const dependencies = [{ imageName: 'example.com/base', labels }];
  const id = packAppc(
    pathOf('example.com/app'),
    manifest('example.com/app', { dependencies, app }),
    { files: { 'etc/app': ' and the app' } },
  );
  const asked = labels.map(({ name: key, value }) => ({ key, value }));
  const image = {
    type: 'APPC',
    appc: { name: 'example.com/app', labels: { labels: asked } },
  } as const;
  const own = { ...inImage(image), command: { shell: false } };
  assert.equal(await it.outputOf('t1', '', own), 'of the image and the app');
  assert.ok(existsSync(join(it.folder, 'appc/images', id, 'rootfs/etc/app')));
  await it.bench.restart();
  const printed = await it.outputOf('t2', 'pwd; echo $COLOUR', inImage(image));
  assert.equal(printed, '/etc\nblue\n');
});
