/** Methods of strings (spec aurora, section 2.3). */
import { type Methods, method } from './method-rows.ts';
import { stringOf } from './native.ts';
import { searched } from './operators.ts';
import {
  type Calls,
  indexOf,
  iterate,
  PyList,
  PyTuple,
  raised,
  typeName,
  type Value,
} from './values.ts';

export const STRING: Methods<string> = {
  join: method(1, 1, (self, [list = null], calls) => {
    const parts = iterate(list).map((each, at) => {
      if (typeof each === 'string') return each;
      throw raised('TypeError', `sequence item ${at}: expected string, ${typeName(each)} found`);
    });
    const separators = self.length * Math.max(0, parts.length - 1);
    calls.budget.characters(parts.reduce((sum, each) => sum + each.length, separators));
    return parts.join(self);
  }),
  split: method(0, 2, (self, [separator = null, max = -1n], calls) => {
    if (typeof separator === 'string') searched(self, separator, calls);
    const parts = split(self, separator, indexOf(max));
    calls.budget.elements(parts.length);
    calls.budget.characters(self.length);
    return new PyList(parts);
  }),
  splitlines: method(0, 0, (self, _args, calls) => {
    const lines = self.split(/\r\n|\r|\n/);
    if (lines.at(-1) === '') lines.pop();
    calls.budget.elements(lines.length);
    calls.budget.characters(self.length);
    return new PyList(lines);
  }),
  replace: method(2, 3, (self, [from = null, to = null, max = -1n], calls) => {
    const limit = indexOf(max);
    searched(self, stringOf(from, 'replace()'), calls);
    const parts = self.split(stringOf(from, 'replace()'));
    const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
    const by = stringOf(to, 'replace()');
    calls.budget.characters(self.length + by.length * Math.max(0, count));
    if (count <= 0) return self;
    return `${parts.slice(0, count + 1).join(by)}${['', ...parts.slice(count + 1)].join(String(from))}`;
  }),
  strip: method(0, 1, (self, [chars = null]) => stripped(self, chars, 'both')),
  lstrip: method(0, 1, (self, [chars = null]) => stripped(self, chars, 'left')),
  rstrip: method(0, 1, (self, [chars = null]) => stripped(self, chars, 'right')),
  lower: method(0, 0, (self, _args, calls) => counted(self.toLowerCase(), calls)),
  upper: method(0, 0, (self, _args, calls) => counted(self.toUpperCase(), calls)),
  title: method(0, 0, (self, _args, calls) =>
    counted(
      self.toLowerCase().replaceAll(/[a-z]+/g, (word) => word[0]?.toUpperCase() + word.slice(1)),
      calls,
    ),
  ),
  capitalize: method(0, 0, (self, _args, calls) =>
    counted(self.slice(0, 1).toUpperCase() + self.slice(1).toLowerCase(), calls),
  ),
  startswith: method(1, 1, (self, [start = null]) => anyOf(start, (each) => self.startsWith(each))),
  endswith: method(1, 1, (self, [end = null]) => anyOf(end, (each) => self.endsWith(each))),
  find: method(1, 1, (self, [text], calls) => {
    searched(self, stringOf(text, 'find()'), calls);
    return BigInt(self.indexOf(String(text)));
  }),
  rfind: method(1, 1, (self, [text], calls) => {
    searched(self, stringOf(text, 'rfind()'), calls);
    return BigInt(self.lastIndexOf(String(text)));
  }),
  index: method(1, 1, (self, [text], calls) => placeOf(self, text, { calls, isLast: false })),
  rindex: method(1, 1, (self, [text], calls) => placeOf(self, text, { calls, isLast: true })),
  partition: method(1, 1, (self, [by], calls) => parted(self, by, { calls, isLast: false })),
  rpartition: method(1, 1, (self, [by], calls) => parted(self, by, { calls, isLast: true })),
  rsplit: method(0, 2, (self, [separator = null, max = -1n], calls) => {
    if (typeof separator === 'string') searched(self, separator, calls);
    const parts = rightSplit(self, separator, indexOf(max));
    calls.budget.elements(parts.length);
    calls.budget.characters(self.length);
    return new PyList(parts);
  }),
  ljust: method(1, 2, (self, [width = 0n, fill = ' '], calls) => {
    const missing = missingWidth(self, width, { fill, calls });
    return self + String(fill).repeat(missing);
  }),
  rjust: method(1, 2, (self, [width = 0n, fill = ' '], calls) => {
    const missing = missingWidth(self, width, { fill, calls });
    return String(fill).repeat(missing) + self;
  }),
  center: method(1, 2, (self, [width = 0n, fill = ' '], calls) => {
    const missing = missingWidth(self, width, { fill, calls });
    const left = Math.floor(missing / 2) + (missing & indexOf(width) & 1);
    return String(fill).repeat(left) + self + String(fill).repeat(missing - left);
  }),
  swapcase: method(0, 0, (self, _args, calls) =>
    counted(
      self.replaceAll(/[a-zA-Z]/g, (char) =>
        char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase(),
      ),
      calls,
    ),
  ),
  isalpha: method(0, 0, (self) => /^[a-zA-Z]+$/.test(self)),
  isalnum: method(0, 0, (self) => /^[a-zA-Z\d]+$/.test(self)),
  isspace: method(0, 0, (self) => /^[ \t\n\r\f\v]+$/.test(self)),
  isupper: method(0, 0, (self) => /[A-Z]/.test(self) && !/[a-z]/.test(self)),
  islower: method(0, 0, (self) => /[a-z]/.test(self) && !/[A-Z]/.test(self)),
  count: method(1, 1, (self, [text], calls) => {
    searched(self, stringOf(text, 'count()'), calls);
    return BigInt(self.split(String(text)).length - 1);
  }),
  isdigit: method(0, 0, (self) => /^\d+$/.test(self)),
  zfill: method(1, 1, (self, [width = 0n], calls) => {
    calls.budget.characters(indexOf(width));
    const sign = /^[-+]/.exec(self)?.[0] ?? '';
    return sign + self.slice(sign.length).padStart(indexOf(width) - sign.length, '0');
  }),
  encode: method(0, 2, (self) => self),
  decode: method(0, 2, (self) => self),
};

