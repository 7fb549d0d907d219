/** Namespaces and volumes of real containers. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import type { ContainerInfo, Volume } from '../../core/wire/types/mesos.v1.ts';
import { needs } from './support/host-features.ts';
import { IsolationBench, isAlive } from './support/isolation-bench.ts';

const NAMESPACES = needs('root', 'namespaces', 'cgroup:freezer');

function withContainer(container: Omit<ContainerInfo, 'type'>): {
  readonly container: ContainerInfo;
} {
  return { container: { type: 'MESOS', ...container } };
}

test(
  'namespaces/pid: a task sees its own processes only, and its end is told truly',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=namespaces/pid,filesystem/linux']);
    const command = `ls -d /proc/[0-9]* | wc -l > count; readlink /proc/self/ns/pid > ns; kill -TERM $$`;
    await bench.run('t1', { command });
    const { message } = await bench.updated('t1', 'TASK_FAILED');
    assert.equal(message, 'Command terminated with signal Terminated');
    assert.ok(Number(bench.output('t1', 'count')) < 8, bench.output('t1', 'count'));
    assert.notEqual(bench.output('t1', 'ns').trim(), readlinkSync('/proc/self/ns/pid'));
  },
);

test(
  'namespaces/pid: SIGTERM reaches the task, which may end as it likes',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=namespaces/pid,filesystem/linux']);
    const command = `trap 'sleep 0.1; echo bye; exit 5' TERM; echo ready; while :; do sleep 0.02; done`;
    await bench.run('t1', { command });
    await bench.until('its trap', () => (bench.output('t1').includes('ready') ? true : undefined));
    bench.it.kill('t1', 't1', 5_000);
    const { message } = await bench.updated('t1', 'TASK_KILLED');
    assert.equal(message, 'Command exited with status 5');
    assert.match(bench.output('t1'), /bye/);
  },
);

test(
  'namespaces/pid: orphans are reaped, and all is gone with the container',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=namespaces/pid,filesystem/linux']);
    const command = `i=0; while [ $i -lt 20 ]; do (setsid --fork sleep 0.01 &); i=$((i + 1)); done
    sleep 0.3; grep -l 'State:.Z' /proc/[0-9]*/status | wc -l > zombies; exec sleep 1000`;
    const pid = await bench.run('t1', { command });
    await bench.until('its count', () =>
      existsSync(`${bench.sandbox('t1')}/zombies`) && bench.output('t1', 'zombies') !== ''
        ? true
        : undefined,
    );
    assert.equal(bench.output('t1', 'zombies').trim(), '0');
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.equal(isAlive(pid), false);
    assert.equal(bench.hasCgroup('freezer', 't1'), false);
  },
);

test(
  'namespaces outlive the launcher; tasks of a group have their own, or share those of their executor',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=namespaces/pid,filesystem/linux']);
    const command = 'readlink /proc/self/ns/pid > ns; ls -d /proc/[0-9]* > seen; exec sleep 1000';
    const info = withContainer({ linux_info: { share_pid_namespace: true } });
    await bench.runGroup('e1', { a: { command, info }, b: { command, info }, c: { command } });
    const ns = (task: string): string | undefined => {
      const path = `${bench.sandbox('e1')}/${task}/ns`;
      return existsSync(path) ? readFileSync(path, 'utf8').trim() || undefined : undefined;
    };
    const [a, b] = [await bench.until('a', () => ns('a')), await bench.until('b', () => ns('b'))];
    const c = await bench.until('c', () => ns('c'));
    assert.equal(a, b);
    assert.equal(new Set([a, c, readlinkSync('/proc/self/ns/pid')]).size, 3);
    const own = `${bench.sandbox('e1')}/c/seen`;
    const seen = await bench.until('what c sees', () =>
      existsSync(own) ? readFileSync(own, 'utf8') || undefined : undefined,
    );
    assert.ok(seen.trim().split('\n').length < 6, seen);
    bench.events.length = 0;
    process.kill(bench.launcherPid, 'SIGKILL');
    await bench.until('another launcher', () =>
      bench.events.some(({ kind }) => kind === 'report') ? true : undefined,
    );
    bench.it.destroy('e1');
    await bench.exited('e1');
    assert.equal(bench.hasCgroup('freezer', 'e1'), false);
  },
);

test('namespaces/ipc: /dev/shm is private and of the size asked for', NAMESPACES, async (t) => {
  const bench = await IsolationBench.start(t, ['--isolation=namespaces/ipc,filesystem/linux']);
  const info = withContainer({ linux_info: { ipc_mode: 'PRIVATE', shm_size: 7 } });
  const command = `df -k /dev/shm | tail -n 1 > size; touch /dev/shm/orrery-${process.pid}; readlink /proc/self/ns/ipc > ns`;
  await bench.run('t1', { command, info });
  await bench.updated('t1', 'TASK_FINISHED');
  assert.match(bench.output('t1', 'size'), /^tmpfs +7168 /);
  assert.equal(existsSync(`/dev/shm/orrery-${process.pid}`), false);
  assert.notEqual(bench.output('t1', 'ns').trim(), readlinkSync('/proc/self/ns/ipc'));
});

test('namespaces/ipc: a task of a group has its own when it says so', NAMESPACES, async (t) => {
  const bench = await IsolationBench.start(t, ['--isolation=namespaces/ipc,filesystem/linux']);
  const command = 'df -k /dev/shm | tail -n 1 > size; readlink /proc/self/ns/ipc > ns';
  const info = withContainer({ linux_info: { ipc_mode: 'PRIVATE', shm_size: 7 } });
  await bench.runGroup('e1', { a: { command, info }, b: { command } });
  for (const task of ['a', 'b']) await bench.updated(task, 'TASK_FINISHED');
  assert.match(bench.output('e1', 'a/size'), /^tmpfs +7168 /);
  assert.doesNotMatch(bench.output('e1', 'b/size'), /^tmpfs +7168 /);
  const spaces = ['a', 'b'].map((task) => bench.output('e1', `${task}/ns`).trim());
  assert.equal(new Set([...spaces, readlinkSync('/proc/self/ns/ipc')]).size, 3);
});

test(
  'the namespaces of the agent are shared on demand, unless that is disallowed',
  NAMESPACES,
  async (t) => {
    const isolation = '--isolation=namespaces/pid,filesystem/linux';
    const info = withContainer({ linux_info: { share_pid_namespace: true } });
    const bench = await IsolationBench.start(t, [isolation]);
    await bench.run('t1', { command: 'readlink /proc/self/ns/pid > ns', info });
    await bench.updated('t1', 'TASK_FINISHED');
    assert.equal(bench.output('t1', 'ns').trim(), readlinkSync('/proc/self/ns/pid'));
    const strict = await IsolationBench.start(t, [
      isolation,
      '--disallow_sharing_agent_pid_namespace',
    ]);
    strict.launch('t2', { command: 'true', info });
    const failed = strict.events.find((event) => event.kind === 'launch-failed');
    assert.match(failed?.message ?? '', /disallowed$/);
  },
);

test(
  'volume/host_path: a directory of the host, read-only, that the host does not see mounted',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux']);
    const host = `${bench.folder}/data`;
    for (const name of ['data', 'mounted-RO', 'mounted-RW']) mkdirSync(`${bench.folder}/${name}`);
    writeFileSync(`${host}/file`, 'of the host');
    const volumes = (['RO', 'RW'] as const).map((mode) => ({
      mode,
      container_path: `${bench.folder}/mounted-${mode}`,
      source: { type: 'HOST_PATH', host_path: { path: host } } as const,
    }));
    const command = `cd ${bench.folder}; cat mounted-RO/file; echo x > mounted-RO/new; echo y > mounted-RW/written; ls mounted-RO`;
    await bench.run('t1', { command, info: withContainer({ volumes }) });
    await bench.updated('t1', 'TASK_FINISHED');
    assert.equal(bench.output('t1'), 'of the hostfile\nwritten\n');
    assert.match(bench.output('t1', 'stderr'), /[Rr]ead-only/);
    assert.equal(readFileSync(`${host}/written`, 'utf8'), 'y\n');
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /mounted-R/);
  },
);

test(
  'volume/host_path: a missing directory fails the launch, unless it may be made',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux']);
    const path = `${bench.folder}/missing`;
    const volumes = [
      {
        mode: 'RW',
        container_path: 'here',
        source: { type: 'HOST_PATH', host_path: { path } },
      } as const,
    ];
    bench.launch('t1', { command: 'true', info: withContainer({ volumes }) });
    const failed = await bench.until('the failure', () =>
      bench.events.find((event) => event.kind === 'launch-failed'),
    );
    assert.equal(failed.message, `Path '${path}' in HOST_PATH volume does not exist`);
    assert.equal(bench.hasCgroup('freezer', 't1'), false);
    // Nothing is made among the host's files.
    const source = { type: 'HOST_PATH', host_path: { path: bench.folder } } as const;
    const nowhere = { mode: 'RW', container_path: path, source } as const;
    bench.launch('t0', { command: 'true', info: withContainer({ volumes: [nowhere] }) });
    const refused = await bench.until('the second failure', () =>
      bench.events.find((event) => event.kind === 'launch-failed' && event.containerId === 't0'),
    );
    assert.equal(
      refused.kind === 'launch-failed' && refused.message,
      `Mount point '${path}' is an absolute path. It must exist if the container shares the host filesystem`,
    );
    assert.equal(existsSync(path), false);
    const free = await IsolationBench.start(t, [
      ...['--isolation=filesystem/linux', `--host_path_volume_force_creation=${bench.folder}`],
    ]);
    await free.run('t2', { command: 'touch here/made', info: withContainer({ volumes }) });
    await free.updated('t2', 'TASK_FINISHED');
    assert.ok(existsSync(`${path}/made`));
  },
);

test(
  'volume/host_path: not over the programs that the agent runs as root, unless the task is root',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux']);
    const host = `${bench.folder}/data`;
    mkdirSync(host);
    const link = `${bench.folder}/link`;
    symlinkSync('/usr', link);
    const at = (container_path: string): ReturnType<typeof withContainer> => {
      const source = { type: 'HOST_PATH', host_path: { path: host } } as const;
      return withContainer({ volumes: [{ mode: 'RW', container_path, source }] });
    };
    const user = { uid: 65534, gid: 65534 };
    const targets = ['/usr/bin', `${link}/bin`, '/', '/bin/setpriv', '/etc'];
    for (const [index, target] of targets.entries()) {
      const id = `refused-${index}`;
      bench.launch(id, { command: 'true', user, info: at(target) });
      const failed = await bench.until(`the failure of ${target}`, () =>
        bench.events.find((event) => event.kind === 'launch-failed' && event.containerId === id),
      );
      assert.equal(
        failed.kind === 'launch-failed' && failed.message,
        `A volume at '${target}' would hide programs that the agent runs as root`,
      );
    }
    await bench.run('t1', { command: 'ls -d /usr/games', user, info: at('/usr/games') });
    await bench.updated('t1', 'TASK_FINISHED');
    await bench.run('t2', { command: 'echo *', info: at('/etc') });
    await bench.updated('t2', 'TASK_FINISHED');
  },
);

test('volume/sandbox_path: a private /var/tmp that belongs to the task', NAMESPACES, async (t) => {
  const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux']);
  const volumes = [
    {
      mode: 'RW',
      container_path: '/var/tmp',
      source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'SELF', path: 'tmp' } },
    } as const,
  ];
  const command = 'touch /var/tmp/mine; ls /var/tmp';
  const user = { uid: 65534, gid: 65534 };
  await bench.run('t1', { command, user, info: withContainer({ volumes }) });
  await bench.updated('t1', 'TASK_FINISHED');
  assert.equal(bench.output('t1'), 'mine\n');
  assert.equal(statSync(`${bench.sandbox('t1')}/tmp/mine`).uid, user.uid);
  assert.equal(existsSync('/var/tmp/mine'), false);
});

test(
  'filesystem/shared: a directory of its own with the rights of the shared one',
  NAMESPACES,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/shared']);
    const volumes = [{ mode: 'RW', host_path: 'private', container_path: '/var/tmp' } as const];
    await bench.run('t1', { command: 'touch /var/tmp/mine', info: withContainer({ volumes }) });
    await bench.updated('t1', 'TASK_FINISHED');
    const made = statSync(`${bench.sandbox('t1')}/private`);
    assert.equal(made.mode, statSync('/var/tmp').mode);
    assert.ok(existsSync(`${bench.sandbox('t1')}/private/mine`));
    assert.equal(existsSync('/var/tmp/mine'), false);
  },
);

test('volume/secret: a file in memory that the task alone can read', NAMESPACES, async (t) => {
  const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux,volume/secret']);
  const data = new TextEncoder().encode("it's a secret\n");
  const secret = { type: 'VALUE', value: { data } } as const;
  const place = `${bench.folder}/place`;
  writeFileSync(place, "the host's");
  const secretAt = (container_path: string): Volume => {
    return { mode: 'RW', container_path, source: { type: 'SECRET', secret } };
  };
  const volumes = ['token', place].map(secretAt);
  const command = `cat token ${place}; stat -c '%a %u' token > rights; stat -f -c %T token > kind; echo x > token`;
  const user = { uid: 65534, gid: 65534 };
  await bench.run('t1', { command, user, info: withContainer({ volumes }) });
  await bench.updated('t1', 'TASK_FAILED');
  assert.equal(bench.output('t1'), "it's a secret\nit's a secret\n");
  assert.equal(bench.output('t1', 'rights'), '600 65534\n');
  assert.equal(bench.output('t1', 'kind'), 'ramfs\n');
  assert.match(bench.output('t1', 'stderr'), /[Rr]ead-only/);
  // Outside there is the place for it only.
  assert.equal(bench.output('t1', 'token'), '');
  assert.deepEqual(readdirSync(`${bench.sandbox('t1')}/.secret`), []);
  const reference = { type: 'REFERENCE', reference: { name: 'store' } } as const;
  const unknown = { mode: 'RO', container_path: 'token' } as const;
  const source = { type: 'SECRET', secret: reference } as const;
  bench.launch('t2', {
    command: 'true',
    info: withContainer({ volumes: [{ ...unknown, source }] }),
  });
  const failed = bench.events.find((event) => event.kind === 'launch-failed');
  assert.match(failed?.message ?? '', /^Failed to resolve the secret of the volume 'token': /);
  assert.equal(readFileSync(place, 'utf8'), "the host's");
  // Nothing is made among the host's files.
  const missing = `${bench.folder}/missing`;
  const nowhere = withContainer({ volumes: [secretAt(missing)] });
  bench.launch('t3', { command: 'true', info: nowhere });
  assert.equal(await bench.failed('t3'), `Absolute container path '${missing}' does not exist`);
  assert.equal(existsSync(missing), false);
});
