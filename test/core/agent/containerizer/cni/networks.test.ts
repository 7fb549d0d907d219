import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  FileNetworks,
  findPlugin,
  readNetworks,
} from '../../../../../core/agent/containerizer/cni/networks.ts';

interface Places {
  readonly configDir: string;
  readonly pluginsPath: string;
  config(file: string, text: string): void;
}

function places(t: TestContext): Places {
  const folder = mkdtempSync(join(tmpdir(), 'networks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['config', 'a', 'b']) mkdirSync(join(folder, name));
  for (const [path, mode] of [
    ['a/notes', 0o644],
    ['b/bridge', 0o755],
    ['b/local', 0o755],
  ] as const) {
    writeFileSync(join(folder, path), '');
    chmodSync(join(folder, path), mode);
  }
  return {
    configDir: join(folder, 'config'),
    pluginsPath: `${folder}/a:${folder}/b`,
    config: (file, text) => writeFileSync(join(folder, 'config', file), text),
  };
}

test('a network is found by its name, whatever its file is called, as it stands now', (t) => {
  const it = places(t);
  it.config('10-blue.json', '{"name":"blue","type":"bridge","ipam":{"type":"local"},"mtu":1450}');
  const networks = new FileNetworks(it);
  const found = networks.find('blue');
  assert.ok(found.ok);
  assert.equal(found.value.plugin, `${it.pluginsPath.split(':')[1]}/bridge`);
  assert.equal(found.value.config['mtu'], 1450);
  it.config('10-blue.json', '{"name":"blue","type":"bridge","mtu":9000}');
  const changed = networks.find('blue');
  assert.equal(changed.ok ? changed.value.config['mtu'] : 0, 9000);
  it.config('20-red.conf', '{"name":"red","type":"bridge"}');
  assert.equal(networks.find('red').ok, true);
  assert.deepEqual(networks.find('green'), { ok: false, error: "Unknown CNI network 'green'" });
});

test('files that say nothing of use are left out with a sentence; the first of a name counts', (t) => {
  const it = places(t);
  mkdirSync(join(it.configDir, 'more'));
  it.config('1', '{"name":"blue","type":"bridge","first":true}');
  it.config('2', '{"name":"blue","type":"bridge"}');
  it.config('3', 'no JSON');
  it.config('4', '{"type":"bridge"}');
  it.config('5', '{"name":"list","plugins":[]}');
  it.config('6', '{"name":"x","type":"none"}');
  it.config('7', '{"name":"y","type":"bridge","ipam":{"type":"none"}}');
  it.config('8', '{"name":"../z","type":"bridge"}');
  it.config('9', '{"name":"n","type":"notes"}');
  const found = readNetworks(it);
  assert.ok(found.ok);
  assert.deepEqual([...found.value.networks.keys()], ['blue']);
  assert.equal(found.value.networks.get('blue')?.config['first'], true);
  const words = [
    'Multiple network configuration',
    'Failed to parse',
    'Failed to parse',
    'Failed to parse',
    "find CNI plugin 'none'",
    "find IPAM plugin 'none'",
    'Failed to parse',
    "find CNI plugin 'notes'",
  ];
  assert.equal(found.value.problems.length, words.length);
  for (const [at, word] of words.entries()) assert.ok(found.value.problems[at]?.includes(word));
});

test('a directory that has gone is told; without directories there is no network', (t) => {
  const it = places(t);
  const gone = new FileNetworks({ ...it, configDir: `${it.configDir}/none` }).find('blue');
  assert.match(gone.ok ? '' : gone.error, /^Encountered error while loading CNI config .*'blue'/);
  const without = new FileNetworks(undefined).find('blue');
  assert.deepEqual(without, { ok: false, error: "Unknown CNI network 'blue'" });
});

test('no plugin is looked for outside of its directories', (t) => {
  const { pluginsPath } = places(t);
  assert.equal(findPlugin('../b/bridge', pluginsPath), undefined);
  assert.equal(findPlugin('', pluginsPath), undefined);
  assert.match(findPlugin('bridge', pluginsPath) ?? '', /\/b\/bridge$/);
});

test('what is wrong with a file is said once, and again when it is wrong in another way', (t) => {
  const it = places(t);
  it.config('1', 'no JSON');
  const said: string[] = [];
  const networks = new FileNetworks(it, (problem) => said.push(problem));
  networks.check();
  networks.find('blue');
  assert.equal(said.length, 1);
  assert.ok(
    said[0]?.startsWith(`Failed to parse CNI network configuration file '${it.configDir}/1'`),
  );
  it.config('1', '{"name":"list","plugins":[]}');
  networks.find('list');
  networks.find('list');
  assert.equal(said.length, 2);
  assert.match(said[1] ?? '', /Missing required field 'type'$/);
});
