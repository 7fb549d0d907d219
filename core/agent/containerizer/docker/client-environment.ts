/**
 * Environment of Docker's client for one container: where it finds the credentials of registries
 * (spec agent-runtime, section 9). A `.docker/config.json` or `.dockercfg` that the task has fetched
 * comes first, then what `--docker_config` says.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DEFAULT_PATH } from '../../environment.ts';

export type ClientEnvironment = Readonly<Record<string, string>>;

/** `configDirectory` holds the configuration of `--docker_config`. */
export function clientEnvironment(
  sandbox: string,
  configDirectory: string | undefined,
): ClientEnvironment {
  const base = { PATH: process.env['PATH'] ?? DEFAULT_PATH, HOME: process.env['HOME'] ?? '/' };
  const modern = `${sandbox}/.docker`;
  if (!existsSync(`${modern}/config.json`)) convertOldFile(`${sandbox}/.dockercfg`, modern);
  if (existsSync(`${modern}/config.json`)) return { ...base, HOME: sandbox, DOCKER_CONFIG: modern };
  return configDirectory === undefined ? base : { ...base, DOCKER_CONFIG: configDirectory };
}

/** Today's clients read the old file no more; its content is the `auths` of the new one. */
function convertOldFile(file: string, directory: string): void {
  if (!existsSync(file)) return;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Not JSON: the client would not have understood it either, and the pull tells that it may not.
    return;
  }
  if (typeof content !== 'object' || content === null) return;
  writeConfig(directory, 'auths' in content ? content : { auths: content });
}

export function writeConfig(directory: string, config: unknown): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(`${directory}/config.json`, JSON.stringify(config), { mode: 0o600 });
}
