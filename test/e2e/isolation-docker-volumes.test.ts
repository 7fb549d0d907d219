/** `docker/volume`: real mounts, by a client of volume drivers as the operator's. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileIsolation } from '../../core/agent/containerizer/compile-isolation.ts';
import { isolationHost } from '../../core/agent/containerizer/isolation-host.ts';
import { AGENT_FLAGS } from '../../core/agent/flags.ts';
import { parseFlags } from '../../core/base/flags.ts';
import type { ContainerInfo, Volume } from '../../core/wire/types/mesos.v1.ts';
import { needs } from './support/host-features.ts';
import { IsolationBench, isAlive } from './support/isolation-bench.ts';
import { VolumeDriver } from './support/volume-driver.ts';

const NAMESPACES = needs('root', 'namespaces', 'cgroup:freezer');

function volume(name: string, container_path: string, more: Partial<Volume> = {}): Volume {
  const docker_volume = { driver: 'rexray', name };
  const source = { type: 'DOCKER_VOLUME' as const, docker_volume };
  return { container_path, mode: 'RW', source, ...more };
}

function having(...volumes: readonly Volume[]): { readonly container: ContainerInfo } {
  return { container: { type: 'MESOS', volumes } };
}

const asked = (what: string, name: string, ...more: readonly string[]): string =>
  [what, '--volumedriver=rexray', `--volumename=${name}`, ...more].join(' ');

test(
  'a task has its volumes at relative and absolute paths, and they are unmounted after it',
  NAMESPACES,
  async (t) => {
    const driver = VolumeDriver.install(t);
    const bench = await IsolationBench.start(t, driver.flags);
    const shared = `${driver.folder}/at`;
    mkdirSync(shared);
    const parameter = [{ key: 'size', value: '5' }];
    const source = {
      type: 'DOCKER_VOLUME' as const,
      docker_volume: { driver: 'rexray', name: 'one', driver_options: { parameter } },
    };
    await bench.run('t1', {
      command: `echo mine > rel/file; echo other > ${shared}/file; touch ro/file; ls > done; sleep 1000`,
      info: having(
        volume('one', 'rel', { source }),
        volume('two', shared),
        volume('three', 'ro', { mode: 'RO' }),
      ),
    });
    await bench.until('its work', () => (bench.has('t1', 'done') ? true : undefined));
    assert.equal(readFileSync(`${driver.path('rexray-one')}/file`, 'utf8'), 'mine\n');
    assert.equal(readFileSync(`${driver.path('rexray-two')}/file`, 'utf8'), 'other\n');
    assert.match(bench.output('t1', 'stderr'), /ro\/file.*Read-only file system/);
    assert.deepEqual([...driver.calls].sort(), [
      asked('mount', 'one', '--volumeopts=size=5'),
      asked('mount', 'three'),
      asked('mount', 'two'),
    ]);
    assert.deepEqual(driver.volumesOf('t1'), {
      volumes: ['one', 'two', 'three'].map((name) => ({ driver: 'rexray', name })),
    });
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.deepEqual(
      ['one', 'two', 'three'].filter((name) => driver.isMounted(`rexray-${name}`)),
      [],
    );
    assert.deepEqual(driver.containers, []);
  },
);

test('a volume of two containers is unmounted with the second one', NAMESPACES, async (t) => {
  const driver = VolumeDriver.install(t);
  const bench = await IsolationBench.start(t, driver.flags);
  for (const id of ['t1', 't2']) {
    await bench.run(id, { command: 'sleep 1000', info: having(volume('one', 'here')) });
  }
  bench.it.destroy('t1');
  await bench.exited('t1');
  assert.equal(driver.isMounted('rexray-one'), true);
  assert.deepEqual(driver.containers, ['t2']);
  bench.it.destroy('t2');
  await bench.exited('t2');
  assert.equal(driver.isMounted('rexray-one'), false);
  assert.deepEqual(driver.calls.slice(2), [asked('unmount', 'one')]);
});

test('two containers that end at once leave nothing mounted', NAMESPACES, async (t) => {
  const driver = VolumeDriver.install(t);
  const bench = await IsolationBench.start(t, driver.flags);
  const info = having(volume('one', 'here'), volume('two', 'there'));
  await bench.run('t1', { command: 'sleep 1000', info });
  await bench.run('t2', { command: 'sleep 1000', info: having(volume('one', 'here')) });
  driver.hold();
  bench.it.destroy('t1');
  await bench.until('the client to be asked', () =>
    driver.calls.includes(asked('unmount', 'two')) ? true : undefined,
  );
  bench.it.destroy('t2');
  driver.release();
  await bench.exited('t1');
  await bench.exited('t2');
  assert.deepEqual(
    ['one', 'two'].filter((name) => driver.isMounted(`rexray-${name}`)),
    [],
  );
  assert.deepEqual(driver.containers, []);
});

test('what a driver refuses fails the launch in its words', NAMESPACES, async (t) => {
  const driver = VolumeDriver.install(t);
  const bench = await IsolationBench.start(t, driver.flags);
  driver.refuse('mount', 'no such volume\n');
  bench.launch('t1', { command: 'true', info: having(volume('one', 'here')) });
  assert.equal(
    await bench.failed('t1'),
    'Unexpected termination of the subprocess: no such volume\n',
  );
  driver.obey('mount');
  const unnamed = { type: 'DOCKER_VOLUME' as const, docker_volume: { name: 'one' } };
  bench.launch('t2', { command: 'true', info: having(volume('one', 'x', { source: unnamed })) });
  assert.equal(
    await bench.failed('t2'),
    "The volume driver is not specified for volume 'one' with container t2",
  );
  bench.launch('t3', { command: 'true', info: having(volume('one', 'x'), volume('one', 'y')) });
  assert.equal(
    await bench.failed('t3'),
    "Found duplicate docker volume with driver 'rexray' and name 'one'",
  );
  bench.launch('t4', { command: 'true', info: having(volume('one', '/not/there')) });
  assert.equal(await bench.failed('t4'), "Absolute container path '/not/there' does not exist");
  await bench.until('it to be unmounted', () =>
    driver.isMounted('rexray-one') ? undefined : true,
  );
});

test('a task of a group has a volume of its own', NAMESPACES, async (t) => {
  const driver = VolumeDriver.install(t);
  const bench = await IsolationBench.start(t, driver.flags);
  await bench.runGroup(
    'e1',
    {
      a: { command: 'echo a > of-a/file', info: having(volume('one', 'of-a')) },
      b: { command: 'while [ ! -e ../stop ]; do sleep 0.02; done' },
    },
    having(volume('two', 'of-all')),
  );
  await bench.updated('a', 'TASK_FINISHED');
  await bench.until('its volume to go', () =>
    driver.containers.join() === 'e1' ? true : undefined,
  );
  assert.equal(driver.isMounted('rexray-one'), false);
  assert.equal(driver.isMounted('rexray-two'), true);
  writeFileSync(`${bench.sandbox('e1')}/stop`, '');
  await bench.updated('b', 'TASK_FINISHED');
  bench.it.destroy('e1');
  await bench.exited('e1');
  assert.equal(driver.isMounted('rexray-two'), false);
});

test(
  'with --docker_volume_chown a volume belongs to the user of the container',
  NAMESPACES,
  async (t) => {
    const driver = VolumeDriver.install(t);
    const bench = await IsolationBench.start(t, [...driver.flags, '--docker_volume_chown']);
    const user = { uid: 12_345, gid: 12_346 };
    await bench.run('t1', {
      command: 'echo me > here/file',
      user,
      info: having(volume('one', 'here')),
    });
    await bench.updated('t1', 'TASK_FINISHED');
    const { uid, gid } = statSync(driver.path('rexray-one'));
    assert.deepEqual({ uid, gid }, user);
  },
);

test(
  'a new launcher unmounts what its containers have, and what nobody knows any more',
  NAMESPACES,
  async (t) => {
    const driver = VolumeDriver.install(t);
    const bench = await IsolationBench.start(t, driver.flags);
    await bench.run('t1', { command: 'sleep 1000', info: having(volume('one', 'here')) });
    // Of an agent that died on the way, and of one that died before it wrote anything.
    execFileSync(`${driver.folder}/dvdcli`, ['mount', '--volumedriver=rexray', '--volumename=old']);
    driver.writeDown(
      'old',
      ['old', 'one'].map((name) => ({ driver: 'rexray', name })),
    );
    mkdirSync(`${driver.root}/empty`);
    const { launcherPid } = bench;
    await bench.it.stop({ killTasks: false });
    process.kill(launcherPid, 'SIGKILL');
    await bench.until('the launcher to die', () => (isAlive(launcherPid) ? undefined : true));
    await bench.restart();
    await bench.until('orphans to go', () =>
      driver.containers.join() === 't1' ? true : undefined,
    );
    assert.equal(driver.isMounted('rexray-old'), false);
    assert.equal(driver.isMounted('rexray-one'), true);
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.equal(driver.isMounted('rexray-one'), false);
    assert.deepEqual(driver.containers, []);
  },
);

test('the isolator is refused where its client is not there', NAMESPACES, () => {
  const parsed = parseFlags(AGENT_FLAGS, {
    argv: ['--master=127.0.0.1:1', '--work_dir=/nowhere', '--isolation=docker/volume'],
    env: {},
    envPrefix: 'MESOS_',
    style: 'equals',
  });
  assert.ok(parsed.ok);
  const refusalOn = (host: typeof isolationHost): string => {
    const options = compileIsolation(parsed.value, host, { agentPorts: [] });
    return options.ok ? '' : options.error;
  };
  const failed =
    "Failed to create a containerizer: Could not create MesosContainerizer: Failed to create isolator 'docker/volume': ";
  assert.equal(
    refusalOn({ ...isolationHost, programPath: () => undefined }),
    `${failed}The 'docker/volume' isolator cannot get dvdcli command`,
  );
  assert.equal(
    refusalOn({ ...isolationHost, isRoot: false }),
    `${failed}The 'docker/volume' isolator requires root permissions`,
  );
});
