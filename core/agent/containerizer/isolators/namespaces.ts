/** `namespaces/pid`, `namespaces/ipc`: what of the kernel a container has for itself (section 8.3). */
import { err, ok } from '../../../base/result.ts';
import { type Isolator, isNested } from '../isolator.ts';
import { mountLines } from './mount-lines.ts';

/** Tasks of a group live in the namespaces of their executor. */
export function pidNamespaceIsolator(mayShareAgents: boolean): Isolator {
  return {
    name: 'namespaces/pid',
    prepare: ({ id, containerInfo, image }) => {
      const namespaces = ['mount', 'pid'] as const;
      if (isNested(id)) return ok({ namespaces });
      if (containerInfo?.linux_info?.share_pid_namespace === true) {
        if (mayShareAgents) return ok({});
        return err('Sharing agent pid namespace with the top-level container is disallowed');
      }
      // A root file system has its own.
      if (image !== undefined) return ok({ namespaces });
      const setup = ['mount -n -t proc -o nosuid,noexec,nodev proc /proc'];
      return ok({ namespaces, setup });
    },
  };
}

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
      if (isNested(id)) {
        if (mode !== 'PRIVATE' && megabytes === undefined) return ok({ namespaces });
        return err('A nested container cannot have an IPC namespace of its own on this agent');
      }
      if (mode === 'SHARE_PARENT') {
        if (megabytes !== undefined) {
          return err('The size of /dev/shm can only be set for a private IPC namespace');
        }
        if (options.mayShareAgents) return ok({});
        return err('Sharing agent IPC namespace with the top-level container is disallowed');
      }
      const bytes = megabytes === undefined ? options.shmBytes : megabytes * 1024 ** 2;
      const size = bytes === undefined ? '' : `,size=${bytes}`;
      const mount = { type: 'tmpfs', options: `mode=1777,nosuid,nodev${size}`, target: '/dev/shm' };
      return ok({ namespaces, setup: mountLines(container, mount) });
    },
  };
}
