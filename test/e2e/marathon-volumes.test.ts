/** A resident Marathon app as real processes: its data survives tasks, Marathon, scaling; then goes. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { at, listAt, textAt } from './support/json.ts';
import { eventually, freePorts, http, startOrrery } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

/** Each run adds a line to what the runs before it have left. */
const APP = {
  id: '/keeper',
  cmd: 'echo "$MESOS_TASK_ID" >> data/runs; exec sleep 1000',
  cpus: 0.1,
  mem: 32,
  backoffSeconds: 0,
  container: {
    type: 'MESOS',
    volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 16 } }],
  },
};

test('data of a resident app survives its tasks, a new Marathon and an upgrade, and goes with it', async (t) => {
  const cluster = await SmallCluster.start(t, 'marathon-volumes');
  const [port = 0] = await freePorts(1);
  const start = () =>
    startOrrery([
      'marathon',
      `--master=127.0.0.1:${cluster.masterPort}`,
      `--http_port=${port}`,
      '--http_address=127.0.0.1',
      '--mesos_role=keepers',
      '--mesos_authentication_principal=keeper',
      `--work_dir=${join(cluster.directory, 'marathon')}`,
    ]);
  let marathon = start();
  t.after(() => marathon.stop());
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    eventually('Marathon answers', async () =>
      (await http('GET', `${url}/ping`)).status === 200 ? true : undefined,
    );
  const running = (suffix: string) =>
    eventually(`a task ${suffix} runs`, async () => {
      const { body } = await http('GET', `${url}/v2/apps/keeper/tasks`);
      const task = listAt(body, 'tasks').find((each) => textAt(each, 'id').endsWith(suffix));
      return at(task, 'state') === 'TASK_RUNNING' ? task : undefined;
    });
  await isUp();
  const created = await http('POST', `${url}/v2/apps`, APP);
  assert.equal(created.status, 201, created.text);
  const first = await running('._app.1');
  const killed = await http('DELETE', `${url}/v2/apps/keeper/tasks/${textAt(first, 'id')}`);
  assert.equal(killed.status, 200);
  await running('._app.2');

  await marathon.stop();
  marathon = start();
  await isUp();
  const changed = await http('PATCH', `${url}/v2/apps/keeper`, { env: { A: 'b' } });
  assert.equal(changed.status, 200, changed.text);
  const third = await running('._app.3');
  const id = textAt(third, 'localVolumes', 0, 'persistenceId');
  const file = join(cluster.directory, 'agent/volumes/roles/keepers', id, 'runs');
  const lines = await eventually('three lines', () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const found = text.trim().split('\n');
    return Promise.resolve(found.length === 3 ? found : undefined);
  });
  assert.equal(lines[2], textAt(third, 'id'));

  await http('DELETE', `${url}/v2/apps/keeper`);
  await eventually('nothing is reserved any more', async () => {
    const { body } = await http('GET', `http://127.0.0.1:${cluster.masterPort}/slaves`);
    const reserved = at(body, 'slaves', 0, 'reserved_resources');
    return JSON.stringify(reserved) === '{}' ? true : undefined;
  });
  await eventually('the agent has removed the data', () => !existsSync(file) || undefined);
});
