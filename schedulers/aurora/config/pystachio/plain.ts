/** Interpolated values as plain data, as JSON, and as values of the language. */
import { floatText } from '../interpreter/text-of.ts';
import { PyDict, PyList, type Value } from '../interpreter/values.ts';

/** A Float is a number and an Integer a bigint: `1.0` and `1` are written differently. */
export type Data = string | bigint | number | boolean | readonly Data[] | DataMap;

/** A struct or a map; attributes that are not set are not there. */
export type DataMap = ReadonlyMap<string, Data>;

const REPR_DIGITS = 16;

export function isDataMap(data: Data | undefined): data is DataMap {
  return data instanceof Map;
}

export function isDataList(data: Data | undefined): data is readonly Data[] {
  return Array.isArray(data);
}

export function plainValue(data: Data): Value {
  if (isDataList(data)) return new PyList(data.map(plainValue));
  if (isDataMap(data))
    return PyDict.from([...data].map(([key, value]) => [key, plainValue(value)]));
  return data;
}

/** As Python's `json.dumps` prints it, keys in the order given. */
export function jsonOf(data: Data): string {
  if (typeof data === 'bigint') return String(data);
  if (typeof data === 'number')
    return Number.isFinite(data) ? floatText(data, REPR_DIGITS) : 'null';
  if (isDataList(data)) return `[${data.map(jsonOf).join(', ')}]`;
  if (isDataMap(data)) {
    return `{${[...data].map(([key, value]) => `${JSON.stringify(key)}: ${jsonOf(value)}`).join(', ')}}`;
  }
  return JSON.stringify(data);
}
