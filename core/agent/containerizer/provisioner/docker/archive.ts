/**
 * What lies in an archive that `docker save` made. The old layout: `repositories` names the topmost layer,
 * `<id>/json` its parent, `<id>/layer.tar` its files. The newer ones: `manifest.json` names all of them.
 */
import { err, ok, type Result } from '../../../../base/result.ts';
import type { ImageReference } from '../../../../wire/types/docker.spec.ts';
import { isObject, type Json, objectsOf, parseObject, textsOf } from './image-config.ts';
import { LATEST } from './reference.ts';

/** The text of a file of the archive; undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

export interface LayerFile {
  readonly id: string;
  /** Its files, packed. */
  readonly tar: string;
  /** Its own manifest, in the old layout. */
  readonly json?: string;
}

/** Paths are relative to the archive; the lowest layer comes first. */
export interface ArchivedImage {
  readonly layers: readonly LayerFile[];
  /** Undefined: the manifest of the topmost layer says how the image is run. */
  readonly config?: { readonly path: string; readonly digest: string };
}

const LAYERS_MAX = 500;

export function readArchive(reference: ImageReference, read: ReadFile): Result<ArchivedImage> {
  const repositories = read('repositories');
  const manifest = read('manifest.json');
  if (repositories === undefined && manifest === undefined) {
    return err("Failed to read 'repositories': No such file or directory");
  }
  if (repositories !== undefined) {
    const leaf = leafOf(reference, repositories);
    const isOld = leaf.ok && read(`${leaf.value}/json`) !== undefined;
    if (isOld) return oldLayers(leaf.value, read);
    if (manifest === undefined) return leaf.ok ? oldLayers(leaf.value, read) : leaf;
  }
  return listedLayers(reference, manifest ?? '');
}

/** Both `busybox` and `registry.example.com/busybox` are looked for. */
function namesOf({ registry, repository }: ImageReference): readonly string[] {
  const names = [repository, ...(registry === undefined ? [] : [`${registry}/${repository}`])];
  return [...names, `docker.io/${repository}`, `docker.io/library/${repository}`];
}

function leafOf(reference: ImageReference, text: string): Result<string> {
  const parsed = parseObject(text, "'repositories'");
  if (!parsed.ok) return parsed;
  const found = namesOf(reference).find((name) => isObject(parsed.value[name]));
  const repository = found === undefined ? undefined : parsed.value[found];
  if (!isObject(repository)) {
    return err(`Repository '${reference.repository}' does not exist in 'repositories'`);
  }
  const tag = reference.tag ?? LATEST;
  const id = repository[tag];
  if (typeof id !== 'string') return err(`Layer id '${tag}' is not found`);
  return isLayerId(id) ? ok(id) : err(`Layer id '${id}' is not valid`);
}

function oldLayers(leaf: string, read: ReadFile): Result<ArchivedImage> {
  const layers: LayerFile[] = [];
  for (let id: string | undefined = leaf; id !== undefined; ) {
    const json = `${id}/json`;
    const text = read(json);
    if (text === undefined) return noParent(leaf, `Failed to read manifest from '${json}'`);
    const manifest = parseObject(text, `manifest from '${json}'`);
    if (!manifest.ok) return noParent(leaf, manifest.error);
    layers.unshift({ id, tar: `${id}/layer.tar`, json });
    const parent = manifest.value['parent'];
    if (parent !== undefined && parent !== null && typeof parent !== 'string') {
      return noParent(leaf, `Unexpected 'parent' type in manifest from '${json}'`);
    }
    id = parent === '' || parent === null ? undefined : parent;
    if (id !== undefined && !isLayerId(id)) return noParent(leaf, `'${id}' is not valid`);
    if (layers.length > LAYERS_MAX) return noParent(leaf, `more than ${LAYERS_MAX} layers`);
  }
  return ok({ layers });
}

function noParent(leaf: string, why: string): Result<never> {
  return err(`Failed to find parent layer id for layer '${leaf}': ${why}`);
}

function listedLayers(reference: ImageReference, text: string): Result<ArchivedImage> {
  const what = "Failed to parse 'manifest.json'";
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    return err(`${what}: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
  const tag = reference.tag ?? LATEST;
  const wanted = new Set(namesOf(reference).map((name) => `${name}:${tag}`));
  const image = objectsOf(parsed).find((each) => isNamed(each, wanted));
  if (image === undefined) {
    return err(`Repository '${reference.repository}' does not exist in 'manifest.json'`);
  }
  const { Config: config, Layers: tars } = image;
  const paths = textsOf(tars);
  if (typeof config !== 'string' || paths.length === 0) {
    return err(`${what}: 'Config' or 'Layers' is missing`);
  }
  if (![config, ...paths].every(isInside)) return err(`${what}: a path leads out of the archive`);
  const layers = paths.map((tar) => ({ id: idOf(tar), tar }));
  return ok({ layers, config: { path: config, digest: digestOf(config) } });
}

function isNamed(image: Json, wanted: ReadonlySet<string>): boolean {
  return textsOf(image['RepoTags']).some((name) => wanted.has(name));
}

/** Of `<id>/layer.tar`, or of a file named by its digest. */
function idOf(tar: string): string {
  const old = /^([^/]+)\/layer\.tar$/.exec(tar);
  return old?.[1] ?? digestOf(tar);
}

function digestOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.(json|tar)$/, '');
  return `sha256:${name}`;
}

function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
}

/** They become names of directories. */
export function isLayerId(id: string): boolean {
  return /^[\w:.+-]+$/.test(id) && id !== '.' && id !== '..';
}
