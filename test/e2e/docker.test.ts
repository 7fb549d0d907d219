/** Tasks in containers of a real Docker engine: what they see, what is told about them, how they end. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestEngine } from './support/docker.ts';
import { containerNameOf, DockerFramework } from './support/docker-tasks.ts';
import { at, textAt } from './support/json.ts';
import { TestRegistry } from './support/registry.ts';

test('Docker tasks run, tell what the engine says of them, and end as their containers do', async (t) => {
  const { engine, cluster } = await TestEngine.withCluster(t, 'docker');
  const framework = await DockerFramework.start(cluster, 'docker');

  await t.test('output goes to the sandbox, exit statuses are told', async () => {
    await framework.launch('talker', { command: { value: 'echo out; echo err >&2; env; exit 3' } });
    const running = await framework.next('talker');
    assert.equal(running['state'], 'TASK_RUNNING');
    const ended = await framework.next('talker');
    assert.equal(ended['state'], 'TASK_FAILED');
    assert.equal(ended['message'], 'Container exited with status 3');
    const stdout = readFileSync(join(framework.sandbox('talker'), 'stdout'), 'utf8');
    assert.match(stdout, /^out\n/);
    assert.match(stdout, /MESOS_SANDBOX=\/mnt\/mesos\/sandbox\n/);
    assert.match(stdout, new RegExp(`MESOS_CONTAINER_NAME=${containerNameOf(running)}\n`));
    assert.match(readFileSync(join(framework.sandbox('talker'), 'stderr'), 'utf8'), /err\n/);
  });

  await t.test('the data of TASK_RUNNING is what docker inspect prints', async () => {
    await framework.launch('sleeper');
    const status = await framework.until('sleeper', 'TASK_RUNNING');
    const [container] = JSON.parse(Buffer.from(textAt(status, 'data'), 'base64').toString());
    assert.equal(at(container, 'Name'), `/${containerNameOf(status)}`);
    assert.equal(at(container, 'HostConfig', 'CpuShares'), 102);
    assert.equal(at(container, 'HostConfig', 'Memory'), 64 * 1024 ** 2);
    assert.equal(at(container, 'HostConfig', 'NetworkMode'), 'host');
    assert.equal(at(status, 'container_status', 'executor_pid'), at(container, 'State', 'Pid'));
    await framework.kill('sleeper');
    assert.equal((await framework.next('sleeper'))['state'], 'TASK_KILLING');
    const killed = await framework.next('sleeper');
    assert.equal(killed['state'], 'TASK_KILLED');
    assert.equal(killed['message'], 'Container exited with status 137');
  });

  await t.test('credentials that a task fetches reach the registry of its image', async (sub) => {
    const registry = await TestRegistry.start(sub);
    const { host } = new URL(registry.url);
    const auth = Buffer.from('shop:secret').toString('base64');
    registry.password = `Basic ${auth}`;
    const file = join(engine.directory, '.dockercfg');
    writeFileSync(file, JSON.stringify({ [host]: { auth, email: 'shop@example.test' } }));
    const uris = [{ value: file, extract: false }];
    await framework.launch('private', {
      docker: { image: `${host}/none` },
      command: { value: 'true', uris },
    });
    const failed = await framework.until('private', 'TASK_FAILED');
    assert.match(String(failed['message']), /^Failed to launch container: /);
    // With what they were given for, it is told that there is no such image.
    const asked = new Set(registry.asked.filter((each) => each !== '/v2/'));
    assert.deepEqual([...asked], ['/token+', '/v2/none/manifests/latest+']);
  });
});
