/** `namespaces/pid`, `namespaces/ipc`: what of the kernel a container has for itself (section 8.3). */
import { err, ok } from '../../../base/result.ts';
import { type IsolatedContainer, type Isolator, isNested } from '../isolator.ts';
import type { PlanPart } from '../plan.ts';
import { mountLines } from './mount-lines.ts';

/** A container has one of its own unless it says otherwise; a session never has. */
export function pidNamespaceIsolator(mayShareAgents: boolean): Isolator {
  return {
    name: 'namespaces/pid',
    prepare: ({ id, containerInfo, image, isSession }) => {
      const namespaces = ['mount', 'pid'] as const;
      const isShared = containerInfo?.linux_info?.share_pid_namespace === true;
      if (isNested(id) && (isShared || isSession)) return ok({ namespaces });
      if (isShared) {
        if (mayShareAgents) return ok({});
        return err('Sharing agent pid namespace with the top-level container is disallowed');
      }
      // A root file system has its own.
      const setup =
        image === undefined ? ['mount -n -t proc -o nosuid,noexec,nodev proc /proc'] : [];
      return ok({ namespaces, setup, ...(isNested(id) ? { ownNamespaces: ['pid'] } : {}) });
    },
  };
}

/** A container on its own has one; nested ones, only when they say so. */
export function ipcNamespaceIsolator(options: {
  readonly mayShareAgents: boolean;
  /** `--default_container_shm_size`. */
  readonly shmBytes: number | undefined;
}): Isolator {
  return {
    name: 'namespaces/ipc',
    prepare: (container) => {
      const { id, containerInfo } = container;
      const namespaces = ['mount', 'ipc'] as const;
      const { ipc_mode: mode, shm_size: megabytes } = containerInfo?.linux_info ?? {};
      const isPrivate = mode === 'PRIVATE' || (!isNested(id) && mode !== 'SHARE_PARENT');
      if (!isPrivate) {
        if (megabytes !== undefined) {
          return err('The size of /dev/shm can only be set for a private IPC namespace');
        }
        if (isNested(id)) return ok({ namespaces });
        if (options.mayShareAgents) return ok({});
        return err('Sharing agent IPC namespace with the top-level container is disallowed');
      }
      const bytes = megabytes === undefined ? options.shmBytes : megabytes * 1024 ** 2;
      const part = { namespaces, setup: sharedMemoryLines(container, bytes) };
      return ok(isNested(id) ? { ...part, ownNamespaces: ['ipc'] } : part);
    },
  };
}

function sharedMemoryLines(
  container: IsolatedContainer,
  bytes: number | undefined,
): NonNullable<PlanPart['setup']> {
  const size = bytes === undefined ? '' : `,size=${bytes}`;
  const options = `mode=1777,nosuid,nodev${size}`;
  return mountLines(container, { type: 'tmpfs', options, target: '/dev/shm' });
}
