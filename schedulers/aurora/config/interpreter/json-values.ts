/** `json.loads` and `json.dumps`. */
import { onlyPositional, stringOf } from './native.ts';
import { floatText } from './text-of.ts';
import {
  type CallArguments,
  type Calls,
  indexOf,
  isTruthy,
  iterate,
  PyDict,
  PyList,
  PyTuple,
  raised,
  typeName,
  type Value,
} from './values.ts';

const DEPTH_MAX = 50;
/** Characters: they come again with every element. */
const SEPARATOR_MAX = 100;
const INDENT_MAX = 16;
const REPR_DIGITS = 16;

export function fromJson(text: string, calls: Calls): Value {
  calls.budget.step(1 + text.length / 100);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    // A RangeError comes from a text that is nested too deeply.
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw raised('ValueError', `No JSON object could be decoded: ${why}`);
  }
  return parsedValue(parsed, calls, 0);
}

function parsedValue(json: unknown, calls: Calls, depth: number): Value {
  if (depth > DEPTH_MAX) throw raised('ValueError', 'JSON is nested too deeply');
  calls.budget.elements(1);
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json))
    return new PyList(json.map((each) => parsedValue(each, calls, depth + 1)));
  return PyDict.from(
    Object.entries(Object(json)).map(([key, each]) => [key, parsedValue(each, calls, depth + 1)]),
  );
}

export function toJson(args: CallArguments, calls: Calls): string {
  const { keywords } = args;
  const [value = null] = onlyPositional('dumps', { ...args, keywords: new Map() }, [1, 1]);
  const indent = keywords.get('indent') ?? null;
  const how = {
    // Less than none is none, for Python.
    indent: indent === null ? undefined : Math.max(0, indexOf(indent)),
    isSorted: isTruthy(keywords.get('sort_keys') ?? false),
    ...separatorsIn(keywords.get('separators') ?? null),
  };
  for (const name of keywords.keys()) {
    if (name !== 'indent' && name !== 'sort_keys' && name !== 'separators') {
      throw raised('TypeError', `dumps() got an unexpected keyword argument '${name}'`);
    }
  }
  if ((how.indent ?? 0) > INDENT_MAX) throw raised('ValueError', 'indent is too large');
  return written(value, how, calls, 0);
}

interface Layout {
  readonly indent: number | undefined;
  readonly isSorted: boolean;
  readonly afterItem: string;
  readonly afterKey: string;
}

function separatorsIn(value: Value): Pick<Layout, 'afterItem' | 'afterKey'> {
  if (value === null) return { afterItem: ', ', afterKey: ': ' };
  const [afterItem, afterKey, ...more] = iterate(value);
  if (more.length > 0) throw raised('ValueError', 'too many values to unpack');
  const layout = {
    afterItem: stringOf(afterItem, 'separators'),
    afterKey: stringOf(afterKey, 'separators'),
  };
  if (Math.max(layout.afterItem.length, layout.afterKey.length) > SEPARATOR_MAX) {
    throw raised('ValueError', 'separators are too long');
  }
  return layout;
}

function written(value: Value, how: Layout, calls: Calls, depth: number): string {
  if (depth > DEPTH_MAX) throw raised('ValueError', 'value is nested too deeply');
  calls.budget.step();
  const text = writtenUncounted(value, how, calls, depth);
  calls.budget.characters(text.length);
  return text;
}

function writtenUncounted(value: Value, how: Layout, calls: Calls, depth: number): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string')
    return JSON.stringify(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return floatText(value, REPR_DIGITS);
  if (value instanceof PyList || value instanceof PyTuple) {
    return enclosed(
      '[]',
      value.items.map((each) => written(each, how, calls, depth + 1)),
      how,
      depth,
    );
  }
  if (value instanceof PyDict) {
    const entries = [...value.entries.values()].map(([key, each]) => {
      if (typeof key !== 'string') throw raised('TypeError', 'keys must be a string');
      return `${JSON.stringify(key)}${how.afterKey}${written(each, how, calls, depth + 1)}`;
    });
    return enclosed('{}', how.isSorted ? entries.sort() : entries, how, depth);
  }
  throw raised('TypeError', `${typeName(value)} is not JSON serializable`);
}

function enclosed(
  brackets: '[]' | '{}',
  parts: readonly string[],
  how: Layout,
  depth: number,
): string {
  const [open = '', close = ''] = brackets;
  if (how.indent === undefined || parts.length === 0)
    return open + parts.join(how.afterItem) + close;
  const inner = `\n${' '.repeat(how.indent * (depth + 1))}`;
  return `${open}${inner}${parts.join(how.afterItem + inner)}\n${' '.repeat(how.indent * depth)}${close}`;
}
