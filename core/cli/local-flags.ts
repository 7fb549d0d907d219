/** Flags of `orrery local` (`mesos-local`): a whole cluster in one process. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ipVersion } from '../base/addresses.ts';
import { type FlagValues, flag, optionalFlag } from '../base/flags.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  compileLocalSecurity,
  LOCAL_SECURITY_FLAGS,
  type LocalSecurity,
} from './local-security.ts';
import type { PortToTry } from './port-check.ts';

const AGENTS_MAX = 200;
const PORT_MAX = 65_535;

/**
 * Tasks of all agents share the ports of the machine, so each agent offers its own: the first the
 * original's range, the next ones the thousands below it, the rest what is above the ports that
 * Linux gives to outgoing connections. They do not depend on the number of agents, because an agent
 * that comes back with fewer resources than it had is refused.
 */
const FIRST_PORTS = { begin: 31_000, end: 32_000 } as const;
const PORTS_PER_AGENT = 1_000;
const LARGE_AGENTS_MAX = 20;
const SMALL_PORTS_BEGIN = 61_000;
const PORTS_PER_SMALL_AGENT = 25;

function portFlag(port: number, help: string): ReturnType<typeof flag<'int'>> {
  return flag('int', port, { help });
}

export const LOCAL_FLAGS = {
  agents: flag('int', 1, { help: 'Number of agents', aliases: ['num_slaves', 'num_agents'] }),
  resources: optionalFlag('string', {
    help: 'Resources of each agent, like cpus:4;mem:2048; what is not named is detected',
  }),
  attributes: optionalFlag('string', { help: 'Attributes of each agent, like rack:r1;zone:eu' }),
  work_dir: flag('path', join(homedir(), '.orrery', 'local'), {
    help: 'Directory of all state, logs and sandboxes',
  }),
  ip: flag('string', '127.0.0.1', { help: 'Address to listen on and to announce' }),
  master_port: portFlag(5_050, 'Port of the master'),
  agent_port: portFlag(5_051, 'Port of the first agent; the others follow'),
  marathon_port: portFlag(8_080, 'Port of Marathon'),
  chronos_port: portFlag(4_400, 'Port of Chronos'),
  aurora_port: portFlag(8_081, 'Port of Aurora'),
  aurora: flag('bool', true, { help: 'Whether Aurora is started; `--no-aurora` leaves it out' }),
  dns_port: portFlag(8_053, 'Port of DNS, UDP and TCP'),
  dns_http_port: portFlag(8_123, 'Port of the HTTP interface of DNS'),
  ...LOCAL_SECURITY_FLAGS,
  logging_level: flag('string', 'INFO', {
    help: 'Least level of the lines in <work_dir>/orrery.log: DEBUG, INFO, WARNING or ERROR',
  }),
  help: flag('bool', false, { help: 'Prints this help message' }),
  version: flag('bool', false, { help: 'Show version and exit' }),
} as const;

export interface LocalAgent {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly workDir: string;
  /** Text of `--resources`. */
  readonly resources: string;
}

export interface LocalOptions {
  readonly workDir: string;
  readonly ip: string;
  readonly masterPort: number;
  readonly marathonPort: number;
  readonly chronosPort: number;
  /** Undefined: there is no Aurora. */
  readonly auroraPort: number | undefined;
  readonly dnsPort: number;
  readonly dnsHttpPort: number;
  readonly agents: readonly LocalAgent[];
  readonly attributes: string | undefined;
  readonly security: LocalSecurity;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const LOG_LEVELS: Readonly<Record<string, LocalOptions['logLevel']>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
};

