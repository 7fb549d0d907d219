/**
 * Manifests of Docker's registries: schema 1 (layers with their own manifests, the topmost first), schema 2
 * and OCI's (digests, the lowest first, and one config), and lists of those by platform.
 */
import { err, ok, type Result } from '../../../../base/result.ts';
import { isLayerId } from './archive.ts';
import { isObject, type Json, objectsOf, parseObject } from './image-config.ts';

export const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json',
];

export interface RegistryLayer {
  readonly id: string;
  /** Of its packed files. */
  readonly digest: string;
  /** Its own manifest, with schema 1. */
  readonly json?: string;
}

export type RegistryManifest =
  /** The lowest layer comes first. */
  | {
      readonly kind: 'image';
      readonly layers: readonly RegistryLayer[];
      /** Undefined: the manifest of the topmost layer says how the image is run. */
      readonly configDigest?: string;
    }
  /** Another manifest has to be asked for. */
  | { readonly kind: 'list'; readonly digest: string };

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `architecture`: as Go names it. */
export function parseManifest(text: string, architecture: string): Result<RegistryManifest> {
  const parsed = parseObject(text, 'the manifest');
  if (!parsed.ok) return parsed;
  const { schemaVersion: schema, manifests } = parsed.value;
  if (schema === 1) return schemaOne(parsed.value);
  if (schema !== 2) return err(`Unsupported manifest schema version '${schema}'`);
  return Array.isArray(manifests) ? platformOf(manifests, architecture) : schemaTwo(parsed.value);
}

function schemaOne({ fsLayers, history }: Json): Result<RegistryManifest> {
  const blobs = objectsOf(fsLayers);
  const entries = objectsOf(history);
  if (blobs.length === 0) return err("'fsLayers' field must have at least one element");
  if (blobs.length !== entries.length) {
    return err("'history' and 'fsLayers' fields have not the same number of elements");
  }
  const layers: RegistryLayer[] = [];
  for (const [at, { blobSum: digest }] of blobs.entries()) {
    const json = entries[at]?.['v1Compatibility'];
    if (typeof digest !== 'string' || !DIGEST.test(digest)) return err(`Invalid blob '${digest}'`);
    if (typeof json !== 'string') return err("'v1Compatibility' is missing");
    const own = parseObject(json, "'v1Compatibility'");
    if (!own.ok) return own;
    const { id } = own.value;
    if (typeof id !== 'string' || !isLayerId(id)) return err(`Invalid layer id '${id}'`);
    // The same layer may be named more than once.
    if (layers.every((each) => each.id !== id)) layers.unshift({ id, digest, json });
  }
  return ok({ kind: 'image', layers });
}

function schemaTwo({ config, layers: listed }: Json): Result<RegistryManifest> {
  const configDigest = isObject(config) ? config['digest'] : undefined;
  if (typeof configDigest !== 'string' || !DIGEST.test(configDigest)) {
    return err("'config' has no valid digest");
  }
  const layers: RegistryLayer[] = [];
  for (const { digest } of objectsOf(listed)) {
    if (typeof digest !== 'string' || !DIGEST.test(digest)) return err(`Invalid blob '${digest}'`);
    layers.push({ id: digest, digest });
  }
  if (layers.length === 0) return err("'layers' field must have at least one element");
  return ok({ kind: 'image', layers, configDigest });
}

function platformOf(manifests: readonly unknown[], architecture: string): Result<RegistryManifest> {
  for (const { digest, platform } of objectsOf(manifests)) {
    if (!isObject(platform) || platform['os'] !== 'linux') continue;
    if (platform['architecture'] !== architecture) continue;
    if (typeof digest === 'string' && DIGEST.test(digest)) return ok({ kind: 'list', digest });
  }
  return err(`The image is not there for linux/${architecture}`);
}
