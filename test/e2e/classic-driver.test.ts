/**
 * A classic driver framework and an agent that both must authenticate, over real sockets: refused without
 * proof, registered with it, a task from launch to acknowledgement, and the end.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defined } from '../../core/base/assert.ts';
import { ClassicDriver } from './support/classic-driver.ts';
import { listAt } from './support/json.ts';
import { eventually, http } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

const AGENT = { principal: 'agent', secret: 'agent-secret' };
const FRAMEWORK = { principal: 'golden', secret: 'golden-secret' };
const INFO = { user: 'root', name: 'classic', failover_timeout: 60 };

async function guardedCluster(t: TestContext): Promise<SmallCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'credentials-'));
  t.after(() => rm(directory, { recursive: true }));
  const all = join(directory, 'all');
  const agent = join(directory, 'agent');
  await writeFile(all, JSON.stringify({ credentials: [AGENT, FRAMEWORK] }), { mode: 0o600 });
  await writeFile(agent, JSON.stringify(AGENT), { mode: 0o600 });
  return SmallCluster.start(t, 'classic-driver', {
    masterFlags: ['--authenticate_frameworks', '--authenticate_agents', `--credentials=${all}`],
    agentFlags: [`--credential=${agent}`],
  });
}

test('a classic driver authenticates, runs a task and ends', async (t) => {
  const cluster = await guardedCluster(t);
  const driver = await ClassicDriver.start(t, cluster.masterPort);
  const register = (): void =>
    driver.say('mesos.internal.RegisterFrameworkMessage', { framework: INFO });

  register();
  const refusal = await driver.next('mesos.internal.FrameworkErrorMessage');
  assert.match(refusal.message, /^Framework at scheduler-classic@.* is not authenticated$/);
  assert.equal(await driver.authenticate({ ...FRAMEWORK, secret: 'wrong' }), 'refused');
  assert.equal(await driver.authenticate(FRAMEWORK), 'completed');
  register();
  const { framework_id } = await driver.next('mesos.internal.FrameworkRegisteredMessage');

  const { offers, pids } = await driver.next('mesos.internal.ResourceOffersMessage');
  const offer = defined(offers?.[0], 'offer');
  assert.deepEqual(pids, [`slave(1)@127.0.0.1:${cluster.agentPort}`]);
  driver.say('mesos.internal.LaunchTasksMessage', {
    framework_id,
    offer_ids: [offer.id],
    filters: {},
    tasks: [
      {
        name: 't',
        task_id: { value: 't' },
        agent_id: offer.agent_id,
        command: { value: 'true' },
        resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } }],
      },
    ],
  });
  for (const state of ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED'] as const) {
    const { update } = await driver.next('mesos.internal.StatusUpdateMessage');
    assert.equal(update.status.state, state);
    driver.say('mesos.internal.StatusUpdateAcknowledgementMessage', {
      slave_id: offer.agent_id,
      framework_id,
      task_id: update.status.task_id,
      uuid: defined(update.uuid, 'uuid'),
    });
  }

  driver.say('mesos.internal.UnregisterFrameworkMessage', { framework_id });
  await eventually(
    'the framework is completed',
    async () => {
      const { body } = await http('GET', `${cluster.masterUrl}/frameworks`);
      return listAt(body, 'completed_frameworks').length === 1 ? true : undefined;
    },
    () => cluster.output(),
  );
});
