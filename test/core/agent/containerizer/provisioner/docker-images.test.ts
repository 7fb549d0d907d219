/** Names, archives, manifests and credentials of Docker images, as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isLayerId,
  readArchive,
} from '../../../../../core/agent/containerizer/provisioner/docker/archive.ts';
import {
  basicAuthFor,
  parseChallenge,
} from '../../../../../core/agent/containerizer/provisioner/docker/credentials.ts';
import { parseRuntime } from '../../../../../core/agent/containerizer/provisioner/docker/image-config.ts';
import {
  formatReference,
  parseReference,
  repositoryAt,
} from '../../../../../core/agent/containerizer/provisioner/docker/reference.ts';
import { registryOf } from '../../../../../core/agent/containerizer/provisioner/docker/registry.ts';
import { parseManifest } from '../../../../../core/agent/containerizer/provisioner/docker/registry-manifest.ts';

test('a reference is a registry, a repository, and a tag or a digest', () => {
  const rows: readonly (readonly [string, object])[] = [
    ['busybox', { repository: 'busybox' }],
    ['busybox:1.36', { repository: 'busybox', tag: '1.36' }],
    ['library/busybox', { repository: 'library/busybox' }],
    ['localhost/a', { registry: 'localhost', repository: 'a' }],
    ['r.example.com/a/b:c', { registry: 'r.example.com', repository: 'a/b', tag: 'c' }],
    ['host:5000/a', { registry: 'host:5000', repository: 'a' }],
    ['a@sha256:12', { repository: 'a', digest: 'sha256:12' }],
  ];
  for (const [name, value] of rows) {
    const parsed = parseReference(name);
    assert.deepEqual(parsed, { ok: true, value });
    assert.equal(parsed.ok ? formatReference(parsed.value) : '', name);
  }
  for (const name of [
    '',
    ':a',
    'a:',
    'a@',
    'a@b@c',
    '../a',
    '/a',
    'a/',
    'a b',
    'a@../x',
    'x.y/../a',
  ]) {
    assert.equal(parseReference(name).ok, false, name);
  }
});

test('whatever a reference is made of, its text does not lead out of a directory', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z.:/@-]{1,20}$/), (name) => {
      const parsed = parseReference(name);
      if (!parsed.ok) return;
      const path = formatReference(parsed.value);
      assert.ok(!path.startsWith('/') && !path.split('/').includes('..'), path);
    }),
  );
});

test('repositories without an owner are in the library of the public registry', () => {
  assert.equal(repositoryAt('registry-1.docker.io', 'busybox'), 'library/busybox');
  assert.equal(repositoryAt('registry-1.docker.io', 'a/b'), 'a/b');
  assert.equal(repositoryAt('r.example.com', 'busybox'), 'busybox');
});

test('another registry is asked by https, one of this host by http, the usual one as it is set', () => {
  const usual = 'http://r.example.com:5000';
  assert.deepEqual(
    [undefined, 'r.example.com:5000', 'q.example.com', 'localhost:5000', 'q.example.com:80'].map(
      (own) => registryOf(own, usual).url,
    ),
    [usual, usual, 'https://q.example.com', 'http://localhost:5000', 'http://q.example.com:80'],
  );
});

function archive(name: string, files: Readonly<Record<string, unknown>>) {
  const reference = parseReference(name);
  assert.ok(reference.ok);
  return readArchive(reference.value, (path) => {
    const file = files[path];
    return file === undefined || typeof file === 'string' ? file : JSON.stringify(file);
  });
}

const OLD = {
  repositories: { app: { latest: 'b' }, 'r.io/own': { v1: 'a' } },
  'a/json': { id: 'a', parent: '' },
  'b/json': { id: 'b', parent: 'a' },
};

test('the old layout: layers are followed from the topmost to the lowest', () => {
  const [a, b] = ['a', 'b'].map((id) => ({ id, tar: `${id}/layer.tar`, json: `${id}/json` }));
  assert.deepEqual(archive('app', OLD), { ok: true, value: { layers: [a, b] } });
  assert.deepEqual(archive('r.io/own:v1', OLD), { ok: true, value: { layers: [a] } });
});

test('the newer layouts: the manifest names config and layers', () => {
  const listed = (Config: string, Layers: readonly string[]) => ({
    'manifest.json': [{ RepoTags: ['other:latest'] }, { Config, RepoTags: ['app:latest'], Layers }],
    // As today's clients write it, for old ones: it leads to no manifest of a layer.
    repositories: { app: { latest: 'ff' } },
  });
  assert.deepEqual(archive('app', listed('cc.json', ['aa/layer.tar', 'bb/layer.tar'])), {
    ok: true,
    value: {
      layers: [
        { id: 'aa', tar: 'aa/layer.tar' },
        { id: 'bb', tar: 'bb/layer.tar' },
      ],
      config: { path: 'cc.json', digest: 'sha256:cc' },
    },
  });
  const blob = 'blobs/sha256/aa';
  assert.deepEqual(archive('app', listed('blobs/sha256/cc', [blob])), {
    ok: true,
    value: {
      layers: [{ id: 'sha256:aa', tar: blob }],
      config: { path: 'blobs/sha256/cc', digest: 'sha256:cc' },
    },
  });
});

test('an archive that is not what it says is refused with the reason', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
    ['app', {}, /^Failed to read 'repositories': No such file or directory$/],
    ['none', OLD, /^Repository 'none' does not exist in 'repositories'$/],
    ['app:v2', OLD, /^Layer id 'v2' is not found$/],
    ['app', { ...OLD, repositories: '{' }, /^Failed to parse 'repositories': /],
    ['app', { ...OLD, repositories: { app: { latest: '..' } } }, /^Layer id '..' is not valid$/],
    [
      'app',
      { ...OLD, 'a/json': undefined },
      /^Failed to find parent layer id for layer 'b': .*'a\/json'/,
    ],
    [
      'app',
      { ...OLD, 'a/json': { parent: 1 } },
      /Unexpected 'parent' type in manifest from 'a\/json'$/,
    ],
    ['app', { ...OLD, 'a/json': { parent: 'b' } }, /more than 500 layers$/],
    ['app', { 'manifest.json': [] }, /^Repository 'app' does not exist in 'manifest.json'$/],
    ['app', { 'manifest.json': 'x' }, /^Failed to parse 'manifest.json': /],
    [
      'app',
      { 'manifest.json': [{ RepoTags: ['app:latest'], Config: '../c', Layers: ['l'] }] },
      /leads out of the archive$/,
    ],
  ];
  for (const [name, files, why] of rows) {
    const result = archive(name, files);
    assert.match(result.ok ? 'nothing' : result.error, why);
  }
  assert.deepEqual(['a-b', 'sha256:1', '..', 'a/b', ''].map(isLayerId), [
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('what an image says about its processes; nothing where it says nothing', () => {
  const config = { Entrypoint: null, Cmd: ['a'], Env: ['A=1'], WorkingDir: '/w', User: 'u' };
  assert.deepEqual(parseRuntime(JSON.stringify({ config })), {
    ok: true,
    value: { kind: 'docker', entrypoint: [], cmd: ['a'], env: ['A=1'], workingDirectory: '/w' },
  });
  assert.deepEqual(parseRuntime('{}'), {
    ok: true,
    value: { kind: 'docker', entrypoint: [], cmd: [], env: [] },
  });
  assert.match(parseRuntime('[]').ok ? '' : 'refused', /refused/);
});

const DIGESTS = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`);

test('a manifest of schema 1 has the topmost layer first, and each once', () => {
  const [one = '', two = ''] = DIGESTS;
  const v1 = (id: string): object => ({ v1Compatibility: JSON.stringify({ id }) });
  const manifest = {
    schemaVersion: 1,
    fsLayers: [{ blobSum: two }, { blobSum: one }, { blobSum: one }],
    history: [v1('top'), v1('low'), v1('low')],
  };
  assert.deepEqual(parseManifest(JSON.stringify(manifest), 'amd64'), {
    ok: true,
    value: {
      kind: 'image',
      layers: [
        { id: 'low', digest: one, json: '{"id":"low"}' },
        { id: 'top', digest: two, json: '{"id":"top"}' },
      ],
    },
  });
});

test('a manifest of schema 2 names its config; a list leads to one for this machine', () => {
  const [config, one, two] = DIGESTS.map((digest) => ({ digest }));
  const image = { schemaVersion: 2, config, layers: [one, two] };
  assert.deepEqual(parseManifest(JSON.stringify(image), 'amd64'), {
    ok: true,
    value: {
      kind: 'image',
      layers: [one, two].map((each) => ({ id: each?.digest, digest: each?.digest })),
      configDigest: config?.digest,
    },
  });
  const platform = (architecture: string): object => ({ os: 'linux', architecture });
  const list = {
    schemaVersion: 2,
    manifests: [
      { ...one, platform: platform('arm64') },
      { ...two, platform: platform('amd64') },
    ],
  };
  const text = JSON.stringify(list);
  assert.deepEqual(parseManifest(text, 'amd64'), {
    ok: true,
    value: { kind: 'list', digest: two?.digest },
  });
  assert.equal(parseManifest(text, 's390x').ok, false);
});

test('a manifest that names what is no digest is refused', () => {
  const [good] = DIGESTS.map((digest) => ({ digest }));
  for (const manifest of [
    { schemaVersion: 3 },
    { schemaVersion: 1, fsLayers: [], history: [] },
    { schemaVersion: 1, fsLayers: [{ blobSum: DIGESTS[0] }], history: [] },
    { schemaVersion: 1, fsLayers: [{ blobSum: '../x' }], history: [{ v1Compatibility: '{}' }] },
    {
      schemaVersion: 1,
      fsLayers: [{ blobSum: DIGESTS[0] }],
      history: [{ v1Compatibility: '{"id":".."}' }],
    },
    { schemaVersion: 2, layers: [good] },
    { schemaVersion: 2, config: good, layers: [] },
    { schemaVersion: 2, config: good, layers: [{ digest: 'sha256:../../x' }] },
  ]) {
    assert.equal(
      parseManifest(JSON.stringify(manifest), 'amd64').ok,
      false,
      JSON.stringify(manifest),
    );
  }
});

test('credentials are found by the host, in both forms of the file', () => {
  const basic = Buffer.from('me:secret').toString('base64');
  const hub = { auths: { 'https://index.docker.io/v1/': { auth: 'aHVi' } } };
  assert.equal(basicAuthFor(hub, 'registry-1.docker.io'), 'aHVi');
  assert.equal(basicAuthFor(hub, 'r.example.com'), undefined);
  assert.equal(
    basicAuthFor({ 'r.example.com:5000': { auth: 'eA==' } }, 'r.example.com:5000'),
    'eA==',
  );
  const words = { auths: { 'http://r.example.com': { username: 'me', password: 'secret' } } };
  assert.equal(basicAuthFor(words, 'r.example.com'), basic);
  assert.equal(basicAuthFor(undefined, 'r.example.com'), undefined);
});

test('a challenge says where tokens are had, or that a password is wanted', () => {
  const header =
    'Bearer realm="https://auth.example.com/token",service="r", scope="repository:a:pull,push"';
  assert.deepEqual(parseChallenge(header), {
    scheme: 'bearer',
    parameters: {
      realm: 'https://auth.example.com/token',
      service: 'r',
      scope: 'repository:a:pull,push',
    },
  });
  assert.deepEqual(parseChallenge('Basic realm="r"'), {
    scheme: 'basic',
    parameters: { realm: 'r' },
  });
  assert.equal(parseChallenge('Negotiate'), undefined);
});
