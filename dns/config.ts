/**
 * The configuration: JSON with case-insensitive keys, unknown ones ignored (spec mesos-dns,
 * section 2). `compileDnsOptions` checks in the order of the original and in its words.
 */
import { err, ok, type Result } from '../core/base/result.ts';
import { parseZooKeeperUrl, withoutSecret } from '../core/net/zookeeper/url.ts';
import {
  checkIpSources,
  checkMasters,
  checkResolvers,
  checkZoneResolvers,
} from './config-checks.ts';
import { fieldsOf } from './fields.ts';
import { type ReadText, readSecurityFiles, type SecurityFiles } from './security-files.ts';

export interface DnsCredentials {
  readonly principal: string;
  readonly secret: string;
}

/** What the user may write, by canonical key; defaults filled in. Times in seconds as written. */
export interface DnsConfig {
  readonly zk: string;
  readonly masters: readonly string[] | null;
  readonly zkDetectionTimeout: number;
  readonly refreshSeconds: number;
  readonly stateTimeoutSeconds: number;
  readonly ttl: number;
  readonly srvRecordDefaultWeight: number;
  readonly domain: string;
  readonly port: number;
  readonly listener: string;
  readonly resolvers: readonly string[];
  readonly zoneResolvers: Readonly<Record<string, readonly string[]>>;
  readonly timeout: number;
  readonly externalon: boolean;
  readonly recurseon: boolean;
  readonly dnson: boolean;
  readonly httpon: boolean;
  readonly httpport: number;
  readonly httplistener: string;
  readonly SOAMname: string;
  readonly SOARname: string;
  readonly SOARefresh: number;
  readonly SOARetry: number;
  readonly SOAExpire: number;
  readonly SOAMinttl: number;
  readonly IPSources: readonly string[];
  readonly enforceRFC952: boolean;
  readonly setTruncateBit: boolean;
  readonly enumerationOn: boolean;
  readonly mesosHTTPSOn: boolean;
  readonly caCertFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly mesosAuthentication: string;
  readonly mesosCredentials: DnsCredentials;
  readonly IAMConfigFile: string;
  /** Ours: names only for tasks whose health check does not fail. */
  readonly onlyHealthy: boolean;
  /** Ours: no names for tasks on agents that are being drained. */
  readonly leaveOutDraining: boolean;
  /** Ours: replies over UDP may be as long as the client's OPT record says. */
  readonly honourEDNSSize: boolean;
}

/** Checked and normalised; `file` is the absolute path it was read from, if any. */
export interface CompiledDnsOptions extends DnsConfig, SecurityFiles {
  readonly file: string;
  readonly warnings: readonly string[];
}

export const DEFAULT_DNS_CONFIG: DnsConfig = {
  zk: '',
  masters: null,
  zkDetectionTimeout: 30,
  refreshSeconds: 60,
  stateTimeoutSeconds: 300,
  ttl: 60,
  srvRecordDefaultWeight: 1,
  domain: 'mesos',
  port: 53,
  listener: '0.0.0.0',
  resolvers: ['8.8.8.8'],
  zoneResolvers: {},
  timeout: 5,
  externalon: true,
  recurseon: true,
  dnson: true,
  httpon: true,
  httpport: 8123,
  httplistener: '0.0.0.0',
  SOAMname: 'ns1.mesos',
  SOARname: 'root.ns1.mesos',
  SOARefresh: 60,
  SOARetry: 600,
  SOAExpire: 86_400,
  SOAMinttl: 60,
  IPSources: ['netinfo', 'mesos', 'host'],
  enforceRFC952: false,
  setTruncateBit: true,
  enumerationOn: true,
  mesosHTTPSOn: false,
  caCertFile: '',
  certFile: '',
  keyFile: '',
  mesosAuthentication: '',
  mesosCredentials: { principal: '', secret: '' },
  IAMConfigFile: '',
  onlyHealthy: false,
  leaveOutDraining: false,
  honourEDNSSize: false,
};

/** Where the surroundings of the process matter. */
export interface ConfigSurroundings {
  /** Name servers of the system without this machine's own; used for an empty resolver list. */
  systemResolvers(): readonly string[];
  readonly readText: ReadText;
}

