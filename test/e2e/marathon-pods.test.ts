/** A Marathon pod as real processes: shared volume, endpoint, health, a kill, removal. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { at, numberAt, textAt } from './support/json.ts';
import { eventually, freePorts, http, ownTaskPorts, startOrrery } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

/** Answers on its endpoint with what the other container has written. */
const SERVER = `exec ${process.execPath} -e "require('http').createServer((q, r) => r.end(require('fs').readFileSync('in/text'))).listen(process.env.ENDPOINT_HTTP)"`;

const WRITER = 'echo "$MARATHON_APP_ID $MARATHON_CONTAINER_ID" > out/text; exec sleep 1000';

const resources = { cpus: 0.1, mem: 64 };

const POD = {
  id: '/shop/pod',
  volumes: [{ name: 'shared' }],
  scheduling: { backoff: { backoff: 0.1 } },
  containers: [
    {
      name: 'server',
      resources,
      exec: { command: { shell: SERVER } },
      endpoints: [{ name: 'http', hostPort: 0 }],
      volumeMounts: [{ name: 'shared', mountPath: 'in' }],
      healthCheck: {
        http: { endpoint: 'http' },
        intervalSeconds: 6,
        timeoutSeconds: 5,
        delaySeconds: 0,
      },
    },
    {
      name: 'writer',
      resources,
      exec: { command: { shell: WRITER } },
      volumeMounts: [{ name: 'shared', mountPath: 'out' }],
    },
  ],
};

test('containers of a pod share a volume, are healthy, and end and start again together', async (t) => {
  const cluster = await SmallCluster.start(t, 'marathon-pod', { taskPorts: ownTaskPorts() });
  const [port = 0] = await freePorts(1);
  const marathon = startOrrery([
    'marathon',
    `--master=127.0.0.1:${cluster.masterPort}`,
    `--http_port=${port}`,
    '--http_address=127.0.0.1',
    `--work_dir=${join(cluster.directory, 'marathon')}`,
  ]);
  t.after(() => marathon.stop());
  const url = `http://127.0.0.1:${port}`;
  await eventually('Marathon answers', async () =>
    (await http('GET', `${url}/ping`)).status === 200 ? true : undefined,
  );
  const created = await http('POST', `${url}/v2/pods`, POD);
  assert.equal(created.status, 201, created.text);
  const stable = (incarnation: number): Promise<unknown> =>
    eventually(
      `incarnation ${incarnation} is stable`,
      async () => {
        const { body } = await http('GET', `${url}/v2/pods/shop/pod::status`);
        const instance = at(body, 'instances', 0);
        const id = String(at(instance, 'containers', 0, 'containerId'));
        const isNew = id.endsWith(`.server.${incarnation}`);
        return at(body, 'status') === 'STABLE' && isNew ? instance : undefined;
      },
      () => marathon.output(),
    );
  const first = await stable(1);
  const hostPort = numberAt(first, 'containers', 0, 'endpoints', 0, 'allocatedHostPort');
  const answer = await http('GET', `http://127.0.0.1:${hostPort}/`);
  assert.equal(answer.text, '/shop/pod writer\n');
  assert.equal(at(first, 'containers', 0, 'conditions', 0, 'value'), 'true');

  const killed = await http('DELETE', `${url}/v2/pods/shop/pod::instances/${textAt(first, 'id')}`);
  assert.equal(killed.status, 200, killed.text);
  const second = await stable(2);
  assert.equal(at(second, 'id'), at(first, 'id'));

  const removed = await http('DELETE', `${url}/v2/pods/shop/pod`);
  assert.equal(removed.status, 202, removed.text);
  await eventually('the agent runs nothing', async () => {
    const state = await http('GET', `${cluster.agentUrl}/state`);
    const frameworks = at(state.body, 'frameworks');
    return Array.isArray(frameworks) && frameworks.length === 0 ? true : undefined;
  });
});
