/** The directory that the processes of a task run in (spec thermos, section 5.2). */
import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { Container } from '../thrift/types.ts';
import type { ImageOptions } from './executor-options.ts';
import { createImageUser, fillImage, imageRoot } from './filesystem-image.ts';
import { findUser, groupNameOf, type SystemUser } from './users.ts';

const MODE = 0o700;

export interface SandboxOptions {
  /** The executor's own directory, where this runs. */
  readonly root: string;
  /** The same on the host, for containers of Docker. */
  readonly hostDirectory: string | undefined;
  readonly container: Container;
  /** Whom it belongs to; ourselves without one. */
  readonly user: string | undefined;
  readonly image: ImageOptions;
}

/** Gives the path of the sandbox. */
export function createSandbox(options: SandboxOptions): Result<string> {
  const { root, hostDirectory, container, user } = options;
  const sandbox = join(root, 'sandbox');
  try {
    if ('docker' in container && hostDirectory !== undefined && !existsSync(hostDirectory)) {
      mkdirSync(dirname(hostDirectory), { recursive: true });
      symlinkSync(root, hostDirectory);
    }
    mkdirSync(sandbox, { recursive: true });
    chmodSync(sandbox, MODE);
    const owner = user === undefined ? undefined : findUser(user);
    if (user !== undefined && owner === undefined) {
      return err(`Could not create sandbox because user does not exist: ${user}`);
    }
    // Agents from 1.6 on let nobody else into the directory of an executor.
    if (owner !== undefined)
      for (const each of [root, sandbox]) chownSync(each, owner.uid, owner.gid);
    if (!hasImage(container)) return ok(sandbox);
    const filled = withImage(options, { sandbox, owner });
    return filled.ok ? ok(sandbox) : filled;
  } catch (thrown) {
    return err(describeError(thrown));
  }
}

export function hasImage(container: Container): boolean {
  return 'mesos' in container && container.mesos.image !== undefined;
}

function withImage(
  { root, hostDirectory, container, image }: SandboxOptions,
  { sandbox, owner }: { readonly sandbox: string; readonly owner: SystemUser | undefined },
): Result<undefined> {
  const { mountPoint, createsUser } = image;
  if (mountPoint === undefined) {
    return err(
      'Failed to initialize FileSystemImageSandbox: no value specified for sandbox_mount_point',
    );
  }
  const group = owner === undefined ? undefined : groupNameOf(owner.gid);
  const user = owner === undefined || group === undefined ? undefined : { ...owner, group };
  const volumes = 'mesos' in container ? (container.mesos.volumes ?? []) : [];
  const filling = {
    root: imageRoot(hostDirectory ?? root),
    ...{ sandbox, mountPoint, user, volumes: volumes.map(({ containerPath }) => containerPath) },
  };
  const made = createsUser ? createImageUser(filling) : ok(undefined);
  return made.ok ? fillImage(filling) : made;
}
