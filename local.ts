/**
 * `orrery local`: a whole cluster in one process. Beside the roof, which it is a part of: the two are the only
 * files that know all parts.
 */
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { SystemClock } from './core/base/clock.ts';
import { makeDirectories } from './core/base/directories.ts';
import { type FlagTable, type FlagValues, parseFlags } from './core/base/flags.ts';
import { createLog, joinedDestination, type Log } from './core/base/log.ts';
import { SystemRandom } from './core/base/random.ts';
import type { Result } from './core/base/result.ts';
import { ORRERY_VERSION, VERSION_TEXT } from './core/base/version.ts';
import { Composite, type RunningPart, type StartPart } from './core/cli/composite.ts';
import { runDaemon } from './core/cli/daemon.ts';
import { readDaemonFlags, usageError } from './core/cli/daemon-flags.ts';
import {
  compileLocalOptions,
  flagOfLocalPort,
  LOCAL_FLAGS,
  type LocalAgent,
  type LocalOptions,
  portsOfLocal,
} from './core/cli/local-flags.ts';
import { expectFreePorts } from './core/cli/port-check.ts';
import { startRestarted } from './core/cli/restarted-part.ts';

/** From this file, or from its built form in `dist/`. */
const ROOF = import.meta.url.endsWith('.ts') ? 'core/cli/bin/orrery' : '../core/cli/bin/orrery';

const AURORA_CLUSTER = 'devcluster';

/** Resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = 'orrery local';
  const env = process.env;
  const flags = readDaemonFlags({
    ...{ program, table: LOCAL_FLAGS, version: VERSION_TEXT, argv, env },
    ...{ envPrefix: 'ORRERY_', style: 'equals' },
  });
  if (flags.kind === 'exit') return flags.code;
  const compiled = compileLocalOptions(flags.values);
  if (!compiled.ok) {
    process.stderr.write(usageError(program, compiled.error));
    return 1;
  }
  const options = compiled.value;
  for (const warning of options.security.warnings) process.stderr.write(`${program}: ${warning}\n`);
  makeDirectories(options.workDir);
  const file = pino.destination({ dest: join(options.workDir, 'orrery.log'), sync: true });
  const destination = joinedDestination(file);
  const logOf = (name: string): Log => createLog({ name, level: options.logLevel, destination });
  const cluster = new Composite(startsOf(options, logOf), logOf('local'));
  return await runDaemon(cluster, logOf('local'), {
    name: program,
    banner: () => banner(options),
    failure: cluster.failure,
    flagOfPort: (port) => flagOfLocalPort(options, port),
    // Ctrl-C ends the tasks; a kill leaves them to the next start.
    signals: { SIGINT: () => cluster.stopWithWork() },
  });
}

function startsOf(options: LocalOptions, logOf: (name: string) => Log): readonly StartPart[] {
  const master = `${options.ip}:${options.masterPort}`;
  const clock = new SystemClock();
  // `DELETE /v2/leader` and the like end a framework; its supervisor here starts it again, the rest goes on.
  const restarted = (name: string, start: (log: Log) => Promise<RunningPart>): StartPart => {
    const log = logOf(name);
    return () => startRestarted(() => start(log), { clock, log });
  };
  return [
    async () => {
      await expectFreePorts(portsOfLocal(options));
      return { name: 'ports', stop: async () => {} };
    },
    () => startMaster(options, logOf('master')),
    ...options.agents.map((agent) => () => {
      return startAgent(agent, options, master, logOf(agent.name));
    }),
    restarted('marathon', (log) => startMarathon(options, master, log)),
    restarted('chronos', (log) => startChronos(options, master, log)),
    ...(options.auroraPort === undefined
      ? []
      : [restarted('aurora', (log) => startAurora(options, master, log))]),
    () => startDns(options, master, logOf('dns')),
  ];
}

async function startMaster(options: LocalOptions, log: Log): Promise<RunningPart> {
  const { MASTER_FLAGS } = await import('./core/master/flags.ts');
  const { compileMasterOptions } = await import('./core/master/compile-options.ts');
  const { createMasterDaemon } = await import('./core/master/daemon.ts');
  const { ip, masterPort, workDir } = options;
  const { masterFlags } = options.security;
  const flags = {
    ...{ ip, port: masterPort, hostname: ip, work_dir: join(workDir, 'master') },
    ...masterFlags,
  };
  const daemon = createMasterDaemon(taken(compileMasterOptions(values(MASTER_FLAGS, flags))), {
    ...systemPorts(log),
    addressOfThisHost: async () => ip,
    hostnameOf: async (address) => address,
  });
  await daemon.start();
  return { name: 'master', stop: () => daemon.stop(), failure: daemon.failure };
}

/** An agent of this process registers at once: its master is here. */
const REGISTRATION_BACKOFF = '50ms';

