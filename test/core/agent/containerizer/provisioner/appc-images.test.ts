/** Manifests of Appc images, and which image a name with labels means. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AppcManifest,
  askedFor,
  discoveryPath,
  matchingImage,
  parseAppcManifest,
} from '../../../../../core/agent/containerizer/provisioner/appc/manifest.ts';

const ID = `sha512-${'ab'.repeat(64)}`;

test('a manifest says its name, labels, dependencies and app', () => {
  const manifest = {
    acKind: 'ImageManifest',
    acVersion: '0.6.1',
    name: 'example.com/app',
    labels: [{ name: 'os', value: 'linux' }],
    dependencies: [
      { imageName: 'example.com/base', imageID: ID, labels: [{ name: 'os', value: 'linux' }] },
    ],
    app: {
      exec: ['/bin/a', 'b'],
      environment: [{ name: 'A', value: '1' }],
      workingDirectory: '/w',
    },
  };
  assert.deepEqual(parseAppcManifest(JSON.stringify(manifest)), {
    ok: true,
    value: {
      name: 'example.com/app',
      labels: { os: 'linux' },
      dependencies: [{ name: 'example.com/base', id: ID, labels: { os: 'linux' } }],
      runtime: {
        kind: 'appc',
        exec: ['/bin/a', 'b'],
        environment: { A: '1' },
        workingDirectory: '/w',
      },
    },
  });
  for (const wrong of [
    { ...manifest, acKind: 'PodManifest' },
    { ...manifest, acVersion: undefined },
    { ...manifest, name: '' },
    { ...manifest, dependencies: [{}] },
    { ...manifest, dependencies: [{ imageName: 'a', imageID: '../x' }] },
  ]) {
    assert.equal(parseAppcManifest(JSON.stringify(wrong)).ok, false);
  }
});

function imageOf(name: string, labels: Readonly<Record<string, string>>): AppcManifest {
  const runtime = { kind: 'appc', exec: [], environment: {} } as const;
  return { name, labels, dependencies: [], runtime };
}

test('an image matches when it has all labels that are asked for; the plainest one is taken', () => {
  const images = new Map([
    ['i3', imageOf('app', { os: 'linux', arch: 'amd64', version: '2', extra: 'x' })],
    ['i2', imageOf('app', { os: 'linux', arch: 'amd64', version: '2' })],
    ['i1', imageOf('app', { os: 'linux', arch: 'arm64', version: '2' })],
    ['i4', imageOf('other', {})],
  ]);
  const find = (name: string, labels: Readonly<Record<string, string>>): string | undefined =>
    matchingImage({ name, labels }, images);
  assert.equal(find('app', { os: 'linux', arch: 'amd64' }), 'i2');
  assert.equal(find('app', { extra: 'x' }), 'i3');
  assert.equal(find('app', {}), 'i1');
  assert.equal(find('app', { version: '3' }), undefined);
  assert.equal(find('none', {}), undefined);
});

test('simple discovery needs os and arch, and takes the latest version', () => {
  const path = (labels: Readonly<Record<string, string>>): string => {
    const found = discoveryPath({ name: 'example.com/app', labels });
    return found.ok ? found.value : found.error;
  };
  const [os, arch] = ['linux', 'amd64'];
  assert.equal(path({ os, arch }), 'example.com/app-latest-linux-amd64.aci');
  assert.equal(path({ os, arch, version: '1.0' }), 'example.com/app-1.0-linux-amd64.aci');
  assert.match(path({ os }), /label 'arch' is missing$/);
  assert.match(path({ os, arch: '../..' }), /^Failed to form simple discovery url/);
});

test('a name that could leave the store is refused', () => {
  for (const name of ['', '../a', 'a/../b', 'a//b', '/a', 'a b', 'a:/b'])
    assert.equal(askedFor({ name }).ok, false, name);
  assert.equal(askedFor({ name: 'a', id: 'sha512-..' }).ok, false);
  const labels = { labels: [{ key: 'os', value: 'linux' }] };
  const value = { name: 'a.b/c', id: ID, labels: { os: 'linux' } };
  assert.deepEqual(askedFor({ name: 'a.b/c', id: ID, labels }), { ok: true, value });
  assert.ok(askedFor({ name: '127.0.0.1:5051/ImageServer/image' }).ok);
});
