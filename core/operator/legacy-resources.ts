/** Resources and attributes as the legacy endpoints show them (spec operator-api, sections 3.1 to 3.3). */
import type { Resources } from '../resources/arithmetic.ts';
import { legacyAttributes } from '../resources/attributes.ts';
import { legacyModel } from '../resources/format.ts';
import { formatRanges } from '../resources/ranges.ts';
import { toEndpointForm } from '../resources/refinement.ts';
import { fromMilli, type Milli, toMilli } from '../resources/scalar.ts';
import { rangesOf, reservationsByRole } from '../resources/select.ts';
import { toJson } from '../wire/json.ts';
import {
  double,
  formatDouble,
  type JsonObject,
  type JsonValue,
  RawJson,
  writeJson,
} from '../wire/json-text.ts';
import type { Attribute, Resource } from '../wire/types/mesos.v1.ts';

/** These come first and are always there, in the recorded order. */
const FIRST = ['disk', 'mem', 'gpus', 'cpus'];

/** `{"disk":0.0,"mem":64.0,"gpus":0.0,"cpus":1.0,"ports":"[31000-31001]"}`. */
export function resourcesModel(resources: Resources): RawJson {
  const plain = plainText(resources);
  if (plain !== undefined) return new RawJson(plain);
  const known = texts.get(resources);
  if (known !== undefined) return known;
  const values = legacyModel(resources);
  const model: Record<string, JsonValue> = {};
  for (const name of FIRST) model[name] = numberOrText(values.get(name) ?? 0);
  for (const [name, value] of values) model[name] = numberOrText(value);
  const text = new RawJson(writeJson(model));
  texts.set(resources, text);
  return text;
}

/** The same for the sum of several lists, which is only made when it must be. */
export function sumModel(lists: Iterable<Resources>, sum: () => Resources): RawJson {
  const plain = plainText([...lists].flat());
  return plain === undefined ? resourcesModel(sum()) : new RawJson(plain);
}

/**
 * The text of what nearly all tasks have, made in one go: the four usual scalars and ports. Undefined
 * for anything else. Equal entries are summed, so lists may be given one after another.
 */
function plainText(resources: Resources): string | undefined {
  let [disk, mem, gpus, cpus] = [0, 0, 0, 0];
  let ranges: Resource[] | undefined;
  for (const resource of resources) {
    if (resource.revocable !== undefined || resource.shared !== undefined) return undefined;
    if (resource.type === 'RANGES' && resource.name === 'ports') {
      ranges = [...(ranges ?? []), resource];
      continue;
    }
    if (resource.type !== 'SCALAR') return undefined;
    const milli = toMilli(resource.scalar?.value ?? 0);
    if (resource.name === 'cpus') cpus += milli;
    else if (resource.name === 'mem') mem += milli;
    else if (resource.name === 'disk') disk += milli;
    else if (resource.name === 'gpus') gpus += milli;
    else return undefined;
  }
  const ports = ranges === undefined ? '' : `,"ports":"${formatRanges(rangesOf(ranges, 'ports'))}"`;
  return (
    `{"disk":${milliText(disk)},"mem":${milliText(mem)},"gpus":${milliText(gpus)},` +
    `"cpus":${milliText(cpus)}${ports}}`
  );
}

function milliText(milli: Milli): string {
  const known = milliTexts.get(milli);
  if (known !== undefined) return known;
  const text = formatDouble(fromMilli(milli));
  if (milliTexts.size < MILLI_TEXTS_MAX) milliTexts.set(milli, text);
  return text;
}

/** The same few amounts are shown again and again; those beyond the limit are made each time. */
const milliTexts = new Map<Milli, string>();
const MILLI_TEXTS_MAX = 1_000;

/** Lists of resources are immutable, so their text is kept as long as they live. */
const texts = new WeakMap<Resources, RawJson>();

function numberOrText(value: number | string): JsonValue {
  return typeof value === 'number' ? double(value) : value;
}

/** A list in endpoint form, `role` and `reservations` both. */
export function resourcesFull(resources: Resources): RawJson {
  const known = fullTexts.get(resources);
  if (known !== undefined) return known;
  const text = new RawJson(`[${toEndpointForm(resources).map(resourceText).join(',')}]`);
  fullTexts.set(resources, text);
  return text;
}

const fullTexts = new WeakMap<Resources, RawJson>();

function resourceText(resource: Resource): string {
  return toJson('mesos.v1.Resource', resource);
}

/** Reserved ones by role, in the flat form. */
export function reservedModel(resources: Resources): JsonObject {
  return mapRoles(resources, resourcesModel);
}

/** Reserved ones by role, in the full form. */
export function reservedFull(resources: Resources): JsonObject {
  return mapRoles(resources, resourcesFull);
}

function mapRoles(resources: Resources, show: (part: Resources) => JsonValue): JsonObject {
  const roles: Record<string, JsonValue> = {};
  for (const [role, part] of reservationsByRole(resources)) roles[role] = show(part);
  return roles;
}

export function attributesModel(attributes: readonly Attribute[] | undefined): JsonObject {
  const model: Record<string, JsonValue> = {};
  for (const [name, value] of legacyAttributes(attributes ?? [])) model[name] = numberOrText(value);
  return model;
}

/** Amounts by name, only those above zero, names in order. */
export function quantitiesModel(quantities: ReadonlyMap<string, Milli>): JsonObject {
  const model: Record<string, JsonValue> = {};
  for (const [name, milli] of [...quantities].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (milli !== 0) model[name] = double(fromMilli(milli));
  }
  return model;
}
