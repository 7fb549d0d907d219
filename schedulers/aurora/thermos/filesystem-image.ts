/**
 * Tasks whose processes run in a root of their own, made from an image (spec thermos, sections 4 and 5.2): the agent
 * mounts the image beside the sandbox, the sandbox is mounted into it, and `mesos-containerizer launch` changes the root.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { jsonOf } from '../config/pystachio/plain.ts';
import type { SystemUser } from './users.ts';

/** Where the agent mounts the image, below the executor's directory. */
const TASK_FILESYSTEM = 'taskfs';
/** What `groupadd` and `useradd` say of a number, or of a name, that is there. */
const ALREADY_THERE: readonly number[] = [4, 9];
/** The agent brings these into the containers that it starts itself. */
const NETWORK_FILES = ['etc/resolv.conf', 'etc/hosts', 'etc/hostname'];

export interface Ran {
  /** Undefined when it could not be started. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunProgram = (argv: readonly string[]) => Ran;

export const runProgram: RunProgram = ([program = '', ...words]) => {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  return { code: status ?? undefined, stdout: stdout ?? '', stderr: stderr ?? String(error ?? '') };
};

export interface ImageLaunch {
  /** The program `mesos-containerizer`. */
  readonly containerizer: string;
  /** The sandbox as the processes see it. */
  readonly sandbox: string;
}

export function imageRoot(executorDirectory: string): string {
  return join(executorDirectory, TASK_FILESYSTEM);
}

/** The words that run a command line in the image. Containerizers up to 1.1 take the parts as flags. */
export function imageCommand(
  { containerizer, sandbox }: ImageLaunch,
  command: { readonly cmdline: string; readonly user: string; readonly root: string },
  run: RunProgram = runProgram,
): readonly string[] {
  const { cmdline, user, root } = command;
  const shell = new Map<string, boolean | string | readonly string[]>([
    ['shell', false],
    ['arguments', ['/bin/bash', '-c', cmdline]],
    ['value', '/bin/bash'],
  ]);
  const words = [containerizer, 'launch', '--unshare_namespace_mnt'];
  if (!run([containerizer, 'launch']).stderr.includes('launch_info')) {
    const place = [`--working_directory=${sandbox}`, `--rootfs=${root}`, `--user=${user}`];
    return [...words, ...place, `--command=${jsonOf(shell)}`];
  }
  const info = new Map<string, string | typeof shell>([
    ['command', shell],
    ['working_directory', sandbox],
    ['user', user],
    ['rootfs', root],
  ]);
  return [...words, `--launch_info=${jsonOf(info)}`];
}

export interface ImageSandbox {
  /** Of the image. */
  readonly root: string;
  /** On the host. */
  readonly sandbox: string;
  readonly mountPoint: string;
  /** Paths of volumes in the executor's container, which the processes see, too. */
  readonly volumes: readonly string[];
  /** Made in the image; nobody without one. */
  readonly user: (SystemUser & { readonly group: string }) | undefined;
}

/** The user of the task, with its numbers on this host, in the image. */
export function createImageUser(
  { root, user }: Pick<ImageSandbox, 'root' | 'user'>,
  run: RunProgram = runProgram,
): Result<undefined> {
  if (user === undefined) return ok(undefined);
  const { name, uid, gid, group } = user;
  const grouped = run(['groupadd', '-R', root, '-g', String(gid), group]);
  if (grouped.code !== 0) {
    if (!ALREADY_THERE.includes(grouped.code ?? -1)) {
      return err(`Failed to create group in sandbox for task image: ${grouped.stderr.trim()}`);
    }
    const known = run(['chroot', root, 'getent', 'group', group]).stdout;
    const [knownName, , knownId] = known.split(':');
    if (knownName !== group || knownId !== String(gid)) {
      return err(`Group id result ${known} from image does not match name ${group} and id ${gid}`);
    }
  }
  const added = run(['useradd', '-R', root, '-u', String(uid), '-g', String(gid), name]);
  if (added.code === 0) return ok(undefined);
  if (!ALREADY_THERE.includes(added.code ?? -1)) {
    return err(`Failed to create user in sandbox for task image: ${added.stderr.trim()}`);
  }
  const known = run(['chroot', root, 'id', name]).stdout;
  const expected = `uid=${uid}(${name}) gid=${gid}(${group}) groups=`;
  if (known.startsWith(expected)) return ok(undefined);
  return err(
    `User group result ${known} from task image does not start with expected prefix ${expected}`,
  );
}

/** Mounts volumes and sandbox into the image and copies what names the network. */
export function fillImage(image: ImageSandbox, run: RunProgram = runProgram): Result<undefined> {
  const { root, sandbox, mountPoint, volumes } = image;
  const mounts = [
    ...volumes.filter((each) => each !== TASK_FILESYSTEM).map((each) => [each, each] as const),
    [sandbox, mountPoint] as const,
  ];
  for (const [source, place] of mounts) {
    const target = join(root, place);
    makeMountPoint(source, target);
    const { code, stderr } = run(['mount', '-n', '--rbind', source, target]);
    if (code !== 0) return err(`Failed to mount ${source} at ${target}: ${stderr.trim()}`);
  }
  for (const path of NETWORK_FILES) {
    if (existsSync(`/${path}`)) copyFileSync(`/${path}`, join(root, path));
  }
  return ok(undefined);
}

/** A file is mounted over a file. */
function makeMountPoint(source: string, target: string): void {
  const isFile = existsSync(source) && statSync(source).isFile();
  mkdirSync(isFile ? dirname(target) : target, { recursive: true });
  if (isFile && !existsSync(target)) writeFileSync(target, '');
}
