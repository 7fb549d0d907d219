/** `linuxInfo`: its shape and rules (spec marathon-app-model, section 4). */
import { type Violation, violation } from './violations.ts';

export interface RawLinuxInfo {
  readonly seccomp?: {
    readonly profileName?: string | undefined;
    readonly unconfined?: boolean | undefined;
  };
  readonly ipcInfo?: {
    readonly mode?: 'PRIVATE' | 'SHARE_PARENT' | undefined;
    /** MiB. */
    readonly shmSize?: number | undefined;
  };
}

export const LINUX_INFO_SCHEMA = {
  type: 'object',
  properties: {
    seccomp: {
      type: 'object',
      properties: { profileName: { type: 'string' }, unconfined: { type: 'boolean' } },
    },
    ipcInfo: {
      type: 'object',
      properties: {
        mode: { type: 'string', names: ['PRIVATE', 'SHARE_PARENT'] },
        shmSize: { type: 'integer', minimum: 0 },
      },
    },
  },
};

export function violationsOfLinuxInfo(
  info: RawLinuxInfo | undefined,
  path: string,
): readonly Violation[] {
  const found: Violation[] = [];
  const { seccomp, ipcInfo } = info ?? {};
  if (seccomp !== undefined) {
    const isUnconfined = seccomp.unconfined === true;
    if (seccomp.profileName !== undefined && isUnconfined) {
      const text = 'Seccomp unconfined can NOT be true when Profile is defined';
      found.push(violation(`${path}/seccomp`, text));
    }
    if (seccomp.profileName === undefined && !isUnconfined) {
      const text = 'Seccomp unconfined must be true when Profile is NOT defined';
      found.push(violation(`${path}/seccomp`, text));
    }
  }
  if (ipcInfo?.mode === 'SHARE_PARENT' && ipcInfo.shmSize !== undefined) {
    const text = 'ipcInfo shmSize can NOT be set when mode is SHARE_PARENT';
    found.push(violation(`${path}/ipcInfo`, text));
  }
  return found;
}
