/** Names of Docker images: `[registry/]repository[:tag|@digest]` (spec agent-runtime, section 8.5). */
import { err, ok, type Result } from '../../../../base/result.ts';
import type { ImageReference } from '../../../../wire/types/docker.spec.ts';

export const LATEST = 'latest';
/** Repositories without a name before the first slash are here on Docker's own registry. */
const LIBRARY = 'library/';
const HUB = new Set(['registry-1.docker.io', 'docker.io', 'index.docker.io']);

export function parseReference(name: string): Result<ImageReference> {
  const [path = '', digest, ...more] = name.split('@');
  if (more.length > 0) return err(`Found multiple '@' in '${name}'`);
  const colon = path.lastIndexOf(':');
  const hasTag = colon > path.lastIndexOf('/');
  const repositoryPath = hasTag ? path.slice(0, colon) : path;
  const tag = hasTag ? path.slice(colon + 1) : undefined;
  const slash = repositoryPath.indexOf('/');
  const first = repositoryPath.slice(0, Math.max(0, slash));
  const isRegistry = first === 'localhost' || first.includes('.') || first.includes(':');
  const repository = isRegistry ? repositoryPath.slice(slash + 1) : repositoryPath;
  if (repository === '' || tag === '' || digest === '')
    return err('Empty repository, tag or digest');
  if (
    ![tag ?? 'a', digest ?? 'a'].every((word) => /^[\w.+:-]+$/.test(word)) ||
    !isSafe(repositoryPath)
  ) {
    return err(`Illegal characters in '${name}'`);
  }
  return ok({
    ...(isRegistry ? { registry: first } : {}),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  });
}

/** It becomes a path and a part of URLs. */
function isSafe(path: string): boolean {
  if (path.startsWith('/') || path.endsWith('/') || !/^[\w.:/-]+$/.test(path)) return false;
  return !path.split('/').includes('..');
}

export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  const name = registry === undefined ? repository : `${registry}/${repository}`;
  if (digest !== undefined) return `${name}@${digest}`;
  return tag === undefined ? name : `${name}:${tag}`;
}

/** What a registry calls the version: a digest, or a tag. */
export function versionOf({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? LATEST;
}

/** The repository as the registry knows it. */
export function repositoryAt(registryHost: string, repository: string): string {
  return HUB.has(registryHost) && !repository.includes('/')
    ? `${LIBRARY}${repository}`
    : repository;
}
