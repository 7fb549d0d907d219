/**
 * Addresses of a daemon: what the flags leave open comes from `--ip_discovery_command`, the
 * environment of the messaging library, or the system (spec flags-and-metrics, section 3).
 */
import { execFileSync } from 'node:child_process';
import { lookup, lookupService } from 'node:dns/promises';
import { isIPv4, isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { describeError } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';

export interface AddressFlags {
  readonly ip: string | undefined;
  readonly ip_discovery_command: string | undefined;
  readonly ip6: string | undefined;
  readonly ip6_discovery_command: string | undefined;
  readonly advertise_ip: string | undefined;
  readonly advertise_port: number | undefined;
}

export interface DaemonAddresses {
  /** Undefined listens on all addresses. */
  readonly ip: string | undefined;
  /** Only told to others: nothing listens there. */
  readonly ip6: string | undefined;
  readonly advertiseIp: string | undefined;
  readonly advertisePort: number | undefined;
}

const COMMAND_LIMIT_MS = 60_000;

export function findAddresses(
  flags: AddressFlags,
  env: Readonly<Record<string, string | undefined>>,
): Result<DaemonAddresses> {
  const ip = given(flags, 'ip', env['LIBPROCESS_IP']);
  if (!ip.ok) return ip;
  const ip6 = given(flags, 'ip6', env['LIBPROCESS_IP6']);
  if (!ip6.ok) return ip6;
  if (ip6.value !== undefined && !isIPv6(ip6.value)) {
    return err(`Failed to parse '${ip6.value}' as the IPv6 address of 'ip6'`);
  }
  const advertiseIp = flags.advertise_ip ?? env['LIBPROCESS_ADVERTISE_IP'];
  for (const [name, given] of Object.entries({ ip: ip.value, advertise_ip: advertiseIp })) {
    if (given !== undefined && !isIPv4(given)) {
      return err(`Failed to parse '${given}' as the IPv4 address of '${name}'`);
    }
  }
  const port = env['LIBPROCESS_ADVERTISE_PORT'];
  const advertisePort = flags.advertise_port ?? (port === undefined ? undefined : Number(port));
  if (advertisePort !== undefined && !isPort(advertisePort)) {
    return err(`Failed to parse '${port ?? advertisePort}' as the port of 'advertise_port'`);
  }
  return ok({ ip: ip.value, ip6: ip6.value, advertiseIp, advertisePort });
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

/** What the flag of this name says, or its command finds, or else the environment. */
function given(
  flags: AddressFlags,
  name: 'ip' | 'ip6',
  fromEnvironment: string | undefined,
): Result<string | undefined> {
  const flag = `${name}_discovery_command` as const;
  const command = flags[flag];
  if (command === undefined) return ok(flags[name] ?? fromEnvironment);
  if (flags[name] === undefined) return discover(flag, command);
  return err(`Only one of \`--${name}\` or \`--${flag}\` should be specified`);
}

/** What the command prints. */
function discover(flag: string, command: string): Result<string> {
  try {
    const options = { encoding: 'utf8', timeout: COMMAND_LIMIT_MS } as const;
    return ok(execFileSync('sh', ['-c', command], options).trim());
  } catch (thrown) {
    return err(`Failed to run --${flag} '${command}': ${describeError(thrown)}`);
  }
}

/** The first IPv4 address the local host name resolves to; rejects when it does not resolve. */
export async function addressOfThisHost(): Promise<string> {
  return (await lookup(hostname(), 4)).address;
}

/** The reverse look-up of an address; the address itself when it has no name. */
export async function hostnameOf(ip: string): Promise<string> {
  try {
    return (await lookupService(ip, 0)).hostname;
  } catch {
    // An address without a name is announced as it is.
    return ip;
  }
}
