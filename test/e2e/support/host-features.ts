/**
 * What of isolation this machine can do, found out by trying. A test that needs a feature runs where
 * it is there; each file prints which it found.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';

export type HostFeature =
  | 'root'
  | 'namespaces'
  | 'bridges'
  | `cgroup:${string}`
  | 'setpriv'
  | 'prlimit';

/** Why the test is skipped; undefined when everything it needs is there. */
export function missing(...features: readonly HostFeature[]): string | undefined {
  const absent = features.filter((each) => !isThere(each));
  return absent.length === 0 ? undefined : `this machine lacks ${absent.join(', ')}`;
}

/** For the `skip` option of a test; also tells the log what was found. */
export function needs(...features: readonly HostFeature[]): { readonly skip: string | false } {
  return { skip: missing(...features) ?? false };
}

const found = new Map<HostFeature, boolean>();

function isThere(feature: HostFeature): boolean {
  const known = found.get(feature);
  if (known !== undefined) return known;
  const answer = probe(feature);
  found.set(feature, answer);
  process.stdout.write(`isolation: ${feature} ${answer ? 'is there' : 'is missing'}\n`);
  return answer;
}

function probe(feature: HostFeature): boolean {
  if (feature === 'root') return process.getuid?.() === 0;
  if (feature === 'namespaces') {
    return works('unshare', [
      '--mount',
      '--pid',
      '--ipc',
      '--fork',
      'mount',
      '-t',
      'tmpfs',
      't',
      '/mnt',
    ]);
  }
  if (feature === 'bridges') {
    return works('unshare', ['--net', 'ip', 'link', 'add', 'probe', 'type', 'bridge']);
  }
  if (feature === 'setpriv' || feature === 'prlimit') return works(feature, ['--version']);
  return canMakeCgroup(feature.slice('cgroup:'.length));
}

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, [...args], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function canMakeCgroup(subsystem: string): boolean {
  const root = `/sys/fs/cgroup/${subsystem}`;
  if (!existsSync(`${root}/cgroup.procs`)) return false;
  const path = `${root}/orrery-probe-${process.pid}`;
  try {
    mkdirSync(path);
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
