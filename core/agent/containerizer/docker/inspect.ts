/** What `docker inspect --type=container` prints, as far as it is needed (spec agent-runtime, section 9). */
import { err, ok, type Result } from '../../../base/result.ts';
import type { NetworkInfo, NetworkInfoIPAddress } from '../../../wire/types/mesos.v1.ts';

export interface InspectedContainer {
  /** Of the engine. */
  readonly id: string;
  readonly name: string;
  /** Whether it ever ran. */
  readonly isStarted: boolean;
  readonly isRunning: boolean;
  /** Undefined when it does not run. */
  readonly pid: number | undefined;
  /** Of one that has ended. */
  readonly exitCode: number;
  readonly ipAddress: string | undefined;
  readonly ip6Address: string | undefined;
  /** What was printed, unchanged: becomes the data of the task's status. */
  readonly output: string;
}

const NEVER = '0001-01-01T00:00:00Z';

export function parseInspect(output: string): Result<InspectedContainer> {
  let tree: unknown;
  try {
    tree = JSON.parse(output);
  } catch {
    return err('Failed to parse JSON');
  }
  const [container, second] = Array.isArray(tree) ? tree : [];
  if (container === undefined || second !== undefined) {
    return err('Failed to find container');
  }
  const id = text(field(container, 'Id'));
  const name = text(field(container, 'Name'));
  const state = field(container, 'State');
  const pid = field(state, 'Pid');
  const startedAt = text(field(state, 'StartedAt'));
  if (id === undefined) return err('Unable to find Id in container');
  if (name === undefined) return err('Unable to find Name in container');
  if (typeof pid !== 'number') return err('Unable to find Pid in State');
  if (startedAt === undefined) return err('Unable to find StartedAt in State');
  const exitCode = field(state, 'ExitCode');
  const addresses = addressesOf(container);
  return ok({
    id,
    name,
    isStarted: startedAt !== NEVER,
    isRunning: field(state, 'Running') === true,
    pid: pid === 0 ? undefined : pid,
    exitCode: typeof exitCode === 'number' ? exitCode : 0,
    ...addresses,
    output,
  });
}

/** Addresses with the task's own network info, if it names one. */
export function networkInfosOf(
  container: InspectedContainer,
  wanted: NetworkInfo | undefined,
): readonly NetworkInfo[] {
  const addresses: NetworkInfoIPAddress[] = [];
  const { ipAddress, ip6Address } = container;
  if (ipAddress !== undefined) addresses.push({ ip_address: ipAddress });
  if (ip6Address !== undefined) addresses.push({ protocol: 'IPv6', ip_address: ip6Address });
  if (addresses.length === 0) return [];
  return [{ ...wanted, ip_addresses: addresses }];
}

/** On the network it was started in; old engines tell only one address of all. */
function addressesOf(container: unknown): Pick<InspectedContainer, 'ipAddress' | 'ip6Address'> {
  const settings = field(container, 'NetworkSettings');
  const mode = text(field(field(container, 'HostConfig'), 'NetworkMode')) ?? '';
  const name = mode === 'default' ? 'bridge' : mode;
  const network = field(field(settings, 'Networks'), name);
  return {
    ipAddress: filled(field(network, 'IPAddress')) ?? filled(field(settings, 'IPAddress')),
    ip6Address:
      filled(field(network, 'GlobalIPv6Address')) ?? filled(field(settings, 'GlobalIPv6Address')),
  };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function filled(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
