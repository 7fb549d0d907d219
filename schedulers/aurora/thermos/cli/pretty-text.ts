/** Plain data as Python's `pprint` shows it with an indent of 4: dictionaries by key, lists as tuples. */
import { floatText, quoted } from '../../config/interpreter/text-of.ts';
import { type Data, isDataList, isDataMap } from '../../config/pystachio/plain.ts';

const WIDTH = 80;
const INDENT = 4;
const REPR_DIGITS = 16;

export function prettyText(data: Data): string {
  return shown(data, 0, 0);
}

/** `allowance`: brackets that follow on the same line. */
function shown(data: Data, indent: number, allowance: number): string {
  const isLong = oneLine(data).length > WIDTH - 1 - indent - allowance;
  const inner = indent + INDENT;
  const between = isLong ? `,\n${' '.repeat(inner)}` : ', ';
  if (isDataMap(data)) {
    const entries = sortedEntries(data).map(([key, value]) => {
      const name = quoted(key);
      return `${name}: ${shown(value, inner + name.length + 2, allowance + 1)}`;
    });
    return `{${' '.repeat(INDENT - 1)}${entries.join(between)}}`;
  }
  if (isDataList(data)) {
    const parts = data.map((each) => shown(each, inner, allowance + 1));
    const gap = isLong ? ' '.repeat(INDENT - 1) : '';
    return `(${gap}${parts.join(between)}${data.length === 1 ? ',' : ''})`;
  }
  return oneLine(data);
}

function oneLine(data: Data): string {
  if (isDataMap(data)) {
    const entries = sortedEntries(data).map(([key, value]) => `${quoted(key)}: ${oneLine(value)}`);
    return `{${entries.join(', ')}}`;
  }
  if (isDataList(data)) return `(${data.map(oneLine).join(', ')}${data.length === 1 ? ',' : ''})`;
  if (typeof data === 'boolean') return data ? 'True' : 'False';
  if (typeof data === 'number') return floatText(data, REPR_DIGITS);
  return typeof data === 'bigint' ? String(data) : quoted(data);
}

function sortedEntries(data: ReadonlyMap<string, Data>): readonly (readonly [string, Data])[] {
  return [...data].sort(([one], [other]) => (one < other ? -1 : 1));
}
