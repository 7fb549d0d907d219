/** `mesos-dns`: reads flags and configuration, then runs the daemon. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { ipVersion } from '../core/base/addresses.ts';
import { type Clock, SystemClock } from '../core/base/clock.ts';
import { describeError } from '../core/base/errors.ts';
import { createLog, type LogLevel } from '../core/base/log.ts';
import { SystemRandom } from '../core/base/random.ts';
import { err, type Result } from '../core/base/result.ts';
import { runDaemon } from '../core/cli/daemon.ts';
import { detectorFor } from '../core/election/index.ts';
import { createHttpClient } from '../core/net/http-client.ts';
import { type CompiledDnsOptions, compileDnsOptions, parseDnsConfig } from './config.ts';
import { configDocument } from './config-document.ts';
import { DNS_USAGE, parseDnsFlags } from './flags.ts';
import { GoLog } from './go-log.ts';
import { createDns, DNS_VERSION } from './server.ts';

/** Resolves with the exit code when the daemon has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = parseDnsFlags(argv);
  if (!flags.ok || flags.value.help) {
    const error = flags.ok ? '' : `${flags.error}\n`;
    process.stderr.write(`${error}${DNS_USAGE}`);
    return flags.ok ? 0 : 2;
  }
  if (flags.value.version) {
    process.stdout.write(`${DNS_VERSION}\n`);
    return 0;
  }
  const clock = new SystemClock();
  const lines = new GoLog(flags.value.verbosity, clock, {
    out: (line) => process.stdout.write(line),
    err: (line) => process.stderr.write(line),
  });
  const options = loadDnsOptions(flags.value.config);
  if (!options.ok) {
    lines.error(options.error);
    return 1;
  }
  for (const warning of options.value.warnings) lines.error(warning);
  lines.verbose('Mesos-DNS configuration:');
  for (const line of describeOptions(options.value, clock)) lines.verbose(line);
  const log = createLog({ name: 'mesos-dns', level: levelOf(flags.value.verbosity) });
  const { port, zk } = options.value;
  const detector = zk === '' ? undefined : detectorFor(zk, { log });
  const dns = createDns(options.value, {
    clock,
    lines,
    random: new SystemRandom(),
    http: createHttpClient({ tls: options.value.tls }),
    log,
    detector: detector?.ok === true ? detector.value : undefined,
  });
  return await runDaemon(dns, log, {
    name: 'mesos-dns',
    failure: dns.failure,
    flagOfPort: (taken) => `"${taken === port ? 'port' : 'httpport'}" in the configuration`,
  });
}

function levelOf(verbosity: number): LogLevel {
  if (verbosity >= 2) return 'debug';
  return verbosity === 1 ? 'info' : 'warn';
}

/** Reads and checks a configuration file; the error is the sentence of the original. */
export function loadDnsOptions(given: string): Result<CompiledDnsOptions> {
  const home = process.env['HOME'] ?? process.env['USERPROFILE'] ?? '';
  const path = resolve(given.replace(/^~\//, `${home}/`));
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return err(`missing configuration file: "${path}"`);
  }
  const config = parseDnsConfig(text);
  if (!config.ok) return err(`failed to unmarshal config file "${path}": ${config.error}`);
  return compileDnsOptions(config.value, { systemResolvers, readText }, path);
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The name servers of the system, without addresses of this machine. */
export function systemResolvers(): readonly string[] {
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((each) => each.address)),
  );
  try {
    return readFileSync('/etc/resolv.conf', 'utf8')
      .split('\n')
      .flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
      .filter((address) => ipVersion(address) !== 0 && !own.has(address));
  } catch (thrown) {
    process.stderr.write(`cannot read /etc/resolv.conf: ${describeError(thrown)}\n`);
    return [];
  }
}

/** One line per member; lists without brackets, the secret hidden. */
export function describeOptions(options: CompiledDnsOptions, clock: Clock): readonly string[] {
  const { principal, secret } = options.mesosCredentials;
  const document = {
    ...configDocument(options, Math.floor(clock.now() / 1_000)),
    MesosCredentials: `${principal}:${secret === '' ? '' : '******'}`,
  };
  return Object.entries(document).map(([name, value]) => `   - ${name}: ${textOf(value)}`);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