async function startAgent(
  agent: LocalAgent,
  { attributes, security }: LocalOptions,
  master: string,
  log: Log,
): Promise<RunningPart> {
  const { AGENT_FLAGS } = await import('./core/agent/flags.ts');
  const { compileAgentOptions } = await import('./core/agent/compile-options.ts');
  const { createAgentDaemon } = await import('./core/agent/daemon.ts');
  const { ip, port, workDir, resources } = agent;
  const flags = {
    ...{ master, ip, port, hostname: ip, work_dir: workDir, resources },
    ...(attributes === undefined ? {} : { attributes }),
    ...security.agentFlags,
    registration_backoff_factor: REGISTRATION_BACKOFF,
    // The next start may give an agent more than it had.
    reconfiguration_policy: 'additive',
  };
  const daemon = createAgentDaemon(taken(compileAgentOptions(values(AGENT_FLAGS, flags))), {
    ...systemPorts(log),
    addressOfThisHost: async () => ip,
    hostnameOf: async (address) => address,
  });
  await daemon.start();
  return {
    name: agent.name,
    stop: () => daemon.stop(),
    killWork: () => daemon.stopWithTasks(),
    failure: daemon.ended.then((why) => new Error(why ?? 'the agent has ended')),
  };
}

/** What Marathon and Chronos call alike. */
function frameworkFlags(name: string, { ip, workDir }: LocalOptions, master: string, port: number) {
  return {
    ...{ master, http_address: ip, http_port: port, hostname: ip },
    work_dir: join(workDir, name),
  };
}

async function startMarathon(
  options: LocalOptions,
  master: string,
  log: Log,
): Promise<RunningPart> {
  const { MARATHON_FLAGS, compileMarathonOptions } = await import('./schedulers/marathon/flags.ts');
  const { createMarathon } = await import('./schedulers/marathon/server.ts');
  const flags = frameworkFlags('marathon', options, master, options.marathonPort);
  const compiled = taken(compileMarathonOptions(values(MARATHON_FLAGS, flags)));
  return await startFramework('marathon', flags.work_dir, log, (ports) =>
    createMarathon({ ...compiled, ...identityOf(options) }, ports),
  );
}

async function startChronos(options: LocalOptions, master: string, log: Log): Promise<RunningPart> {
  const { CHRONOS_FLAGS, compileChronosOptions } = await import('./schedulers/chronos/flags.ts');
  const { createChronos } = await import('./schedulers/chronos/server.ts');
  const flags = frameworkFlags('chronos', options, master, options.chronosPort);
  const compiled = taken(compileChronosOptions(values(CHRONOS_FLAGS, flags)));
  return await startFramework('chronos', flags.work_dir, log, (ports) =>
    createChronos({ ...compiled, ...identityOf(options) }, { ...ports, detector: undefined }),
  );
}

async function startAurora(options: LocalOptions, master: string, log: Log): Promise<RunningPart> {
  const { AURORA_FLAGS, compileAuroraOptions } = await import('./schedulers/aurora/flags.ts');
  const { createAurora } = await import('./schedulers/aurora/server.ts');
  const workDir = join(options.workDir, 'aurora');
  const flags = {
    // The name in the examples of the original, and in ours.
    cluster_name: AURORA_CLUSTER,
    mesos_master_address: master,
    native_log_file_path: workDir,
    ip: options.ip,
    hostname: options.ip,
    http_port: options.auroraPort ?? 0,
    executor_user: userInfo().username,
    allowed_container_types: 'MESOS,DOCKER',
    enable_mesos_fetcher: 'true',
    min_offer_hold_time: '5secs',
    offer_hold_jitter_window: '1secs',
    suppress_offers_when_idle: 'true',
    thermos_executor_path: writeExecutor(options.workDir),
  };
  const { principal, credential } = identityOf(options);
  const compiled = taken(compileAuroraOptions(values(AURORA_FLAGS, flags)));
  const framework = { ...compiled.framework, principal };
  writeClusters(options);
  return await startFramework('aurora', workDir, log, (ports) =>
    createAurora({ ...compiled, framework, credential }, ports),
  );
}

