/** Isolation as schedulers and operators see it: a whole agent with cgroups under a real master. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removeCgroupRoots } from './support/cgroup-roots.ts';
import { needs } from './support/host-features.ts';
import { at, textAt } from './support/json.ts';
import { http } from './support/programs.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

const MB = 1024 ** 2;
const MEMORY = needs('root', 'cgroup:freezer', 'cgroup:cpu', 'cgroup:cpuacct', 'cgroup:memory');
const ROOT = `orrery-test-${process.pid}-agent`;

function taskOf(offer: unknown, id: string, command: string): object {
  return {
    name: id,
    task_id: { value: id },
    agent_id: at(offer, 'agent_id'),
    command: { value: command },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
  };
}

async function statusOf(session: SchedulerSession, id: string, state: string): Promise<unknown> {
  for (;;) {
    const status = at(await session.nextUpdate(id), 'update', 'status');
    if (textAt(status, 'state') === state) return status;
  }
}

test(
  'a task that takes too much memory fails with the limitation; its neighbour stays, over a restart of the agent too',
  MEMORY,
  async (t) => {
    const cluster = await SmallCluster.start(t, 'isolation', {
      agentFlags: ['--isolation=cgroups/cpu,cgroups/mem', `--cgroups_root=${ROOT}`],
    });
    t.after(() => removeCgroupRoots(ROOT, ['freezer', 'cpu', 'cpuacct', 'memory']));
    const session = await SchedulerSession.subscribe(cluster.schedulerUrl, 'isolation', {
      type: 'SUBSCRIBE',
      subscribe: { framework_info: { user: 'root', name: 'isolation', checkpoint: true } },
    });
    t.after(() => session.stream.close());
    const [offer] = await session.settledOffers();
    const task_infos = [
      taskOf(offer, 'neighbour', 'sleep 1000'),
      taskOf(offer, 'hog', 'head -c 400000000 /dev/zero | tail'),
    ];
    await session.call({
      type: 'ACCEPT',
      accept: {
        offer_ids: [at(offer, 'id')],
        operations: [{ type: 'LAUNCH', launch: { task_infos } }],
      },
    });
    const failed = await statusOf(session, 'hog', 'TASK_FAILED');
    assert.equal(at(failed, 'reason'), 'REASON_CONTAINER_LIMITATION_MEMORY');
    assert.equal(at(failed, 'source'), 'SOURCE_AGENT');
    // The executor that the agent makes for a command has 32 MB of its own.
    assert.match(
      textAt(failed, 'message'),
      /^Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\nMEMORY STATISTICS: \n/,
    );
    assert.equal(at(failed, 'limitation', 'resources', 0, 'name'), 'mem');
    assert.equal(at(failed, 'limitation', 'resources', 0, 'scalar', 'value'), 64);
    await statusOf(session, 'neighbour', 'TASK_RUNNING');
    const statistics = async (): Promise<unknown> => {
      const { body: json } = await http('GET', `${cluster.agentUrl}/containers`);
      assert.equal(at(json, 0, 'executor_id'), 'neighbour');
      return at(json, 0, 'statistics');
    };
    assert.equal(at(await statistics(), 'mem_limit_bytes'), 64 * MB);
    assert.equal(typeof at(await statistics(), 'mem_cache_bytes'), 'number');
    await cluster.endAgent('SIGKILL');
    cluster.startAgent();
    await cluster.agentRegistered();
    assert.equal(at(await statistics(), 'mem_limit_bytes'), 64 * MB);
    assert.equal(typeof at(await statistics(), 'cpus_nr_periods'), 'number');
  },
);
