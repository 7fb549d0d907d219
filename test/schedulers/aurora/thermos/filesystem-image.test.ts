/** Processes in the root of an image (spec thermos, sections 4 and 5.2). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CoordinatorOrder } from '../../../../schedulers/aurora/thermos/coordinator.ts';
import {
  createImageUser,
  fillImage,
  imageCommand,
  type Ran,
} from '../../../../schedulers/aurora/thermos/filesystem-image.ts';
import { DEFAULT_LOG } from '../../../../schedulers/aurora/thermos/process-log.ts';
import {
  RUNNER,
  readRunnerOptions,
  runnerArguments,
} from '../../../../schedulers/aurora/thermos/runner-options.ts';
import { createSandbox } from '../../../../schedulers/aurora/thermos/sandbox.ts';
import { ownUser } from '../../../../schedulers/aurora/thermos/users.ts';

const LAUNCH = { containerizer: '/bin/mc', sandbox: '/mnt/box' };
const COMMAND = { cmdline: 'echo "hello"', user: 'www', root: '/agent/taskfs' };

/** Answers by the first word. */
function answering(answers: Readonly<Record<string, Partial<Ran>>>) {
  const ran: string[] = [];
  const run = (argv: readonly string[]): Ran => {
    ran.push(argv.join(' '));
    return { code: 0, stdout: '', stderr: '', ...answers[argv[0] ?? ''] };
  };
  return { ran, run };
}

test('a containerizer gets what to launch as one document, or as flags where it knows only these', () => {
  const { run } = answering({ '/bin/mc': { stderr: '  --launch_info=VALUE' } });
  assert.deepEqual(imageCommand(LAUNCH, COMMAND, run), [
    ...['/bin/mc', 'launch', '--unshare_namespace_mnt'],
    '--launch_info={"command": {"shell": false, "arguments": ["/bin/bash", "-c", "echo \\"hello\\""], "value": "/bin/bash"}, ' +
      '"working_directory": "/mnt/box", "user": "www", "rootfs": "/agent/taskfs"}',
  ]);
  const old = answering({ '/bin/mc': { stderr: '  --command=VALUE' } });
  assert.deepEqual(imageCommand(LAUNCH, COMMAND, old.run), [
    ...['/bin/mc', 'launch', '--unshare_namespace_mnt', '--working_directory=/mnt/box'],
    ...['--rootfs=/agent/taskfs', '--user=www'],
    '--command={"shell": false, "arguments": ["/bin/bash", "-c", "echo \\"hello\\""], "value": "/bin/bash"}',
  ]);
});

const USER = { root: '/t', user: { name: 'www', uid: 5, gid: 6, group: 'web' } };

test('the user of a task is made in its image with the numbers of the host', () => {
  const { ran, run } = answering({});
  assert.ok(createImageUser(USER, run).ok);
  assert.deepEqual(ran, ['groupadd -R /t -g 6 web', 'useradd -R /t -u 5 -g 6 www']);
});

test('a user that the image has already must be the same, and what fails is told', () => {
  const error = (answers: Parameters<typeof answering>[0]): string => {
    const made = createImageUser(USER, answering(answers).run);
    return made.ok ? 'made' : made.error;
  };
  const same = {
    chroot: { stdout: 'uid=5(www) gid=6(web) groups=6(web)\n' },
    useradd: { code: 9 },
  };
  assert.equal(error(same), 'made');
  assert.match(
    error({ ...same, chroot: { stdout: 'uid=7(www) gid=6(web) groups=6(web)' } }),
    /^User group result uid=7.* does not start with expected prefix uid=5\(www\) gid=6\(web\) groups=$/,
  );
  assert.equal(error({ groupadd: { code: 4 }, chroot: { stdout: 'web:x:6:' } }), 'made');
  assert.match(
    error({ groupadd: { code: 4 }, chroot: { stdout: 'web:x:7:' } }),
    /^Group id result web:x:7: from image does not match name web and id 6$/,
  );
  assert.equal(
    error({ groupadd: { code: 1, stderr: 'no room\n' } }),
    'Failed to create group in sandbox for task image: no room',
  );
  assert.equal(
    error({ useradd: { code: 1, stderr: 'no room\n' } }),
    'Failed to create user in sandbox for task image: no room',
  );
});

