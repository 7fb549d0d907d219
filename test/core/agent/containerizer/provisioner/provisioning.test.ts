/** Choices of the provisioner: backend, flags, whiteouts, mounts; what images make of commands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchCommand } from '../../../../../core/agent/containerizer/isolators/runtime.ts';
import { chooseBackend } from '../../../../../core/agent/containerizer/provisioner/backends.ts';
import {
  isSharedMount,
  parseMountPoints,
} from '../../../../../core/agent/containerizer/provisioner/mount-table.ts';
import {
  compileImages,
  type ImageFlagValues,
} from '../../../../../core/agent/containerizer/provisioner/options.ts';
import { whiteoutOf } from '../../../../../core/agent/containerizer/provisioner/whiteouts.ts';

const PREFIX = 'Failed to create a containerizer: Could not create MesosContainerizer: ';

test('overlay is taken where kernel and file system allow it, else layers are copied', () => {
  const kernel = new Set(['ext4', 'overlay']);
  const host = { kernel, fileSystem: undefined };
  assert.deepEqual(chooseBackend(undefined, host), { ok: true, value: 'overlay' });
  const onOverlay = { kernel, fileSystem: 'overlay' };
  assert.deepEqual(chooseBackend(undefined, onOverlay), { ok: true, value: 'copy' });
  assert.deepEqual(chooseBackend('bind', onOverlay), { ok: true, value: 'bind' });
  const without = { kernel: new Set<string>(), fileSystem: undefined };
  assert.deepEqual(chooseBackend(undefined, without), { ok: true, value: 'copy' });
  const refusal = (name: string, on: typeof onOverlay | typeof host | typeof without): string => {
    const chosen = chooseBackend(name, on);
    return chosen.ok ? '' : chosen.error;
  };
  const what = (name: string): string =>
    `The specified provisioner backend '${name}' is not supported: `;
  assert.equal(refusal('aufs', host), `${what('aufs')}Not found`);
  assert.equal(refusal('overlay', without), `${what('overlay')}Not found`);
  assert.equal(
    refusal('overlay', onOverlay),
    `${what('overlay')}Backend 'overlay' is not supported on the underlying filesystem 'overlay'`,
  );
});

const FLAGS: ImageFlagValues = {
  image_providers: 'docker,APPC',
  image_provisioner_backend: undefined,
  image_gc_config: undefined,
  appc_store_dir: '/appc',
  appc_simple_discovery_uri_prefix: 'http://',
  docker_registry: 'file:///images',
  docker_store_dir: '/docker',
  docker_config: undefined,
  fetcher_stall_timeout: 60_000,
  hadoop_home: undefined,
};
const NEEDS = {
  isolators: ['filesystem/linux', 'docker/runtime', 'appc/runtime'],
  launcher: 'linux',
  refusal: undefined,
};

test('flags about images are compiled; without providers there is nothing', () => {
  const image_gc_config = {
    image_disk_headroom: 0.2,
    image_disk_watch_interval: { nanoseconds: 60_000_000_000 },
    excluded_images: [{ type: 'DOCKER', docker: { name: 'a' } }],
  };
  const compiled = compileImages({ ...FLAGS, image_gc_config }, '/work', NEEDS);
  assert.ok(compiled.ok);
  assert.equal(compiled.value?.docker?.registry, '/images');
  assert.equal(compiled.value?.appc?.directory, '/appc');
  const { headroom, intervalMs, excluded } = compiled.value?.collection ?? {};
  assert.deepEqual([headroom, intervalMs, excluded?.[0]?.docker?.name], [0.2, 60_000, 'a']);
  const none = compileImages({ ...FLAGS, image_providers: undefined }, '/work', NEEDS);
  assert.deepEqual(none, { ok: true, value: undefined });
});

test('what images need and is not there ends the start with the original texts', () => {
  const refusal = (flags: Partial<ImageFlagValues>, needs: Partial<typeof NEEDS> = {}): string => {
    const compiled = compileImages({ ...FLAGS, ...flags }, '/work', { ...NEEDS, ...needs });
    return compiled.ok ? '' : compiled.error;
  };
  assert.equal(
    refusal({}, { isolators: ['filesystem/posix', 'docker/runtime'] }),
    `${PREFIX}The 'filesystem/linux' isolator must be enabled for container image support`,
  );
  assert.equal(
    refusal({}, { launcher: 'posix' }),
    `${PREFIX}The 'linux' launcher must be used for container image support`,
  );
  assert.equal(
    refusal({ image_providers: 'docker' }, { isolators: ['filesystem/linux'] }),
    "Docker runtime isolator has to be specified if 'DOCKER' is included in 'image_providers'. " +
      "Please add 'docker/runtime' to '--isolation' flags",
  );
  assert.match(
    refusal({ image_providers: 'oci' }),
    /Failed to create provisioner: Failed to create image stores: Unknown image type 'oci'$/,
  );
  assert.match(refusal({ docker_registry: 'here' }), /'here' is no URL and no absolute path$/);
  assert.match(
    refusal({ appc_simple_discovery_uri_prefix: 'hdfs://h/' }),
    /Invalid simple discovery uri prefix: hdfs:\/\/h\/$/,
  );
  const collection = (headroom: number): object => ({
    image_disk_headroom: headroom,
    image_disk_watch_interval: { nanoseconds: 1 },
  });
  assert.match(refusal({ image_gc_config: collection(2) }), /Must be between 0.0 and 1.0$/);
  assert.match(refusal({ image_gc_config: {} }), /^Failed to load flag 'image_gc_config': /);
});

test('a whiteout takes away a name, or all of a directory; other marks nothing', () => {
  assert.deepEqual(whiteoutOf('a/b', '.wh.c'), { directory: 'a/b', name: 'c' });
  assert.deepEqual(whiteoutOf('', '.wh..wh..opq'), { directory: '', name: undefined });
  for (const name of ['.wh..wh.plnk', '.wh...', '.wh.', '.wh..', 'c', '.whx']) {
    assert.equal(whiteoutOf('a', name), undefined, name);
  }
});

test('mount points are read with their blanks; the last of several counts', () => {
  const line = (id: number, point: string, optional: string): string =>
    `${id} 1 0:${id} / ${point} rw,relatime ${optional}- tmpfs tmpfs rw`;
  const table = [
    line(30, '/a\\040b', ''),
    line(31, '/work', 'shared:1 '),
    line(32, '/work', 'shared:2 master:1 '),
    line(33, '/other', 'master:1 '),
    line(34, '/covered', 'shared:4 '),
    line(35, '/covered', ''),
    '',
  ].join('\n');
  assert.deepEqual(parseMountPoints(table), [
    '/a b',
    '/work',
    '/work',
    '/other',
    '/covered',
    '/covered',
  ]);
  const paths = ['/work', '/other', '/covered', '/none'];
  assert.deepEqual(
    paths.map((path) => isSharedMount(table, path)),
    [true, false, false, false],
  );
});

const IMAGES = {
  neither: { entrypoint: [], cmd: [] },
  cmd: { entrypoint: [], cmd: ['c0', 'c1'] },
  entrypoint: { entrypoint: ['e0', 'e1'], cmd: [] },
  both: { entrypoint: ['e0', 'e1'], cmd: ['c0', 'c1'] },
} as const;

/** As in the table of the original: what is run, for each image in the order above. */
const MERGES: readonly (readonly [object, readonly string[]])[] = [
  [{ shell: false }, ['error', 'c0: c0 c1', 'e0: e0 e1', 'e0: e0 e1 c0 c1']],
  [{ shell: false, arguments: ['x'] }, ['error', 'c0: c0 x', 'e0: e0 e1 x', 'e0: e0 e1 x']],
  [{ shell: false, value: 'v' }, ['own', 'own', 'own', 'own']],
  [{ shell: false, value: 'v', arguments: ['v', 'x'] }, ['own', 'own', 'own', 'own']],
  [{ shell: true }, ['error', 'error', 'error', 'error']],
  [{ shell: true, arguments: ['x'] }, ['error', 'error', 'error', 'error']],
  [{ value: 'v' }, ['own', 'own', 'own', 'own']],
  [{ shell: true, value: 'v', arguments: ['x'] }, ['own', 'own', 'own', 'own']],
];

test("the task's command and the image's become one, by the table", () => {
  for (const [command, expected] of MERGES) {
    const merged = Object.values(IMAGES).map((image) => {
      const result = launchCommand(command, { kind: 'docker', env: [], ...image });
      if (!result.ok) return 'error';
      const { value } = result;
      return value === undefined ? 'own' : `${value.value}: ${value.arguments.join(' ')}`;
    });
    assert.deepEqual(merged, expected, JSON.stringify(command));
  }
  const appc = { kind: 'appc', exec: ['a', 'b'], environment: {} } as const;
  const words = (own: readonly string[]): readonly string[] => {
    const result = launchCommand({ shell: false, arguments: own }, appc);
    return result.ok ? (result.value?.arguments ?? []) : [];
  };
  assert.deepEqual(
    [words([]), words(['x'])],
    [
      ['a', 'b'],
      ['a', 'x'],
    ],
  );
});
