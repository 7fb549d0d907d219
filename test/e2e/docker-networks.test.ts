/** Networks, ports, volumes and health checks of Docker tasks with a real engine. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestEngine } from './support/docker.ts';
import { containerNameOf, DockerFramework } from './support/docker-tasks.ts';
import { at, textAt } from './support/json.ts';
import { eventually, http } from './support/programs.ts';

const TIMING = { delay_seconds: 0, interval_seconds: 0.2, timeout_seconds: 60 };
/** The first process of a container is deaf to SIGTERM. */
const AT_ONCE = { kill_policy: { grace_period: { nanoseconds: 0 } } };
/** Made in the sandbox by the test. */
const SICK = '/mnt/mesos/sandbox/sick';
/** Answers every request; ends at once when it is asked to. */
const SERVER = 'mkdir /www; echo hello >/www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /www';

test('Docker tasks get networks, ports, volumes and checks as they ask for them', async (t) => {
  const { engine, cluster } = await TestEngine.withCluster(t, 'docker-net');
  const framework = await DockerFramework.start(cluster, 'net');

  await t.test('a port of the host leads into a container on the bridge', async () => {
    const port_mappings = [{ host_port: 31000, container_port: 80, protocol: 'tcp' }];
    await framework.launch('web', {
      docker: { network: 'BRIDGE', port_mappings },
      container: { hostname: 'web-1' },
      command: { value: 'mkdir /www; hostname >/www/index.html; exec httpd -f -p 80 -h /www' },
      ports: [31000],
    });
    const status = await framework.until('web', 'TASK_RUNNING');
    const address = textAt(
      status,
      'container_status',
      'network_infos',
      0,
      'ip_addresses',
      0,
      'ip_address',
    );
    assert.match(address, /^172\.29\./);
    const answer = await eventually('an answer', () => http('GET', 'http://127.0.0.1:31000/'));
    assert.equal(answer.text, 'web-1\n');
    await framework.kill('web', AT_ONCE);
    await framework.until('web', 'TASK_KILLED');
  });

  await t.test(
    'a port outside of the resources fails with the sentence of the original',
    async () => {
      const port_mappings = [{ host_port: 31015, container_port: 80 }];
      await framework.launch('ports', {
        docker: { network: 'BRIDGE', port_mappings },
        ports: [31010],
      });
      const status = await framework.until('ports', 'TASK_FAILED');
      const why = 'Port [31015] not included in resources';
      assert.equal(status['message'], `Failed to create docker run options: ${why}`);
    },
  );

  await t.test('a user network gives its address with its name', async () => {
    await engine.docker('network', 'create', '--subnet=172.30.0.0/16', 'blue');
    await framework.launch('user', {
      docker: { network: 'USER' },
      container: { network_infos: [{ name: 'blue' }] },
    });
    const status = await framework.until('user', 'TASK_RUNNING');
    const [info] = [at(status, 'container_status', 'network_infos', 0)];
    assert.equal(at(info, 'name'), 'blue');
    assert.match(textAt(info, 'ip_addresses', 0, 'ip_address'), /^172\.30\./);
    await framework.kill('user', AT_ONCE);
    await framework.until('user', 'TASK_KILLED');
  });

  await t.test(
    'volumes of the host are read, those of the sandbox written, with the image command',
    async () => {
      const shared = join(engine.directory, 'shared');
      mkdirSync(shared);
      writeFileSync(join(shared, 'in'), 'from the host');
      await framework.launch('volumes', {
        container: {
          volumes: [
            { mode: 'RO', host_path: shared, container_path: '/in' },
            { mode: 'RW', host_path: 'out', container_path: '/out' },
          ],
        },
        command: {
          value: 'cat /in/in >/out/copy; touch /in/x || echo read-only; ls /mnt/mesos/sandbox',
        },
      });
      await framework.until('volumes', 'TASK_FINISHED');
      const sandbox = framework.sandbox('volumes');
      assert.equal(readFileSync(join(sandbox, 'out/copy'), 'utf8'), 'from the host');
      assert.match(readFileSync(join(sandbox, 'stdout'), 'utf8'), /read-only\n(.*\n)*stdout\n/);
      await framework.launch('image', { command: { value: undefined, shell: false } });
      await framework.until('image', 'TASK_FINISHED');
      assert.equal(readFileSync(join(framework.sandbox('image'), 'stdout'), 'utf8'), 'the image\n');
    },
  );

  await t.test('checks look from inside of the container', async () => {
    const http_check = { ...TIMING, type: 'HTTP', http: { port: 8080, path: '/' } };
    await framework.launch('http', {
      docker: { network: 'BRIDGE' },
      command: { value: SERVER },
      task: { health_check: http_check },
    });
    await framework.until('http', 'TASK_RUNNING');
    assert.equal((await framework.until('http', 'TASK_RUNNING'))['healthy'], true);
    await framework.kill('http', AT_ONCE);
    await framework.until('http', 'TASK_KILLED');

    const command = { ...TIMING, type: 'COMMAND', command: { value: 'test -e /well' } };
    const health_check = { ...command, consecutive_failures: 1, grace_period_seconds: 0 };
    const kill_policy = { grace_period: { nanoseconds: 0 } };
    await framework.launch('exec', {
      command: {
        value: `touch /well; until [ -e ${SICK} ]; do sleep 0.1; done; rm /well; exec sleep 1000`,
      },
      task: { health_check: { ...health_check, delay_seconds: 0.5 }, kill_policy },
    });
    await framework.until('exec', 'TASK_RUNNING');
    assert.equal((await framework.until('exec', 'TASK_RUNNING'))['healthy'], true);
    writeFileSync(join(framework.sandbox('exec'), 'sick'), '');
    assert.equal((await framework.until('exec', 'TASK_RUNNING'))['healthy'], false);
    const killed = await framework.until('exec', 'TASK_KILLED');
    assert.equal(killed['healthy'], false);
  });

  await t.test('connections are tried inside of the container', async () => {
    const tcp = (port: number): object => ({ ...TIMING, type: 'TCP', tcp: { port } });
    const wanted = { docker: { network: 'BRIDGE' }, command: { value: SERVER } };
    await framework.launch('tcp', { ...wanted, task: { health_check: tcp(8080) } });
    await framework.until('tcp', 'TASK_RUNNING');
    assert.equal((await framework.until('tcp', 'TASK_RUNNING'))['healthy'], true);
    await framework.kill('tcp', AT_ONCE);
    await framework.until('tcp', 'TASK_KILLED');
    const health_check = { ...tcp(8081), consecutive_failures: 1, grace_period_seconds: 0 };
    const kill_policy = { grace_period: { nanoseconds: 0 } };
    await framework.launch('closed', { ...wanted, task: { health_check, kill_policy } });
    assert.equal((await framework.until('closed', 'TASK_KILLED'))['healthy'], false);
  });

  await t.test(
    'what is asked of the engine: a privileged container, one without network',
    async () => {
      const command = { value: 'ls /sys/class/net; grep CapEff /proc/self/status' };
      const show = async (id: string, docker: object): Promise<string> => {
        await framework.launch(id, { docker, command });
        await framework.until(id, 'TASK_FINISHED');
        return readFileSync(join(framework.sandbox(id), 'stdout'), 'utf8');
      };
      const plain = await show('none', { network: 'NONE' });
      assert.match(plain, /^lo\nCapEff:\t00000000a80425fb\n$/);
      // Not every machine that tests lets an engine give all that.
      await framework.launch('privileged', {
        docker: { network: 'NONE', privileged: true },
        command,
      });
      const ended = await framework.next('privileged').then(async (status) => {
        const isOver = status['state'] !== 'TASK_RUNNING';
        return isOver ? status : await framework.next('privileged');
      });
      const asked = await engine.inspect(containerNameOf(ended));
      assert.equal(at(asked, 'HostConfig', 'Privileged'), true);
      assert.equal(at(asked, 'HostConfig', 'NetworkMode'), 'none');
    },
  );

  await t.test('an executor runs in a container with the environment of executors', async () => {
    const container = { type: 'DOCKER', docker: { image: 'busybox' } };
    const executor = {
      executor_id: { value: 'custom' },
      command: { value: 'env; exit 5' },
      container,
    };
    await framework.launch('in-executor', {
      task: { executor, command: undefined, container: undefined },
    });
    const failure = await framework.session.next('the end of the executor', (event) => {
      return event['type'] === 'FAILURE' && at(event, 'failure', 'executor_id') !== undefined;
    });
    assert.equal(at(failure, 'failure', 'status'), 5 << 8);
    await framework.until('in-executor', 'TASK_FAILED');
    const stdout = readFileSync(join(framework.sandbox('custom'), 'stdout'), 'utf8');
    assert.match(stdout, /MESOS_EXECUTOR_ID=custom\n/);
    assert.match(stdout, /MESOS_SANDBOX=\/mnt\/mesos\/sandbox\n/);
    assert.match(stdout, new RegExp(`MESOS_AGENT_ENDPOINT=127.0.0.1:${cluster.agentPort}\n`));
  });
});
