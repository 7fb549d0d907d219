/**
 * The networks that the operator has set up: one JSON file each in `--network_cni_config_dir`. Read
 * whenever a container asks, so that changes need no restart (spec agent-runtime, section 8.4).
 */
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { describeError } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type { JsonObject, JsonValue } from '../../../wire/json-text.ts';

export interface CniNetwork {
  readonly name: string;
  /** The file that says so. */
  readonly path: string;
  readonly config: JsonObject;
  /** Absolute path of its plugin. */
  readonly plugin: string;
}

export interface CniNetworks {
  /** The error is the rest of `Failed to launch container: ...`. */
  find(name: string): Result<CniNetwork>;
}

export interface CniDirectories {
  /** `--network_cni_config_dir`. */
  readonly configDir: string;
  /** `--network_cni_plugins_dir`, with colons between. */
  readonly pluginsPath: string;
}

export interface FoundNetworks {
  readonly networks: ReadonlyMap<string, CniNetwork>;
  /** Sentences about files that were left out. */
  readonly problems: readonly string[];
}

export class FileNetworks implements CniNetworks {
  private readonly directories: CniDirectories | undefined;
  private readonly warn: (problem: string) => void;
  /** What was said already about the files as they are. */
  private told: readonly string[] = [];

  /** Without directories there is the host's network only. `warn` hears of files that are left out. */
  constructor(directories: CniDirectories | undefined, warn: (problem: string) => void = () => {}) {
    this.directories = directories;
    this.warn = warn;
  }

  /** Says at the start what is wrong, before a container asks. */
  check(): void {
    if (this.directories !== undefined) this.read(this.directories);
  }

  find(name: string): Result<CniNetwork> {
    if (this.directories === undefined) return err(`Unknown CNI network '${name}'`);
    const found = this.read(this.directories);
    if (!found.ok) {
      return err(
        `Encountered error while loading CNI config during a cache-miss for CNI network '${name}': ${found.error}`,
      );
    }
    const network = found.value.networks.get(name);
    return network === undefined ? err(`Unknown CNI network '${name}'`) : ok(network);
  }

  private read(directories: CniDirectories): Result<FoundNetworks> {
    const found = readNetworks(directories);
    if (!found.ok) return found;
    const { problems } = found.value;
    for (const each of problems) if (!this.told.includes(each)) this.warn(each);
    this.told = problems;
    return found;
  }
}

/** Of two files with one name the first, by their own names, counts. */
export function readNetworks({ configDir, pluginsPath }: CniDirectories): Result<FoundNetworks> {
  let names: readonly string[];
  try {
    names = readdirSync(configDir).sort();
  } catch (thrown) {
    return err(
      `Unable to list the CNI network configuration directory '${configDir}': ${describeError(thrown)}`,
    );
  }
  const networks = new Map<string, CniNetwork>();
  const problems: string[] = [];
  for (const each of names) {
    const path = `${configDir}/${each}`;
    const network = readNetwork(path, pluginsPath);
    if (network === undefined) continue;
    if (!network.ok) problems.push(network.error);
    else if (networks.has(network.value.name)) {
      problems.push(
        'Multiple network configuration for a CNI network is not allowed. Skipping configuration ' +
          `file '${path}' since network ${network.value.name} already exists`,
      );
    } else networks.set(network.value.name, network.value);
  }
  return ok({ networks, problems });
}

/** First of the directories that has such a program. */
export function findPlugin(type: string, pluginsPath: string): string | undefined {
  // A name with a slash would lead out of the directories.
  if (type === '' || type.includes('/')) return undefined;
  return pluginsPath
    .split(':')
    .map((directory) => `${directory}/${type}`)
    .find((path) => isProgram(path));
}

/** Undefined for what is no file. */
function readNetwork(path: string, pluginsPath: string): Result<CniNetwork> | undefined {
  let text: string;
  try {
    if (statSync(path).isDirectory()) return undefined;
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    return err(`Failed to read CNI network configuration file '${path}': ${describeError(thrown)}`);
  }
  const parsed = parseConfig(text);
  if (!parsed.ok) {
    return err(`Failed to parse CNI network configuration file '${path}': ${parsed.error}`);
  }
  const { name, type, ipam, config } = parsed.value;
  const skipped = `Skipping network '${name}' , from configuration file '${path}', since we failed to find`;
  const plugin = findPlugin(type, pluginsPath);
  if (plugin === undefined) {
    return err(`${skipped} CNI plugin '${type}' used by this network.`);
  }
  if (ipam !== undefined && findPlugin(ipam, pluginsPath) === undefined) {
    return err(`${skipped} IPAM plugin '${ipam}' used by this network.`);
  }
  return ok({ name, path, config, plugin });
}

interface ParsedConfig {
  readonly name: string;
  readonly type: string;
  /** The type of its address management. */
  readonly ipam?: string;
  readonly config: JsonObject;
}

function parseConfig(text: string): Result<ParsedConfig> {
  let config: JsonValue;
  try {
    config = JSON.parse(text);
  } catch (thrown) {
    return err(`JSON parse failed: ${describeError(thrown)}`);
  }
  if (!isObject(config)) return err('JSON parse failed: it is no object');
  const { name, type, ipam } = config;
  // Its name becomes that of a directory.
  if (typeof name !== 'string' || !/^[^/\0]+$/.test(name) || name.startsWith('.')) {
    return err("Missing required field 'name', or it cannot be the name of a directory");
  }
  if (typeof type !== 'string') return err("Missing required field 'type'");
  if (ipam === undefined) return ok({ name, type, config });
  if (!isObject(ipam) || typeof ipam['type'] !== 'string') {
    return err("Missing required field 'ipam.type'");
  }
  return ok({ name, type, ipam: ipam['type'], config });
}

/** As parsed: there are no other objects in it. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not to be executed.
    return false;
  }
}