/** Reads the text of a configuration file; the error names the cause only. */
export function parseDnsConfig(text: string): Result<DnsConfig> {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch (thrown) {
    return err(thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) {
    return err('expected a JSON object');
  }
  const given = new Map<string, unknown>();
  for (const [key, value] of Object.entries(tree)) given.set(key.toLowerCase(), value);
  const config: Record<string, unknown> = { ...DEFAULT_DNS_CONFIG };
  for (const [key, fallback] of Object.entries(DEFAULT_DNS_CONFIG)) {
    const value = given.get(key.toLowerCase());
    if (value === undefined || value === null) continue;
    const read = readValue(key, value, fallback);
    if (!read.ok) return read;
    config[key] = read.value;
  }
  return ok(config as unknown as DnsConfig);
}

function readValue(key: string, value: unknown, fallback: unknown): Result<unknown> {
  const refused = err(`wrong type for '${key}'`);
  if (key === 'masters' || Array.isArray(fallback)) {
    const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
    return isList ? ok(value) : refused;
  }
  if (key === 'mesosCredentials') return readCredentials(value) ?? refused;
  if (key === 'zoneResolvers') return isZoneTable(value) ? ok(value) : refused;
  if (typeof fallback === 'number' && !isWithinRange(key, value)) return refused;
  return typeof value === typeof fallback ? ok(value) : refused;
}

/** What the original's types hold. */
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  ttl: [-(2 ** 31), 2 ** 31 - 1],
  srvRecordDefaultWeight: [0, 65_535],
  SOARefresh: [0, 2 ** 32 - 1],
  SOARetry: [0, 2 ** 32 - 1],
  SOAExpire: [0, 2 ** 32 - 1],
  SOAMinttl: [0, 2 ** 32 - 1],
};

function isWithinRange(key: string, value: unknown): boolean {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return false;
  const [min, max] = RANGES[key] ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return value >= min && value <= max;
}

function readCredentials(value: unknown): Result<DnsCredentials> | undefined {
  const found = { principal: '', secret: '' };
  for (const [key, text] of Object.entries(fieldsOf(value))) {
    const name = key.toLowerCase();
    if (name !== 'principal' && name !== 'secret') continue;
    if (typeof text !== 'string') return undefined;
    found[name] = text;
  }
  return ok(found);
}

function isZoneTable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (list) => Array.isArray(list) && list.every((each) => typeof each === 'string'),
  );
}

/** Checks in the order of the original; the error is its sentence. */
export function compileDnsOptions(
  config: DnsConfig,
  surroundings: ConfigSurroundings,
  file = '',
): Result<CompiledDnsOptions> {
  if (!config.dnson && !config.httpon) {
    return err('service validation failed: either DNS or HTTP server should be on');
  }
  const masters = config.masters ?? [];
  if (config.zk === '' && masters.length === 0) {
    return err('service validation failed: specify Mesos masters or Zookeeper in config.json');
  }
  const domain = config.domain.toLowerCase();
  const resolvers =
    config.externalon && config.resolvers.length === 0
      ? surroundings.systemResolvers()
      : config.resolvers;
  const refusal =
    checkMasters(masters) ??
    (config.externalon
      ? (checkResolvers(resolvers) ?? checkZoneResolvers(config.zoneResolvers, domain))
      : undefined) ??
    checkIpSources(config.IPSources) ??
    checkRest(config, domain);
  if (refusal !== undefined) return err(refusal);
  const files = readSecurityFiles(config, surroundings.readText);
  if (!files.ok) return files;
  return ok({
    ...config,
    ...files.value,
    domain,
    resolvers,
    timeout: config.timeout === 0 ? DEFAULT_DNS_CONFIG.timeout : config.timeout,
    SOAMname: `${config.SOAMname.replace(/\.+$/, '')}.`,
    SOARname: `${config.SOARname.replaceAll('@', '.').replace(/\.+$/, '')}.`,
    file,
    warnings: warningsOf(config),
  });
}

const DOMAIN = /^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*$/;

function checkRest(config: DnsConfig, domain: string): string | undefined {
  if (config.zk !== '') {
    const url = parseZooKeeperUrl(config.zk);
    if (!url.ok) return `invalid zk '${withoutSecret(config.zk)}': ${url.error}`;
  }
  if (config.stateTimeoutSeconds <= 0) {
    return `Invalid HTTP Timeout: ${config.stateTimeoutSeconds}`;
  }
  if (config.refreshSeconds <= 0) return `Invalid refreshSeconds: ${config.refreshSeconds}`;
  if (!DOMAIN.test(domain)) return `${domain} is not a valid domain name`;
  for (const port of [config.port, config.httpport]) {
    if (port < 0 || port > 65_535) return `invalid port ${port}`;
  }
  return undefined;
}

function warningsOf(config: DnsConfig): readonly string[] {
  if (config.mesosAuthentication !== '') return [];
  const rest = 'but MesosAuthentication is set to none. This is probably not intentional';
  const { principal, secret } = config.mesosCredentials;
  const warnings: string[] = [];
  if (principal !== '' || secret !== '') {
    warnings.push(`Warning! MesosCredentials is configured, ${rest}`);
  }
  if (config.IAMConfigFile !== '') warnings.push(`Warning! IAMConfigFile is set, ${rest}`);
  return warnings;
}
