/** Images as schedulers and operators see them: a whole agent under a real master. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeCgroupRoots } from './support/cgroup-roots.ts';
import { saveOld } from './support/image-archives.ts';
import { IMAGES } from './support/image-bench.ts';
import { at, textAt } from './support/json.ts';
import { eventually, http } from './support/programs.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

const ROOT = `orrery-test-${process.pid}-images`;

interface Told {
  readonly state: string;
  readonly reason: unknown;
  readonly message: unknown;
}

async function untilState(session: SchedulerSession, id: string, wanted: RegExp): Promise<Told> {
  for (;;) {
    const status = at(await session.nextUpdate(id), 'update', 'status');
    const state = textAt(status, 'state');
    if (wanted.test(state)) {
      return { state, reason: at(status, 'reason'), message: at(status, 'message') };
    }
  }
}

function inImage(name: string): object {
  return { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name } } } };
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() || undefined : undefined;
}

/** A container without an executor, one in it, and one whose image is missing. */
async function launchPlain(
  call: (body: object) => Promise<number>,
  value: string,
): Promise<readonly number[]> {
  const launch = (container_id: object, name: string): Promise<number> => {
    const container = inImage(name);
    const launch_container = { container_id, command: { value }, container };
    return call({ type: 'LAUNCH_CONTAINER', launch_container });
  };
  const alone = { value: 'alone' };
  return [
    await launch(alone, 'app'),
    await launch({ value: 'child', parent: alone }, 'app'),
    await launch({ value: 'none' }, 'none'),
  ];
}

test(
  'tasks, groups and containers of the API run in images, over a restart of the agent; what is missing fails them; unused layers are pruned',
  IMAGES,
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'images-agent-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const archives = join(folder, 'archives');
    mkdirSync(archives);
    const config = { Entrypoint: ['/bin/sh', '-c'], Cmd: ['cat /etc/os > os'] };
    saveOld(archives, {
      name: 'app',
      layers: [{ hasShell: true, files: { 'etc/os': 'app' } }],
      config,
    });
    const cluster = await SmallCluster.start(t, 'images', {
      agentFlags: [
        ...['--image_providers=docker', `--docker_registry=${archives}`, `--cgroups_root=${ROOT}`],
        ...['--isolation=filesystem/linux,docker/runtime', `--docker_store_dir=${folder}/store`],
      ],
    });
    t.after(() => removeCgroupRoots(ROOT, ['freezer']));
    const session = await SchedulerSession.subscribe(cluster.schedulerUrl, 'images', {
      type: 'SUBSCRIBE',
      subscribe: { framework_info: { user: 'root', name: 'images', checkpoint: true } },
    });
    t.after(() => session.stream.close());
    const [offer] = await session.settledOffers();
    const agent_id = at(offer, 'agent_id');
    const resources = [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
      { name: 'disk', type: 'SCALAR', scalar: { value: 32 } },
    ];
    const taskOf = (id: string, image: string, command: object): object => ({
      ...{ name: id, task_id: { value: id }, agent_id, command, resources },
      container: inImage(image),
    });
    const executor = {
      type: 'DEFAULT',
      executor_id: { value: 'group' },
      framework_id: { value: session.frameworkId },
      resources,
    };
    const tasks = [taskOf('member', 'app', { value: 'cat /etc/os > os; exec sleep 1000' })];
    await session.call({
      type: 'ACCEPT',
      accept: {
        offer_ids: [at(offer, 'id')],
        operations: [
          {
            type: 'LAUNCH',
            launch: {
              task_infos: [
                taskOf('entry', 'app', { shell: false }),
                taskOf('none', 'none', { value: 'true' }),
                taskOf('long', 'app', { value: 'pwd > where; exec sleep 1000' }),
              ],
            },
          },
          { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } },
        ],
      },
    });
    assert.deepEqual(await untilState(session, 'none', /FAILED/), {
      state: 'TASK_FAILED',
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message: `Failed to launch container: Failed to find archive for image 'none' at '${archives}/none:latest.tar'`,
    });
    await untilState(session, 'entry', /FINISHED/);
    await untilState(session, 'long', /RUNNING/);
    await untilState(session, 'member', /RUNNING/);
    const sandboxes = join(
      cluster.agentDirectory,
      'slaves/latest/frameworks',
      session.frameworkId,
      'executors',
    );
    const file = (path: string): string | undefined => textOf(join(sandboxes, path));
    assert.equal(file('entry/runs/latest/os'), 'app');
    const where = await eventually('its directory', () => file('long/runs/latest/where'));
    assert.equal(where, '/mnt/mesos/sandbox');
    assert.equal(
      await eventually("the group's file", () => file('group/runs/latest/tasks/member/os')),
      'app',
    );
    const provisioned = (): readonly string[] =>
      readdirSync(join(cluster.agentDirectory, 'provisioner/containers'));
    const two = await eventually('only those that run', () =>
      provisioned().length === 2 ? provisioned() : undefined,
    );
    const call = async (body: object): Promise<number> =>
      (await http('POST', `${cluster.agentUrl}/api/v1`, body)).status;
    const launched = await launchPlain(call, 'cat /etc/os > os; exec sleep 1000');
    assert.deepEqual(launched, [200, 200, 400]);
    const plain = join(cluster.agentDirectory, 'containers/alone');
    for (const path of ['os', 'containers/child/os']) {
      const text = await eventually(path, () => textOf(join(plain, path)));
      assert.equal(text, 'app');
    }
    const three = [...two, 'alone'].sort();
    assert.deepEqual([...provisioned()].sort(), three);
    await cluster.endAgent('SIGKILL');
    cluster.startAgent();
    await cluster.agentRegistered();
    assert.deepEqual([...provisioned()].sort(), three);
    const layers = (): number => readdirSync(`${folder}/store/layers`).length;
    const prune = (): Promise<number> => call({ type: 'PRUNE_IMAGES', prune_images: {} });
    assert.deepEqual([await prune(), layers()], [200, 1]);
    const kill_container = { container_id: { value: 'alone' } };
    assert.equal(await call({ type: 'KILL_CONTAINER', kill_container }), 200);
    for (const id of ['long', 'member']) {
      await session.call({ type: 'KILL', kill: { task_id: { value: id }, agent_id } });
      await untilState(session, id, /KILLED/);
    }
    await eventually('nothing is left', () => (provisioned().length === 0 ? true : undefined));
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /provisioner\/containers/);
    assert.deepEqual([await prune(), layers()], [200, 0]);
  },
);
