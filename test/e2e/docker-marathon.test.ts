/** Marathon apps in Docker containers, in the form of Marathon 0.8 and in today's, and the examples. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestEngine } from './support/docker.ts';
import { at, listAt, numberAt } from './support/json.ts';
import { examplesFor, liveThrough } from './support/marathon-examples.ts';
import { eventually, freePorts, http, ownTaskPorts, startOrrery } from './support/programs.ts';

const SERVER =
  'mkdir /www; echo $0 $MARATHON_APP_ID >/www/index.html; exec httpd -f -p 8080 -h /www';

test('apps with Docker containers run on the bridge and answer on their host port', async (t) => {
  const { engine, cluster } = await TestEngine.withCluster(t, 'docker-app', {
    agentHostname: '127.0.0.1',
    taskPorts: ownTaskPorts(),
  });
  const [port = 0] = await freePorts(1);
  const marathon = startOrrery([
    'marathon',
    `--master=127.0.0.1:${cluster.masterPort}`,
    `--http_port=${port}`,
    '--http_address=127.0.0.1',
    '--min_revive_offers_interval=200',
    `--work_dir=${join(cluster.directory, 'marathon')}`,
  ]);
  try {
    const url = `http://127.0.0.1:${port}`;
    await eventually('Marathon answers', async () =>
      (await http('GET', `${url}/ping`)).status === 200 ? true : undefined,
    );
    const common = { instances: 1, cpus: 0.1, mem: 32, cmd: SERVER };
    const portMappings = [{ containerPort: 8080, hostPort: 0, servicePort: 0, protocol: 'tcp' }];
    const docker = { image: 'busybox', network: 'BRIDGE', portMappings };
    const parameters = [{ key: 'label', value: 'who=test' }];
    const apps = [
      { ...common, id: '/old', container: { type: 'DOCKER', docker: { ...docker, parameters } } },
      {
        ...common,
        id: '/new',
        networks: [{ mode: 'container/bridge' }],
        container: { type: 'DOCKER', docker: { image: 'busybox' }, portMappings },
      },
    ];
    for (const app of apps) {
      const created = await http('POST', `${url}/v2/apps`, app);
      assert.equal(created.status, 201, created.text);
      const hostPort = await eventually(`${app.id} runs`, async () => {
        const { body } = await http('GET', `${url}/v2/apps${app.id}/tasks`);
        const [task] = listAt(body, 'tasks');
        return at(task, 'state') === 'TASK_RUNNING' ? numberAt(task, 'ports', 0) : undefined;
      });
      const answer = await eventually('an answer', () =>
        http('GET', `http://127.0.0.1:${hostPort}/`),
      );
      assert.equal(answer.text, `/bin/sh ${app.id}\n`);
    }
    const labelled = await engine.names('--filter=label=who=test');
    assert.equal(labelled.length, 1);
    const examples = examplesFor('docker');
    assert.ok(examples.length >= 3, `only ${examples.length} examples`);
    await liveThrough(url, examples, () => marathon.output(), apps.length);
  } finally {
    await marathon.stop();
  }
});
