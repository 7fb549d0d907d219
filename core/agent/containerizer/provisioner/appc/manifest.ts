/** Manifests of Appc images, which image is meant by a name with labels, and where it may be fetched. */
import { err, ok, type Result } from '../../../../base/result.ts';
import type { ImageAppc } from '../../../../wire/types/mesos.v1.ts';
import { isObject, type Json, objectsOf, parseObject, textsOf } from '../docker/image-config.ts';
import type { ImageRuntime } from '../port.ts';

export type AppcLabels = Readonly<Record<string, string>>;

/** What is asked for. */
export interface AppcName {
  readonly name: string;
  readonly id?: string;
  readonly labels: AppcLabels;
}

export interface AppcManifest {
  readonly name: string;
  readonly labels: AppcLabels;
  readonly dependencies: readonly AppcName[];
  readonly runtime: ImageRuntime;
}

/** `sha512-` and at least 32 hexadecimal digits. */
const IMAGE_ID = /^sha512-[0-9a-f]{32,128}$/;
/** Looser than the specification, as the original is: hosts may be told with a port. */
const NAME = /^[A-Za-z0-9]+([-._~/:][A-Za-z0-9]+)*$/;

export function isImageId(id: string): boolean {
  return IMAGE_ID.test(id);
}

export function parseAppcManifest(text: string): Result<AppcManifest> {
  const parsed = parseObject(text, 'manifest');
  if (!parsed.ok) return parsed;
  const { acKind, acVersion, name, labels, dependencies, app } = parsed.value;
  if (acKind !== 'ImageManifest') return err(`Incorrect acKind field: ${acKind}`);
  if (typeof acVersion !== 'string') return err("Field 'acVersion' is missing");
  if (typeof name !== 'string' || name === '') return err("Field 'name' is missing");
  const needed: AppcName[] = [];
  for (const each of objectsOf(dependencies)) {
    const { imageName, imageID: id } = each;
    if (typeof imageName !== 'string') return err("Field 'imageName' of a dependency is missing");
    if (id !== undefined && (typeof id !== 'string' || !isImageId(id))) {
      return err(`The image id '${id}' of a dependency is not valid`);
    }
    const own = { name: imageName, labels: labelsOf(each['labels']) };
    needed.push(id === undefined ? own : { ...own, id });
  }
  const runtime = runtimeOf(isObject(app) ? app : {});
  return ok({ name, labels: labelsOf(labels), dependencies: needed, runtime });
}

function runtimeOf({ exec, environment, workingDirectory: directory }: Json): ImageRuntime {
  return {
    kind: 'appc',
    exec: textsOf(exec),
    environment: labelsOf(environment),
    ...(typeof directory === 'string' && directory !== '' ? { workingDirectory: directory } : {}),
  };
}

function labelsOf(list: unknown): AppcLabels {
  const labels: Record<string, string> = {};
  for (const { name, value } of objectsOf(list)) {
    if (typeof name === 'string' && typeof value === 'string') labels[name] = value;
  }
  return labels;
}

export function askedFor(image: ImageAppc | undefined): Result<AppcName> {
  const { name = '', id, labels } = image ?? {};
  if (name === '') return err('Image name cannot be empty');
  if (!NAME.test(name)) return err(`Image name '${name}' is not valid`);
  if (id !== undefined && !isImageId(id)) return err(`Image id '${id}' is not valid`);
  const pairs = (labels?.labels ?? []).map(({ key, value = '' }) => [key, value] as const);
  const asked = { name, labels: Object.fromEntries(pairs) };
  return ok(id === undefined ? asked : { ...asked, id });
}

/**
 * The image of this name that has all labels asked for; of several the one with the fewest others, then
 * the first by id.
 */
export function matchingImage(
  { name, labels }: AppcName,
  images: ReadonlyMap<string, AppcManifest>,
): string | undefined {
  const fits = [...images].filter(
    ([, image]) =>
      image.name === name &&
      Object.entries(labels).every(([label, value]) => image.labels[label] === value),
  );
  const extra = (manifest: AppcManifest): number => Object.keys(manifest.labels).length;
  fits.sort(([a, one], [b, other]) => extra(one) - extra(other) || (a < b ? -1 : 1));
  return fits[0]?.[0];
}

/** `{name}-{version}-{os}-{arch}.aci` (simple discovery). */
export function discoveryPath({ name, labels }: AppcName): Result<string> {
  const { version = 'latest', os, arch } = labels;
  const missing = os === undefined ? 'os' : arch === undefined ? 'arch' : undefined;
  if (missing !== undefined) {
    return err(`Failed to form simple discovery url: label '${missing}' is missing`);
  }
  const parts = [version, os ?? '', arch ?? ''];
  if (!parts.every((part) => /^[\w.+-]+$/.test(part))) {
    return err('Failed to form simple discovery url: a label is no part of a path');
  }
  return ok(`${[name, ...parts].join('-')}.aci`);
}
