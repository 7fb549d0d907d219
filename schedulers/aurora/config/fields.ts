/** Reading of interpolated structs: attributes that the checks have found to be there and of their type. */
import { assert } from '../../../core/base/assert.ts';
import { type Data, type DataMap, isDataList, isDataMap } from './pystachio/plain.ts';

export function mapAt(of: DataMap, name: string): DataMap {
  return optionalMap(of, name) ?? new Map();
}

export function optionalMap(of: DataMap, name: string): DataMap | undefined {
  const found = of.get(name);
  return isDataMap(found) ? found : undefined;
}

export function listAt(of: DataMap, name: string): readonly Data[] {
  const found = of.get(name);
  return isDataList(found) ? found : [];
}

export function mapsAt(of: DataMap, name: string): readonly DataMap[] {
  return listAt(of, name).filter((each) => isDataMap(each));
}

export function textAt(of: DataMap, name: string): string {
  return optionalText(of, name) ?? '';
}

export function optionalText(of: DataMap, name: string): string | undefined {
  const found = of.get(name);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(of: DataMap, name: string): number {
  const found = of.get(name);
  assert(typeof found === 'bigint' || typeof found === 'number', `${name} is no number`);
  return Number(found);
}

export function optionalNumber(of: DataMap, name: string): number | undefined {
  return of.has(name) ? numberAt(of, name) : undefined;
}

export function isSet(of: DataMap, name: string): boolean {
  return of.get(name) === true;
}

export function textsAt(of: DataMap, name: string): ReadonlyMap<string, string> {
  return new Map([...mapAt(of, name)].map(([key, value]) => [key, String(value)]));
}