/** What the clients of Aurora read when `AURORA_CONFIG_ROOT` is the directory of the cluster. */
function writeClusters({ workDir, ip, auroraPort, agents }: LocalOptions): void {
  const cluster = {
    name: AURORA_CLUSTER,
    scheduler_uri: `http://${ip}:${auroraPort}`,
    auth_mechanism: 'UNAUTHENTICATED',
    slave_root: agents[0]?.workDir,
    slave_run_directory: 'latest',
  };
  writeFileSync(join(workDir, 'clusters.json'), `${JSON.stringify([cluster], undefined, 2)}\n`);
}

/** Agents copy the executor into each sandbox: it is a script that finds this package from there. */
function writeExecutor(workDir: string): string {
  const roof = fileURLToPath(new URL(ROOF, import.meta.url));
  const path = join(workDir, 'thermos_executor');
  const quoted = roof.replaceAll("'", "'\\''");
  writeFileSync(path, `#!/bin/sh\nexec '${quoted}' thermos-executor "$@"\n`, { mode: 0o755 });
  return path;
}

/** How a framework of this process authenticates, if it does. */
function identityOf({ security: { credential } }: LocalOptions): {
  readonly principal: string | undefined;
  readonly credential: LocalOptions['security']['credential'];
} {
  return { principal: credential?.principal, credential };
}

type FrameworkPorts = Awaited<ReturnType<typeof frameworkPorts>>;

interface Framework {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly failure: Promise<unknown>;
}

async function frameworkPorts(workDir: string, log: Log) {
  const { createHttpClient } = await import('./core/net/http-client.ts');
  const { openLevelStorage } = await import('./core/storage/level.ts');
  const storage = await openLevelStorage(workDir);
  return { ...systemPorts(log), http: createHttpClient(), storage };
}

async function startFramework(
  name: string,
  workDir: string,
  log: Log,
  create: (ports: FrameworkPorts) => Framework,
): Promise<RunningPart> {
  const ports = await frameworkPorts(workDir, log);
  const framework = create(ports);
  const stop = async (): Promise<void> => {
    await framework.stop();
    await ports.http.close();
    await ports.storage.close();
  };
  try {
    await framework.start();
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { name, stop, failure: framework.failure };
}

async function startDns(options: LocalOptions, master: string, log: Log): Promise<RunningPart> {
  const { compileDnsOptions, DEFAULT_DNS_CONFIG } = await import('./dns/config.ts');
  const { createDns } = await import('./dns/server.ts');
  const { readText, systemResolvers } = await import('./dns/main.ts');
  const { createHttpClient } = await import('./core/net/http-client.ts');
  const { credential } = options.security;
  const config = {
    ...DEFAULT_DNS_CONFIG,
    masters: [master],
    listener: options.ip,
    port: options.dnsPort,
    httplistener: options.ip,
    httpport: options.dnsHttpPort,
    // Empty: those of the system.
    resolvers: [],
    ...(credential === undefined
      ? {}
      : { mesosAuthentication: 'basic', mesosCredentials: credential }),
  };
  const compiled = taken(compileDnsOptions(config, { systemResolvers, readText }));
  const http = createHttpClient();
  const dns = createDns(compiled, { ...systemPorts(log), http });
  const stop = async (): Promise<void> => {
    await dns.stop();
    await http.close();
  };
  await dns.start();
  return { name: 'dns', stop };
}

function systemPorts(log: Log): { clock: SystemClock; random: SystemRandom; log: Log } {
  return { clock: new SystemClock(), random: new SystemRandom(), log };
}

/** The values of a daemon's flags as if these had been given on its command line. */
function values<Table extends FlagTable>(
  table: Table,
  given: Readonly<Record<string, string | number>>,
): FlagValues<Table> {
  const argv = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  return taken(parseFlags(table, { argv, env: {}, envPrefix: undefined, style: 'equals' }));
}

/** Our own options are refused only for what the user gave: resources, attributes, directories. */
function taken<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function banner(options: LocalOptions): string {
  const { ip, agents, workDir } = options;
  const url = (host: string, port: number): string => `http://${host}:${port}`;
  const agentLines = agents.map((agent: LocalAgent) => [agent.name, url(agent.ip, agent.port)]);
  const dns = `${ip}:${options.dnsPort}, HTTP ${url(ip, options.dnsHttpPort)}`;
  const rows = [
    ['master', url(ip, options.masterPort)],
    ...agentLines,
    ['marathon', url(ip, options.marathonPort)],
    ['chronos', url(ip, options.chronosPort)],
    ...(options.auroraPort === undefined ? [] : [['aurora', url(ip, options.auroraPort)]]),
    ['dns', dns],
    ['state, logs', workDir],
  ];
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(12)} ${value}`);
  return `Orrery ${ORRERY_VERSION}\n${lines.join('\n')}\nStop it with Ctrl-C.`;
}