function counted(text: string, calls: Calls): string {
  calls.budget.characters(text.length);
  return text;
}

function split(text: string, separator: Value, max: number): string[] {
  if (separator !== null && stringOf(separator, 'split()') === '')
    throw raised('ValueError', 'empty separator');
  const by = separator === null ? undefined : String(separator);
  const from = by === undefined ? text.trimStart() : text;
  const parts =
    by === undefined ? (from === '' ? [] : from.trimEnd().split(/\s+/)) : from.split(by);
  if (max < 0 || parts.length <= max + 1) return parts;
  if (by !== undefined) return [...parts.slice(0, max), parts.slice(max).join(by)];
  const head = parts.slice(0, max);
  let rest = from;
  for (const each of head) rest = rest.slice(each.length).trimStart();
  return [...head, rest];
}

interface Looking {
  readonly calls: Calls;
  /** From the right. */
  readonly isLast: boolean;
}

function placeOf(text: string, wanted: Value | undefined, { calls, isLast }: Looking): bigint {
  const part = stringOf(wanted, 'index()');
  searched(text, part, calls);
  const at = isLast ? text.lastIndexOf(part) : text.indexOf(part);
  if (at === -1) throw raised('ValueError', 'substring not found');
  return BigInt(at);
}

function parted(text: string, wanted: Value | undefined, { calls, isLast }: Looking): PyTuple {
  const by = stringOf(wanted, 'partition()');
  if (by === '') throw raised('ValueError', 'empty separator');
  searched(text, by, calls);
  calls.budget.characters(text.length);
  const at = isLast ? text.lastIndexOf(by) : text.indexOf(by);
  if (at === -1) return new PyTuple(isLast ? ['', '', text] : [text, '', '']);
  return new PyTuple([text.slice(0, at), by, text.slice(at + by.length)]);
}

function rightSplit(text: string, separator: Value, max: number): string[] {
  if (separator !== null) {
    const parts = split(text, separator, -1);
    const by = String(separator);
    if (max < 0 || parts.length <= max + 1) return parts;
    const first = parts.length - max;
    return [parts.slice(0, first).join(by), ...parts.slice(first)];
  }
  const parts = split(text, null, -1);
  if (max < 0 || parts.length <= max + 1) return parts;
  const tail = max === 0 ? [] : parts.slice(-max);
  let rest = text.trimEnd();
  for (const each of [...tail].reverse()) rest = rest.slice(0, -each.length).trimEnd();
  return [rest, ...tail];
}

/** How many characters are left to the width. */
function missingWidth(
  text: string,
  width: Value,
  { fill, calls }: { readonly fill: Value; readonly calls: Calls },
): number {
  if (stringOf(fill, 'fill character').length !== 1) {
    throw raised('TypeError', 'must be char, not str');
  }
  const wanted = Math.max(text.length, indexOf(width));
  calls.budget.characters(wanted);
  return wanted - text.length;
}

function stripped(text: string, chars: Value, side: 'left' | 'right' | 'both'): string {
  const wanted = chars === null ? undefined : new Set(stringOf(chars, 'strip()'));
  const isStripped = (char: string | undefined): boolean =>
    char !== undefined && (wanted === undefined ? /\s/.test(char) : wanted.has(char));
  let from = 0;
  let to = text.length;
  if (side !== 'right') while (from < to && isStripped(text[from])) from += 1;
  if (side !== 'left') while (to > from && isStripped(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

function anyOf(value: Value, test: (text: string) => boolean): boolean {
  const texts = value instanceof PyTuple ? value.items : [value];
  return texts.some((each) => test(stringOf(each, 'startswith()')));
}
