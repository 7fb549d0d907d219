/** The clusters that the clients know: `clusters.json` of the system, then of the user (spec aurora-client, section 1.2). */
import type { ZooKeeperServer } from '../../../core/net/zookeeper/ports.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { type ClientPorts, readText } from './ports.ts';

const SYSTEM_ROOT = '/etc/aurora';
const ZOOKEEPER_PORT = 2181;

export interface Cluster {
  readonly name: string;
  /** In the order they are tried; empty without `zk`. */
  readonly zk: readonly ZooKeeperServer[];
  readonly schedulerZkPath: string | undefined;
  readonly schedulerUri: string | undefined;
  readonly proxyUrl: string | undefined;
  readonly authMechanism: string;
  readonly slaveRoot: string | undefined;
  readonly slaveRunDirectory: string | undefined;
  readonly dockerRegistry: string | undefined;
  /** As it stands in the file. */
  readonly entry: Readonly<Record<string, unknown>>;
}

/** Later files replace clusters of the same name. */
export function readClusters(ports: ClientPorts): ReadonlyMap<string, Cluster> {
  const root = ports.surroundings.environment('AURORA_CONFIG_ROOT') ?? SYSTEM_ROOT;
  const clusters = new Map<string, Cluster>();
  for (const path of [`${root}/clusters.json`, `${ports.home}/.aurora/clusters.json`]) {
    const text = readText(ports, path);
    if (text === undefined) continue;
    for (const [name, cluster] of parseClusters(path, text)) clusters.set(name, cluster);
  }
  return clusters;
}

export function parseClusters(path: string, text: string): ReadonlyMap<string, Cluster> {
  const document = parseJson(path, text);
  const clusters = new Map<string, Cluster>();
  const rows = Array.isArray(document)
    ? document.map((each: unknown): readonly [string, unknown] => ['', each])
    : Object.entries(recordOf(path, document));
  for (const [key, row] of rows) {
    const cluster = clusterOf(path, key, recordOf(path, row));
    clusters.set(cluster.name, cluster);
  }
  return clusters;
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new CommandFailure(EXIT.invalidConfiguration, `${path} is no valid JSON`, thrown);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function recordOf(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  const message = `${path} must be a list of clusters or an object of clusters by name`;
  throw new CommandFailure(EXIT.invalidConfiguration, message);
}

function clusterOf(path: string, key: string, entry: Readonly<Record<string, unknown>>): Cluster {
  const read = (field: string): string | undefined => {
    const value = entry[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    const message = `${path}: ${field} of cluster '${name}' must be a text`;
    throw new CommandFailure(EXIT.invalidConfiguration, message);
  };
  let name = key;
  name = read('name') ?? key;
  if (name === '') {
    throw new CommandFailure(EXIT.invalidConfiguration, `${path}: a cluster must have a name`);
  }
  const port = Number(read('zk_port') ?? ZOOKEEPER_PORT);
  return {
    name,
    zk: serversOf(read('zk'), port),
    schedulerZkPath: read('scheduler_zk_path'),
    schedulerUri: read('scheduler_uri'),
    proxyUrl: read('proxy_url'),
    authMechanism: read('auth_mechanism') ?? 'UNAUTHENTICATED',
    slaveRoot: read('slave_root'),
    slaveRunDirectory: read('slave_run_directory'),
    dockerRegistry: read('docker_registry'),
    entry: { ...entry, name },
  };
}

function serversOf(zk: string | undefined, port: number): readonly ZooKeeperServer[] {
  return (zk ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const [, host = each, own] = /^(.*):(\d+)$/.exec(each) ?? [];
      return { host, port: own === undefined ? port : Number(own) };
    });
}
