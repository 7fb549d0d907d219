/** `linuxInfo` of apps, pods and containers in the form of Mesos (spec marathon-app-model, section 4). */
import type { LinuxInfo } from '../../../core/wire/types/mesos.v1.ts';
import type { RawLinuxInfo } from '../model/linux-rules.ts';

export function linuxInfoOf(
  raw: RawLinuxInfo | undefined,
  options: { readonly sharesCgroups?: boolean | undefined } = {},
): LinuxInfo | undefined {
  const { seccomp, ipcInfo } = raw ?? {};
  const { sharesCgroups } = options;
  if (seccomp === undefined && ipcInfo === undefined && sharesCgroups === undefined) {
    return undefined;
  }
  return {
    ...(seccomp === undefined
      ? {}
      : {
          seccomp: {
            profile_name: seccomp.profileName,
            unconfined: seccomp.unconfined ?? false,
          },
        }),
    ...(ipcInfo === undefined
      ? {}
      : { ipc_mode: ipcInfo.mode ?? 'PRIVATE', shm_size: ipcInfo.shmSize }),
    ...(sharesCgroups === undefined ? {} : { share_cgroups: sharesCgroups }),
  };
}