function inDirectory(act: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    act(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('volumes and the sandbox are mounted into the image, files over files', () => {
  inDirectory((directory) => {
    const [root, sandbox, file] = ['taskfs', 'sandbox', 'key'].map((each) => join(directory, each));
    assert.ok(root !== undefined && sandbox !== undefined && file !== undefined);
    mkdirSync(join(root, 'etc'), { recursive: true });
    mkdirSync(sandbox);
    writeFileSync(file, 'k');
    const image = {
      root,
      sandbox,
      mountPoint: '/mnt/box',
      volumes: [file, 'taskfs'],
      user: undefined,
    };
    const { ran, run } = answering({});
    assert.ok(fillImage(image, run).ok);
    assert.deepEqual(ran, [
      `mount -n --rbind ${file} ${join(root, file)}`,
      `mount -n --rbind ${sandbox} ${root}/mnt/box`,
    ]);
    assert.equal(readFileSync(join(root, file), 'utf8'), '');
    assert.ok(existsSync(join(root, 'mnt/box')));
    const failing = answering({ mount: { code: 32, stderr: 'mount: no\n' } });
    const failed = fillImage({ ...image, volumes: [] }, failing.run);
    assert.equal(
      failed.ok ? '' : failed.error,
      `Failed to mount ${sandbox} at ${root}/mnt/box: mount: no`,
    );
  });
});

test('a task with an image is refused where nobody says where its sandbox is mounted', () => {
  inDirectory((root) => {
    const made = createSandbox({
      ...{ root, hostDirectory: undefined, user: undefined },
      container: { mesos: { image: { docker: { name: 'i', tag: 't' } } } },
      image: { containerizer: '/bin/mc', mountPoint: undefined, createsUser: true },
    });
    assert.equal(
      made.ok ? '' : made.error,
      'Failed to initialize FileSystemImageSandbox: no value specified for sandbox_mount_point',
    );
  });
});

test('the runner is told of the image by its flags', () => {
  const words = ['--thermos_json=/j', '--sandbox=/s', '--checkpoint_root=/c', '--task_id=t'];
  const image = ['--mesos_containerizer_path=/bin/mc', '--container_sandbox=/mnt/box'];
  const read = readRunnerOptions([...words, ...image]);
  assert.ok(read.ok);
  assert.deepEqual(read.value.image, LAUNCH);
  const [name, ...again] = runnerArguments(read.value);
  assert.equal(name, RUNNER);
  assert.deepEqual(readRunnerOptions(again), read);
  assert.equal(readRunnerOptions(words).ok && read.value.image === undefined, false);
});

test('a coordinator runs its process through the containerizer, at home in the image', () => {
  inDirectory((directory) => {
    const containerizer = join(directory, 'mc');
    // What it is asked without more is which flags it has.
    const script =
      '#!/bin/sh\nif [ $# -eq 1 ]; then echo launch_info >&2; else echo "$HOME $*"; fi\n';
    writeFileSync(containerizer, script);
    chmodSync(containerizer, 0o755);
    const sandbox = join(directory, 'sandbox');
    for (const each of [sandbox, join(directory, 'logs')]) mkdirSync(each);
    const user = ownUser();
    const order: CoordinatorOrder = {
      ...{ stream: join(directory, 'coordinator.run'), process: 'run', seq: 1, cmdline: 'true' },
      ...{ sandbox, logDirectory: join(directory, 'logs'), log: DEFAULT_LOG, user },
      ...{ isChrooted: false, keepsEnvironment: false },
      image: { containerizer, sandbox: '/mnt/box' },
    };
    const program = join(import.meta.dirname, '../../../../orrery.ts');
    execFileSync(process.execPath, [program, 'thermos-coordinator', 't', 'run', '0'], {
      input: JSON.stringify(order),
      env: { ...process.env, MESOS_DIRECTORY: '/agent' },
    });
    assert.equal(
      readFileSync(join(directory, 'logs/stdout'), 'utf8'),
      '/mnt/box launch --unshare_namespace_mnt --launch_info={"command": {"shell": false, "arguments": ["/bin/bash", "-c", "true"], ' +
        `"value": "/bin/bash"}, "working_directory": "/mnt/box", "user": "${user.name}", "rootfs": "/agent/taskfs"}\n`,
    );
  });
});
