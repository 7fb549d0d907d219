/** `--allowed_devices`: what containers may use beside what all may (spec agent-runtime, section 8.1). */
import { err, ok, type Result } from '../../base/result.ts';
import { fromJson } from '../../wire/json.ts';
import type { IsolationHost } from './isolation-options.ts';

export function compileAllowedDevices(
  tree: unknown,
  isolators: readonly string[],
  host: Pick<IsolationHost, 'device'>,
): Result<readonly string[]> {
  if (tree === undefined) return ok([]);
  const failed = "Failed to load flag 'allowed_devices': ";
  const parsed = fromJson('mesos.v1.DeviceWhitelist', tree);
  if (!parsed.ok) return err(failed + parsed.error);
  if (!isolators.includes('cgroups/devices')) {
    return err("Flag 'allowed_devices' needs the isolator 'cgroups/devices'");
  }
  const entries: string[] = [];
  for (const { device, access } of parsed.value.allowed_devices ?? []) {
    const { path } = device;
    if (path === undefined) return err(`${failed}Device path is not set`);
    const numbers = host.device(path);
    if (numbers === undefined) return err(`${failed}Failed to obtain device ID from '${path}'`);
    const rights = [access.read && 'r', access.write && 'w', access.mknod && 'm'];
    const letters = rights.filter((each) => typeof each === 'string').join('');
    if (letters === '') return err(`${failed}No access is given to '${path}'`);
    entries.push(`${numbers} ${letters}`);
  }
  return ok(entries);
}
