import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cacheFileName,
  packingOf,
  sourceOf,
  targetName,
} from '../../../../core/agent/fetcher/uri.ts';
import type { CommandInfoURI } from '../../../../core/wire/types/mesos.v1.ts';

const HOME = '/srv/frameworks';

const SOURCES: readonly (readonly [string, unknown])[] = [
  ['/a/b', { kind: 'local', path: '/a/b' }],
  ['file:///a/b', { kind: 'local', path: '/a/b' }],
  ['file://localhost/a/b', { kind: 'local', path: '/a/b' }],
  ['a/b', { kind: 'local', path: '/srv/frameworks/a/b' }],
  ['HTTP://host/a', { kind: 'http', url: 'HTTP://host/a' }],
  ['https://host/a', { kind: 'http', url: 'https://host/a' }],
  ['ftp://host/a', { kind: 'ftp', url: 'ftp://host/a' }],
  ['ftps://host/a', { kind: 'ftp', url: 'ftps://host/a' }],
  ['hdfs://host/a', { kind: 'hadoop', url: 'hdfs://host/a' }],
  ['s3n://bucket/a', { kind: 'hadoop', url: 's3n://bucket/a' }],
];

test('the scheme of a URI says where it is read from', () => {
  for (const [text, source] of SOURCES) {
    assert.deepEqual(sourceOf(text, HOME), { ok: true, value: source }, text);
  }
});

test('a relative path needs the home of the frameworks', () => {
  const refused = sourceOf('a/b', '');
  assert.ok(!refused.ok);
  assert.match(refused.error, /^A relative path was passed .* home was not specified\. /);
});

const NAMES: readonly (readonly [CommandInfoURI, string])[] = [
  [{ value: 'http://host/a/b.txt?v=1' }, 'b.txt?v=1'],
  [{ value: '  /a/b.txt' }, 'b.txt'],
  [{ value: 'b.txt' }, 'b.txt'],
  [{ value: '/a/b.txt', output_file: 'c/d.txt' }, 'c/d.txt'],
  [{ value: '/a/b.txt', output_file: './c//d.txt' }, 'c/d.txt'],
  [{ value: '/a/b.txt', output_file: '..d' }, '..d'],
];

test('the file is named after the URI or the output file', () => {
  for (const [uri, name] of NAMES) assert.deepEqual(targetName(uri), { ok: true, value: name });
});

const REFUSED: readonly (readonly [CommandInfoURI, string])[] = [
  [{ value: 'http://host' }, 'Malformed URI (missing path): http://host'],
  [{ value: 'http://host/' }, 'Malformed URI (missing path): http://host/'],
  [{ value: "/it's" }, 'Illegal characters in URI'],
  [{ value: '/a\\b' }, 'Illegal characters in URI'],
  [{ value: '/a\0b' }, 'Illegal characters in URI'],
  ...['', '..', '../x', 'a/../../x', '/etc/passwd'].map(
    (output_file) =>
      [
        { value: '/a', output_file },
        'URI output file must be within the sandbox directory',
      ] as const,
  ),
];

test('names that are malformed or leave the sandbox are refused', () => {
  for (const [uri, error] of REFUSED) {
    assert.deepEqual(targetName(uri), { ok: false, error }, JSON.stringify(uri));
  }
});

test('the suffix says how an archive is unpacked', () => {
  for (const suffix of ['tar', 'tgz', 'tar.gz', 'tbz2', 'tar.bz2', 'txz', 'tar.xz']) {
    assert.equal(packingOf(`a.${suffix}`), 'tar', suffix);
  }
  assert.equal(packingOf('a.zip'), 'zip');
  assert.equal(packingOf('a.gz'), 'gzip');
  assert.equal(packingOf('a.tar.gz?v=1'), undefined);
});

test('long names are cut in the middle of the cached name, so that the suffix stays', () => {
  assert.equal(cacheFileName(0, 'exactly-twenty-chars'), 'c0-exactly-twenty-chars');
  assert.equal(cacheFileName(7, 'a-rather-long-name.tar.gz'), 'c7-a-rather-l_ame.tar.gz');
});
