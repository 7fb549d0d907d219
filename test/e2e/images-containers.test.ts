/** Containers with images in all their forms: groups, executors, users, after deaths. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  imagesLeftIn,
  NodeProvisioner,
} from '../../core/agent/containerizer/provisioner/provisioner.ts';
import { silentLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import type { TaskInfo } from '../../core/wire/types/mesos.v1.ts';
import { saveOld } from './support/image-archives.ts';
import { dockerImage, IMAGES, ImageBench, ISOLATION, inImage } from './support/image-bench.ts';
import { clock, isAlive } from './support/isolation-bench.ts';

const SHELL_LAYER = { hasShell: true, files: { 'etc/os': 'of the image' } };
const SHELL = { name: 'shell', layers: [SHELL_LAYER] };
const NOBODY = { uid: 65534, gid: 65534 };

test(
  'a process has the user, the limits and the capabilities it should, and no others',
  IMAGES,
  async (t) => {
    const isolation = `${ISOLATION},namespaces/pid,namespaces/ipc,linux/capabilities,posix/rlimits,linux/nnp`;
    const it = await ImageBench.start(t, { isolation });
    saveOld(it.archives, SHELL);
    const container = {
      linux_info: {
        effective_capabilities: { capabilities: ['NET_RAW'] },
        bounding_capabilities: { capabilities: ['NET_RAW', 'CHOWN'] },
        shm_size: 7,
      },
      rlimit_info: { rlimits: [{ type: 'RLMT_NOFILE', soft: 100, hard: 200 }] },
    } as const;
    const info = inImage('shell', container);
    // What would be dangerous if anything outside of the image listened to it.
    const environment = {
      variables: [
        { name: 'LD_PRELOAD', value: '/nothing.so' },
        { name: 'PERL5OPT', value: '-MNothing' },
        { name: 'LINES', value: 'a\nb=c' },
      ],
    };
    const value =
      'id; grep -E "^(Cap|NoNew)" /proc/self/status; ulimit -n; readlink /proc/self/ns/pid; echo "$LINES"; df -k /dev/shm | tail -n 1';
    await it.bench.run('t1', {
      command: '',
      user: { ...NOBODY, groups: [27, 30] },
      info: { ...info, command: { value, environment } },
    });
    await it.bench.updated('t1', 'TASK_FINISHED');
    const lines = it.bench.output('t1').split('\n');
    assert.match(lines[0] ?? '', /^uid=65534 gid=65534 groups=27,30(,65534)?$/);
    const bits = (only: number): string => only.toString(16).padStart(16, '0');
    const effective = bits(1 << 13);
    assert.deepEqual(lines.slice(1, 8), [
      ...['Inh', 'Prm', 'Eff'].map((name) => `Cap${name}:\t${effective}`),
      `CapBnd:\t${bits((1 << 13) | 1)}`,
      `CapAmb:\t${effective}`,
      'NoNewPrivs:\t1',
      '100',
    ]);
    assert.notEqual(lines[8], readlinkSync('/proc/self/ns/pid'));
    assert.deepEqual(lines.slice(9, 11), ['a', 'b=c']);
    assert.match(lines[11] ?? '', /^tmpfs +7168 /);
  },
);

test('the tasks of a group have images of their own, and what they share', IMAGES, async (t) => {
  const it = await ImageBench.start(t, { isolation: `${ISOLATION},namespaces/pid` });
  const { bench } = it;
  saveOld(it.archives, { ...SHELL, config: { Env: ['OS=shell'] } });
  saveOld(it.archives, {
    name: 'other',
    layers: [{ hasShell: true, files: { 'etc/os': 'other' } }],
  });
  const shared = {
    mode: 'RW',
    container_path: '/shared',
    source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'shared' } },
  } as const;
  const value = (name: string): string =>
    `cat /etc/os > os; echo $OS$MESOS_SANDBOX > env; readlink /proc/self/ns/pid > ns; echo ${name} > /shared/${name}; exec sleep 1000`;
  const health = {
    type: 'COMMAND',
    command: { value: 'test -e /shared/a && cat /etc/os > probed' },
    delay_seconds: 0,
    interval_seconds: 0.05,
  } as const;
  await bench.runGroup('e1', {
    a: {
      command: value('a'),
      info: { ...inImage('shell', { volumes: [shared] }), health_check: health },
    },
    b: { command: value('b'), info: inImage('other', { volumes: [shared] }) },
    c: { command: 'cat /etc/os || echo none > os; exec sleep 1000' },
  });
  const file = (path: string): string | undefined => {
    const full = join(bench.sandbox('e1'), path);
    return existsSync(full) ? readFileSync(full, 'utf8').trim() || undefined : undefined;
  };
  const [a, b] = [
    await bench.until('a', () => file('a/ns')),
    await bench.until('b', () => file('b/ns')),
  ];
  assert.notEqual(a, b);
  assert.notEqual(a, readlinkSync('/proc/self/ns/pid'));
  assert.deepEqual([file('a/os'), file('b/os')], ['of the image', 'other']);
  assert.equal(await bench.until('c', () => file('c/os')), 'none');
  assert.deepEqual(
    [file('a/env'), file('b/env')],
    ['shell/mnt/mesos/sandbox', '/mnt/mesos/sandbox'],
  );
  await bench.until('both', () => (file('shared/a') && file('shared/b') ? true : undefined));
  assert.equal(await bench.until('the check', () => file('a/probed')), 'of the image');
  assert.deepEqual(it.containers(), ['e1']);
  bench.it.destroy('e1');
  await bench.exited('e1');
  assert.deepEqual([it.containers(), it.mounts()], [[], []]);
});

test('a group fails whole when the image of one task is missing', IMAGES, async (t) => {
  const it = await ImageBench.start(t);
  saveOld(it.archives, SHELL);
  await it.bench.runGroup('e1', {
    a: { command: 'sleep 1000', info: inImage('shell') },
    b: { command: 'sleep 1000', info: inImage('none') },
  });
  const { message } = await it.bench.updated('b', 'TASK_FAILED');
  assert.match(message ?? '', /^Failed to find archive for image 'none' at /);
  await it.bench.updated('a', 'TASK_KILLED');
  await it.bench.until('nothing nested', () => (it.mounts().length === 0 ? true : undefined));
});

test('a custom executor lives in its image', IMAGES, async (t) => {
  const it = await ImageBench.start(t);
  saveOld(it.archives, {
    ...SHELL,
    config: { Cmd: ['/bin/sh', '-c', 'cat /etc/os > os; pwd >> os; exec sleep 1000'] },
  });
  const { bench } = it;
  const info: TaskInfo = bench.infoOf('e1', { command: '', info: inImage('shell') });
  const { taskInfo: _none, ...config } = bench.configOf('e1', { command: '' }, info);
  mkdirSync(bench.sandbox('e1'));
  const command = { shell: false, value: '', arguments: [], environment: { PATH: '/bin' } };
  bench.it.launch({
    ...config,
    spec: { ...config.spec, kind: 'process', command },
    executorInfo: { ...config.executorInfo, command: { shell: false } },
  });
  const os = join(bench.sandbox('e1'), 'os');
  await bench.until('its file', () =>
    existsSync(os) && statSync(os).size > 20 ? true : undefined,
  );
  assert.equal(readFileSync(os, 'utf8'), 'of the image/mnt/mesos/sandbox\n');
  bench.it.destroy('e1');
  await bench.exited('e1');
  assert.deepEqual([it.containers(), it.mounts()], [[], []]);
});

test(
  'root file systems outlive the agent and the launcher, and go with their container',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t);
    const { bench } = it;
    saveOld(it.archives, SHELL);
    const command =
      'trap "cat /etc/os > end; exit 3" TERM; echo ready; while :; do sleep 0.02; done';
    const pid = await bench.run('t1', { command, info: inImage('shell') });
    await bench.until('its trap', () => (bench.output('t1').includes('ready') ? true : undefined));
    const mounts = it.mounts();
    assert.equal(mounts.length, 1);
    // What a dead agent was provisioning belongs to nobody.
    mkdirSync(join(bench.folder, 'provisioner/containers/orphan/backends/copy/rootfses/r/bin'), {
      recursive: true,
    });
    await bench.restart();
    assert.deepEqual([it.containers(), it.mounts()], [['t1'], mounts]);
    bench.events.length = 0;
    process.kill(bench.launcherPid, 'SIGKILL');
    await bench.until('another launcher', () =>
      bench.events.some(({ kind }) => kind === 'report') ? true : undefined,
    );
    assert.ok(isAlive(pid));
    bench.it.kill('t1', 't1', 5_000);
    await bench.updated('t1', 'TASK_KILLED');
    assert.equal(readFileSync(join(bench.sandbox('t1'), 'end'), 'utf8'), 'of the image');
    bench.acknowledge('t1');
    await bench.exited('t1');
    assert.deepEqual([it.containers(), it.mounts()], [[], []]);
  },
);

test(
  'a container that is destroyed while its image is provisioned ends at once and leaves nothing',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t, { backend: 'copy' });
    saveOld(it.archives, SHELL);
    it.bench.launch('t1', { command: 'sleep 1000', info: inImage('shell') });
    it.bench.it.destroy('t1');
    const { status } = await it.bench.exited('t1');
    assert.equal(status, 9);
    await it.bench.until('the pull', () => (it.provisioner.metrics().size > 1 ? true : undefined));
    await it.bench.until('nothing', () => (it.containers().length === 0 ? true : undefined));
    assert.ok(it.bench.events.every(({ kind }) => kind !== 'started'));
  },
);

test('a session in a container sees the files of its image', IMAGES, async (t) => {
  const it = await ImageBench.start(t, { isolation: `${ISOLATION},namespaces/pid` });
  const { bench } = it;
  saveOld(it.archives, SHELL);
  const environment = { variables: [{ name: 'A', value: 'of the task' }] };
  const command = { value: 'exec sleep 1000', environment };
  await bench.run('t1', { command: '', info: { ...inImage('shell'), command } });
  const sandbox = join(bench.sandbox('t1'), 'session');
  mkdirSync(sandbox);
  bench.containers?.request({
    kind: 'plain-launch',
    spec: {
      id: 't1.s1',
      command: {
        shell: true,
        value: 'cat /etc/os; pwd; id -u; echo $A',
        arguments: [],
        environment: {},
      },
      ...{ baseEnvironment: {}, inheritsFrom: 't1', note: { resources: [] }, user: NOBODY },
      ...{ sandbox, workingDirectory: sandbox, io: 'files', isSession: true },
    },
  });
  const printed = (): string | undefined => {
    const path = join(sandbox, 'stdout');
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return text.split('\n').length > 3 ? text : undefined;
  };
  assert.equal(
    await bench.until('its output', printed),
    'of the image/mnt/mesos/sandbox\n65534\nof the task\n',
  );
  bench.it.destroy('t1');
  await bench.exited('t1');
});

test(
  'a nested container without an image sees the files of its parent, with namespaces and volumes of its own',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t, { isolation: `${ISOLATION},namespaces/pid` });
    const { bench } = it;
    saveOld(it.archives, SHELL);
    const command = 'echo written > /etc/more; echo mine > file; exec sleep 1000';
    await bench.run('t1', { command, info: inImage('shell') });
    await bench.until('its file', () => bench.has('t1', 'file') || undefined);
    const outside = join(bench.folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'given'), 'by the host\n');
    const info = {
      type: 'MESOS',
      volumes: [
        {
          mode: 'RO',
          container_path: '/data/here',
          source: { type: 'HOST_PATH', host_path: { path: outside } },
        },
      ],
    } as const;
    const quoted = `'${outside}'`;
    const look = `cat /etc/os; echo; cat /etc/more file /data/here/given; echo $$; cat /proc/1/comm; [ -e ${quoted} ] || echo hidden; exec sleep 1000`;
    await bench.plain('t1.n', { command: look, info });
    const nested = 'containers/n/stdout';
    await bench.until('its report', () => (bench.lines('t1', nested) === 7 ? true : undefined));
    const [image, written, file, given, ...others] = bench.output('t1', nested).split('\n');
    assert.deepEqual(
      [image, written, file, given],
      ['of the image', 'written', 'mine', 'by the host'],
    );
    assert.deepEqual(others.slice(1, 3), ['orrery-rootfs', 'hidden']);
    const deaf = 'trap "exit 4" TERM; echo up; while :; do sleep 0.05; done';
    await bench.plain('t1.signalled', { command: deaf });
    const heard = 'containers/signalled/stdout';
    await bench.until('its trap', () => (bench.lines('t1', heard) === 1 ? true : undefined));
    bench.containers?.request({ kind: 'plain-signal', id: 't1.signalled', signal: 15 });
    assert.equal((await bench.containerEvent('t1.signalled', 'plain-ended')).status, 4 << 8);
    bench.it.destroy('t1');
    assert.equal((await bench.containerEvent('t1.n', 'plain-ended')).status, 9);
    await bench.exited('t1');
    assert.deepEqual(it.mounts(), []);
  },
);

test(
  'an agent without images removes the root file systems that an earlier one has left',
  IMAGES,
  async (t) => {
    const it = await ImageBench.start(t);
    saveOld(it.archives, SHELL);
    const workDir = it.bench.folder;
    assert.equal(imagesLeftIn(workDir), undefined);
    await it.bench.run('t1', { command: 'sleep 1000', info: inImage('shell') });
    const left = imagesLeftIn(workDir);
    assert.ok(left !== undefined);
    const http = createHttpClient();
    t.after(() => http.close());
    const ports = { http, clock, log: silentLog, random: new SystemRandom() };
    const next = new NodeProvisioner(left, ports);
    await next.recover(new Set(['t1']));
    assert.deepEqual(it.containers(), ['t1']);
    await assert.rejects(next.provision('t2', dockerImage('shell')), {
      message: 'Unsupported container image type: DOCKER',
    });
    it.bench.it.destroy('t1');
    await it.bench.exited('t1');
    mkdirSync(join(workDir, 'provisioner/containers/orphan/backends/copy/rootfses/r/bin'), {
      recursive: true,
    });
    await next.recover(new Set());
    assert.deepEqual([it.containers(), it.mounts()], [[], []]);
    await next.stop();
  },
);
