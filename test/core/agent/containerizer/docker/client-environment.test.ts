/** Where Docker's client finds the credentials of registries. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  clientEnvironment,
  writeConfig,
} from '../../../../../core/agent/containerizer/docker/client-environment.ts';

const AUTHS = { 'registry.example': { auth: 'dXNlcjpwYXNz' } };

function sandboxOf(t: TestContext): string {
  const sandbox = mkdtempSync(join(tmpdir(), 'orrery-sandbox-'));
  t.after(() => rmSync(sandbox, { recursive: true }));
  return sandbox;
}

test('an old .dockercfg of the sandbox reaches the client as the configuration of today', (t) => {
  const sandbox = sandboxOf(t);
  writeFileSync(join(sandbox, '.dockercfg'), JSON.stringify(AUTHS));
  const { DOCKER_CONFIG, HOME } = clientEnvironment(sandbox, '/flag');
  assert.deepEqual([DOCKER_CONFIG, HOME], [join(sandbox, '.docker'), sandbox]);
  const written = readFileSync(join(sandbox, '.docker/config.json'), 'utf8');
  assert.deepEqual(JSON.parse(written), { auths: AUTHS });
});

test('a .docker/config.json of the sandbox is used as it is', (t) => {
  const sandbox = sandboxOf(t);
  writeFileSync(join(sandbox, '.dockercfg'), JSON.stringify(AUTHS));
  mkdirSync(join(sandbox, '.docker'));
  writeFileSync(join(sandbox, '.docker/config.json'), '{"auths":{}}');
  assert.equal(clientEnvironment(sandbox, '/flag')['DOCKER_CONFIG'], join(sandbox, '.docker'));
  assert.equal(readFileSync(join(sandbox, '.docker/config.json'), 'utf8'), '{"auths":{}}');
});

test('without a file of its own a task gets what --docker_config says', (t) => {
  const sandbox = sandboxOf(t);
  const { DOCKER_CONFIG, HOME } = clientEnvironment(sandbox, '/flag');
  assert.deepEqual([DOCKER_CONFIG, HOME], ['/flag', process.env['HOME'] ?? '/']);
  assert.equal(clientEnvironment(sandbox, undefined)['DOCKER_CONFIG'], undefined);
});

test('garbage in .dockercfg is left alone', (t) => {
  const sandbox = sandboxOf(t);
  writeFileSync(join(sandbox, '.dockercfg'), '{"half');
  assert.equal(clientEnvironment(sandbox, '/flag')['DOCKER_CONFIG'], '/flag');
});

test('credentials can be read by nobody else', (t) => {
  const directory = join(sandboxOf(t), 'config');
  writeConfig(directory, { auths: AUTHS });
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, 'config.json')).mode & 0o777, 0o600);
});
