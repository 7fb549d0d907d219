/**
 * Who we are to a registry: from the file of Docker's client (`auths`), or its older form, whose entries
 * stand at the top (spec agent-runtime, section 8.5).
 */
import { isObject } from './image-config.ts';

/** Names of Docker's own registry in those files. */
const HUB_NAMES = new Set(['index.docker.io', 'docker.io', 'registry-1.docker.io']);

/** What stands after `Basic `; undefined when nothing is known for this registry. */
export function basicAuthFor(config: unknown, registryHost: string): string | undefined {
  if (!isObject(config)) return undefined;
  const entries = isObject(config['auths']) ? config['auths'] : config;
  for (const [name, entry] of Object.entries(entries)) {
    if (!isObject(entry) || !isSame(hostOf(name), registryHost)) continue;
    const { auth, username, password } = entry;
    if (typeof auth === 'string' && auth !== '') return auth;
    if (typeof username === 'string' && typeof password === 'string') {
      return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
    }
  }
  return undefined;
}

/** Of `https://index.docker.io/v1/`. */
function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, '').split('/')[0] ?? '';
}

function isSame(one: string, other: string): boolean {
  return one === other || (HUB_NAMES.has(one) && HUB_NAMES.has(other));
}

export interface Challenge {
  readonly scheme: 'bearer' | 'basic';
  readonly parameters: Readonly<Record<string, string>>;
}

/** `Bearer realm="https://auth/token",service="registry",scope="repository:a:pull"`. */
export function parseChallenge(header: string): Challenge | undefined {
  const match = /^\s*(bearer|basic)\s+(.*)$/is.exec(header);
  const scheme = match?.[1]?.toLowerCase();
  if (scheme !== 'bearer' && scheme !== 'basic') return undefined;
  const parameters: Record<string, string> = {};
  for (const [, name = '', quoted, plain] of (match?.[2] ?? '').matchAll(
    /([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g,
  )) {
    parameters[name.toLowerCase()] = quoted ?? plain ?? '';
  }
  return { scheme, parameters };
}
