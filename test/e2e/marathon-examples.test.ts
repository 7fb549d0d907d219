/** The examples of Marathon as real processes; those for Docker: `docker-marathon.test.ts`. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { missing } from './support/host-features.ts';
import { at } from './support/json.ts';
import { examplesFor, liveThrough } from './support/marathon-examples.ts';
import { eventually, freePorts, http, ownTaskPorts, startOrrery } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

test('every example is posted, deployed, upgraded and removed', async (t) => {
  // Volumes of the host are mounted, for which a container needs a view of its own.
  const lacking = missing('root', 'namespaces');
  const isolation =
    lacking === undefined ? ['--isolation=posix/cpu,posix/mem,filesystem/linux'] : [];
  const cluster = await SmallCluster.start(t, 'marathon-examples', {
    agentHostname: '127.0.0.1',
    // One example wants a port of the usual agent.
    taskPorts: `31999-31999,${ownTaskPorts()}`,
    agentFlags: [
      ...isolation,
      '--attributes=rack:rack-1;os:linux',
      // The examples call `node`.
      `--executor_environment_variables=${JSON.stringify({
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      })}`,
    ],
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
  t.after(() => marathon.stop());
  const url = `http://127.0.0.1:${port}`;
  await eventually('Marathon answers', async () =>
    (await http('GET', `${url}/ping`)).status === 200 ? true : undefined,
  );
  const examples = examplesFor('none').filter(
    ({ file }) => lacking === undefined || file !== 'host-volume.json',
  );
  assert.ok(examples.length >= 20, `only ${examples.length} examples`);
  await liveThrough(url, examples, () => marathon.output());
  await eventually('the agent runs nothing', async () => {
    const state = await http('GET', `${cluster.agentUrl}/state`);
    const frameworks = at(state.body, 'frameworks');
    return Array.isArray(frameworks) && frameworks.length === 0 ? true : undefined;
  });
});
