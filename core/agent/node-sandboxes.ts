/** Sandboxes on the real disk: directory with its owner, volumes linked, files fetched. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError } from '../base/errors.ts';
import type { UserIds } from '../executor/hosted.ts';
import type { PreparedSandbox } from './effects.ts';
import type { Fetcher } from './fetcher/fetcher.ts';
import { openOutputFile } from './output-file.ts';
import type { Sandboxes, SandboxRequest } from './ports.ts';
import { type SystemUser, SystemUsers } from './users.ts';

const SANDBOX_MODE = 0o750;

export class NodeSandboxes implements Sandboxes {
  private readonly fetcher: Fetcher;
  private readonly users = new SystemUsers();

  constructor(fetcher: Fetcher) {
    this.fetcher = fetcher;
  }

  prepare(
    request: SandboxRequest,
    signal: AbortSignal,
  ): PreparedSandbox | Promise<PreparedSandbox> {
    const { directory, containerId, uris } = request;
    let user: SystemUser | undefined;
    try {
      user = makeSandbox(request, this.users);
    } catch (thrown) {
      const message = `Failed to create executor directory '${directory}': ${describeError(thrown)}`;
      return { ok: false, stage: 'directory', message };
    }
    const ids = idsOf(user);
    if (uris.length === 0) return { ok: true, user: ids };
    return this.fetcher
      .fetchAll(containerId, uris, { directory, user, signal })
      .then((fetched) =>
        fetched.ok
          ? { ok: true, user: ids }
          : { ok: false, stage: 'fetch', message: fetched.error },
      );
  }
}

function idsOf(user: SystemUser | undefined): UserIds | undefined {
  if (user === undefined) return undefined;
  const { uid, gid, groups } = user;
  return groups.length === 0 ? { uid, gid } : { uid, gid, groups };
}

/** Gives the user to switch to; none when it is the agent's own. */
function makeSandbox(request: SandboxRequest, users: SystemUsers): SystemUser | undefined {
  const { directory } = request;
  refuseLinks(directory);
  // From above: a directory whose parents are missing, too, is tried again and again by Node.
  mkdirSync(dirname(directory), { recursive: true });
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, SANDBOX_MODE);
  const user = userToSwitchTo(request.user, users);
  for (const { path, target, makesTarget } of request.links) {
    const link = join(directory, path);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
    if (makesTarget === true) makeShared(target, user);
  }
  // The launcher opens these with its own rights; they must belong to the task's user.
  for (const name of ['stdout', 'stderr']) makeOutput(join(directory, name), user);
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  return user;
}

/**
 * The sandbox of a nested container is in that of its parent, whose user may have put links there: this would make
 * directories where they lead, and give them away.
 */
function refuseLinks(directory: string): void {
  const [nested = ''] = /(\/containers\/[^/]+)+$/.exec(directory) ?? [];
  let at = directory.slice(0, directory.length - nested.length);
  for (const name of nested.split('/').slice(1)) {
    at = `${at}/${name}`;
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() === true) throw new Error(`'${at}' is a symbolic link`);
  }
}

function makeOutput(path: string, user: SystemUser | undefined): void {
  const output = openOutputFile(path);
  try {
    if (user !== undefined) fchownSync(output, user.uid, user.gid);
  } finally {
    closeSync(output);
  }
}

/** Several tasks may share it, in any order; who comes first owns it. */
function makeShared(directory: string, user: SystemUser | undefined): void {
  if (mkdirSync(directory, { recursive: true }) === undefined) return;
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
}

function userToSwitchTo(name: string | undefined, users: SystemUsers): SystemUser | undefined {
  if (name === undefined || name === '') return undefined;
  const user = users.find(name);
  if (user === undefined) {
    throw new Error(`Failed to chown directory to '${name}': No such user '${name}'`);
  }
  return user.uid === process.getuid?.() ? undefined : user;
}
