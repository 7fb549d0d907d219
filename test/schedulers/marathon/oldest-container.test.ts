/** The container form of Marathon 0.6 and 0.7. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeApp } from '../../../schedulers/marathon/model/app-normalize.ts';
import { readRawApp } from '../../../schedulers/marathon/model/app-schema.ts';
import { optionsWith } from './world.ts';

function normalized(container: object): ReturnType<typeof normalizeApp> {
  const raw = readRawApp({ id: '/a', cmd: 'sleep 1', container }, { requireId: true });
  assert.ok(raw.ok, JSON.stringify(raw));
  return normalizeApp(raw.value, optionsWith().machine.model, {
    version: '2020-01-01T00:00:00.000Z',
  });
}

test('image and options become a Docker image and its parameters', () => {
  const options = ['-v', '/mnt:/mnt:rw', '-e', 'K=V', '-p', '80:80', '--foo=bar', '--name', 'x'];
  const app = normalized({ image: 'docker:///img:tag', options });
  assert.ok(app.ok, JSON.stringify(app));
  assert.equal(app.value.container?.type, 'DOCKER');
  assert.equal(app.value.container.docker?.image, 'img:tag');
  assert.deepEqual(app.value.container.docker.parameters, [
    { key: 'volume', value: '/mnt:/mnt:rw' },
    { key: 'env', value: 'K=V' },
    { key: 'publish', value: '80:80' },
    { key: 'foo', value: 'bar' },
    { key: 'name', value: 'x' },
  ]);
});

test('what cannot be understood of the old form is refused at its place', () => {
  const rows: readonly (readonly [object, string, string])[] = [
    [{ image: 'docker:///' }, '/container/image', 'must not be empty'],
    [
      { image: 'a', docker: { image: 'b' } },
      '/container',
      'must not specify both image and docker',
    ],
    [{ image: 'a', options: ['-v'] }, '/container/options(0)', 'is no option with a value'],
    [
      { image: 'a', options: ['-e', 'a=b', 'x'] },
      '/container/options(2)',
      'is no option with a value',
    ],
    [{ options: ['-v'] }, '/container/options', 'may only be set in conjunction with image'],
  ];
  for (const [container, path, message] of rows) {
    const app = normalized(container);
    assert.deepEqual(app, { ok: false, error: [{ path, message }] });
  }
});