export function compileLocalOptions(flags: FlagValues<typeof LOCAL_FLAGS>): Result<LocalOptions> {
  if (flags.agents < 1 || flags.agents > AGENTS_MAX) {
    return err(`--agents must be 1 to ${AGENTS_MAX}, not ${flags.agents}`);
  }
  if (ipVersion(flags.ip) !== 4) return err(`--ip must be an IPv4 address, not '${flags.ip}'`);
  const logLevel = LOG_LEVELS[flags.logging_level.toUpperCase()];
  if (logLevel === undefined) {
    return err(`'${flags.logging_level}' is not a valid value for --logging_level`);
  }
  const badPort = Object.entries(flagsByPort(flags)).find(([port]) => Number(port) > PORT_MAX);
  if (badPort !== undefined) return err(`${badPort[1]} must be at most ${PORT_MAX}`);
  const security = compileLocalSecurity(flags);
  if (!security.ok) return security;
  const workDir = resolve(flags.work_dir);
  return ok({
    workDir,
    ip: flags.ip,
    masterPort: flags.master_port,
    marathonPort: flags.marathon_port,
    chronosPort: flags.chronos_port,
    auroraPort: flags.aurora ? flags.aurora_port : undefined,
    dnsPort: flags.dns_port,
    dnsHttpPort: flags.dns_http_port,
    agents: Array.from({ length: flags.agents }, (_, index) => ({
      name: `agent ${index + 1}`,
      ip: agentIp(flags.ip, index),
      port: flags.agent_port === 0 ? 0 : flags.agent_port + index,
      workDir: join(workDir, 'agents', String(index + 1)),
      resources: agentResources(flags.resources ?? '', index),
    })),
    attributes: flags.attributes,
    security: security.value,
    logLevel,
  });
}

/** Every port of a local cluster. */
export function portsOfLocal(options: LocalOptions): readonly PortToTry[] {
  const { ip } = options;
  const { masterPort, marathonPort, chronosPort, auroraPort, dnsPort, dnsHttpPort } = options;
  const aurora = auroraPort === undefined ? [] : [auroraPort];
  const tcp = [masterPort, marathonPort, chronosPort, ...aurora, dnsPort, dnsHttpPort];
  return [
    ...tcp.map((port) => ({ ip, port, protocol: 'tcp' as const })),
    ...options.agents.map((agent) => ({
      ip: agent.ip,
      port: agent.port,
      protocol: 'tcp' as const,
    })),
    { ip, port: dnsPort, protocol: 'udp' },
  ];
}

/** Which flag moves a port, for the sentence about a taken one. */
export function flagOfLocalPort(options: LocalOptions, port: number): string | undefined {
  if (port === options.masterPort) return '--master_port';
  if (port === options.marathonPort) return '--marathon_port';
  if (port === options.chronosPort) return '--chronos_port';
  if (port === options.auroraPort) return '--aurora_port';
  if (port === options.dnsPort) return '--dns_port';
  if (port === options.dnsHttpPort) return '--dns_http_port';
  return options.agents.some((agent) => agent.port === port) ? '--agent_port' : undefined;
}

function flagsByPort(flags: FlagValues<typeof LOCAL_FLAGS>): Readonly<Record<number, string>> {
  return {
    [flags.master_port]: '--master_port',
    [flags.agent_port + flags.agents - 1]: '--agent_port',
    [flags.marathon_port]: '--marathon_port',
    [flags.chronos_port]: '--chronos_port',
    [flags.aurora_port]: '--aurora_port',
    [flags.dns_port]: '--dns_port',
    [flags.dns_http_port]: '--dns_http_port',
  };
}

/**
 * Agents need different host names, or a constraint such as UNIQUE would see one machine. On the
 * loopback network every agent has an address of its own, which is also a name that resolves.
 */
function agentIp(ip: string, index: number): string {
  if (!ip.startsWith('127.0.0.')) return ip;
  const last = Number(ip.slice('127.0.0.'.length)) + index;
  return last < 255 ? `127.0.0.${last}` : ip;
}

function agentResources(given: string, index: number): string {
  const isNamed = given.includes('ports') || given.trimStart().startsWith('[');
  if (isNamed) return given;
  const { begin, end } = portsOfAgent(index);
  const ports = `ports:[${begin}-${end}]`;
  return given === '' ? ports : `${given};${ports}`;
}

function portsOfAgent(index: number): { readonly begin: number; readonly end: number } {
  if (index === 0) return FIRST_PORTS;
  if (index <= LARGE_AGENTS_MAX) {
    const begin = FIRST_PORTS.begin - index * PORTS_PER_AGENT;
    return { begin, end: begin + PORTS_PER_AGENT - 1 };
  }
  const begin = SMALL_PORTS_BEGIN + (index - LARGE_AGENTS_MAX - 1) * PORTS_PER_SMALL_AGENT;
  return { begin, end: begin + PORTS_PER_SMALL_AGENT - 1 };
}
