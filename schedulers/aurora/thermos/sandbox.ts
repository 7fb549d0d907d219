/** The directory that the processes of a task run in (spec thermos, section 5.2). */
import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { Container } from '../thrift/types.ts';
import { findUser } from './users.ts';

const MODE = 0o700;

export interface SandboxOptions {
  /** The executor's own directory, where this runs. */
  readonly root: string;
  /** The same on the host, for containers of Docker. */
  readonly hostDirectory: string | undefined;
  readonly container: Container;
  /** Whom it belongs to; ourselves without one. */
  readonly user: string | undefined;
}

/** Gives the path of the sandbox. */
export function createSandbox(options: SandboxOptions): Result<string> {
  const { root, hostDirectory, container, user } = options;
  if ('mesos' in container && container.mesos.image !== undefined) {
    return err('tasks with a filesystem image are not supported');
  }
  const sandbox = join(root, 'sandbox');
  try {
    if ('docker' in container && hostDirectory !== undefined && !existsSync(hostDirectory)) {
      mkdirSync(dirname(hostDirectory), { recursive: true });
      symlinkSync(root, hostDirectory);
    }
    mkdirSync(sandbox, { recursive: true });
    chmodSync(sandbox, MODE);
    if (user === undefined) return ok(sandbox);
    const found = findUser(user);
    if (found === undefined) {
      return err(`Could not create sandbox because user does not exist: ${user}`);
    }
    chownSync(sandbox, found.uid, found.gid);
    return ok(sandbox);
  } catch (thrown) {
    return err(describeError(thrown));
  }
}
