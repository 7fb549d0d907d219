/** Mounts that containers share with the host (`mount_propagation`), real ones. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ContainerInfo, MountPropagationMode } from '../../core/wire/types/mesos.v1.ts';
import { needs } from './support/host-features.ts';
import { IsolationBench } from './support/isolation-bench.ts';

const NAMESPACES = needs('root', 'namespaces', 'cgroup:freezer');

/** A file system of its own; make it before the bench, so that it goes before that is removed. */
function mounted(t: TestContext, name: string, propagation: 'shared' | 'private'): string {
  const folder = mkdtempSync(join(tmpdir(), 'mounts-'));
  const path = join(folder, name);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
  t.after(() => {
    execFileSync('umount', ['--recursive', '--lazy', path]);
    rmSync(folder, { recursive: true });
  });
  execFileSync('mount', [`--make-${propagation}`, path]);
  return path;
}

function volumeAt(
  host: string,
  target: string,
  mode: MountPropagationMode = 'BIDIRECTIONAL',
): ContainerInfo {
  const host_path = { path: host, mount_propagation: { mode } };
  const source = { type: 'HOST_PATH', host_path } as const;
  return { type: 'MESOS', volumes: [{ mode: 'RW', container_path: target, source }] };
}

/** Where something is mounted on the host, below these folders: others mount things meanwhile. */
function mountPoints(...folders: readonly string[]): readonly string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  const points = lines.map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  return points.filter((point) => folders.some((folder) => point.startsWith(`${folder}/`)));
}

test(
  'what a task mounts below a shared volume is mounted on the host, and nothing else',
  NAMESPACES,
  async (t) => {
    const host = mounted(t, 'a shared one', 'shared');
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux']);
    mkdirSync(`${host}/deep/seen`, { recursive: true });
    const command =
      'mkdir own; mount -t tmpfs tmpfs own; mount -t tmpfs tmpfs here/seen; echo hi > here/seen/file';
    const info = volumeAt(`${host}/deep`, 'here');
    await bench.run('t1', { command, info: { container: info } });
    await bench.updated('t1', 'TASK_FINISHED');
    assert.equal(
      readFileSync(`${host}/deep/seen/file`, 'utf8'),
      'hi\n',
      bench.output('t1', 'stderr'),
    );
    assert.deepEqual(mountPoints(host, bench.folder), [`${host}/deep/seen`]);
  },
);

test(
  'what the host mounts below a shared volume is seen by the task, at the same path too',
  NAMESPACES,
  async (t) => {
    const host = mounted(t, 'shared', 'shared');
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux,namespaces/pid']);
    mkdirSync(`${host}/there`);
    const command =
      `while [ ! -e ${host}/there/file ]; do sleep 0.02; done; mkdir ${host}/back; ` +
      `mount -t tmpfs tmpfs ${host}/back; echo hi > ${host}/back/file`;
    await bench.run('t1', { command, info: { container: volumeAt(host, host) } });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', `${host}/there`]);
    execFileSync('touch', [`${host}/there/file`]);
    await bench.updated('t1', 'TASK_FINISHED');
    assert.equal(readFileSync(`${host}/back/file`, 'utf8'), 'hi\n');
  },
);

test(
  'without being asked to, a task of the same volume mounts for itself alone',
  NAMESPACES,
  async (t) => {
    const host = mounted(t, 'shared', 'shared');
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux']);
    mkdirSync(`${host}/seen`);
    const command = 'mount -t tmpfs tmpfs here/seen && echo hi > here/seen/file';
    const info = { container: volumeAt(host, 'here', 'HOST_TO_CONTAINER') };
    await bench.run('t1', { command, info });
    await bench.updated('t1', 'TASK_FINISHED');
    assert.equal(existsSync(`${host}/seen/file`), false);
  },
);

test(
  'a path that is not under a shared mount, or not there, cannot be shared',
  NAMESPACES,
  async (t) => {
    const host = mounted(t, 'private', 'private');
    const bench = await IsolationBench.start(t, ['--isolation=filesystem/linux']);
    const failure = async (id: string, path: string): Promise<string> => {
      bench.launch(id, { command: 'true', info: { container: volumeAt(path, 'here') } });
      const failed = await bench.until('the failure', () =>
        bench.events.find((event) => event.kind === 'launch-failed' && event.containerId === id),
      );
      return failed.kind === 'launch-failed' ? failed.message : '';
    };
    assert.equal(
      await failure('t1', host),
      `Cannot setup bidirectional mount propagation for host path '${host}' because it is not under a shared mount`,
    );
    assert.equal(
      await failure('t2', `${host}/missing`),
      `Path '${host}/missing' in HOST_PATH volume does not exist`,
    );
  },
);
