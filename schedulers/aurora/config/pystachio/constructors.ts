/** The names with which configurations make types: `List`, `Map`, `Enum`, `Choice`, `Required`, `Default`. */
import { NativeFunction, positional } from '../interpreter/native.ts';
import {
  type CallArguments,
  iterate,
  PyDict,
  PyList,
  PyTuple,
  raised,
  typeName,
  type Value,
} from '../interpreter/values.ts';
import { EMPTY } from './objects.ts';
import { REF } from './ref-value.ts';
import { BOOLEAN, FLOAT, INTEGER, ScalarType, STRING } from './scalar-type.ts';
import { SchemaType } from './schema-type.ts';
import { AttributeMark, ChoiceType, ListType, MapType, STRUCT } from './types.ts';

function typeOf(value: Value | undefined, what: string): SchemaType {
  if (value instanceof SchemaType) return value;
  throw raised('TypeError', `${what} needs a type, not ${typeName(value ?? null)}`);
}

function texts(values: readonly Value[], what: string): readonly string[] {
  return values.map((each) => {
    if (typeof each === 'string') return each;
    throw raised('TypeError', `${what} needs strings, not ${typeName(each)}`);
  });
}

function enumeration(args: readonly Value[]): ScalarType {
  const [first, second, ...rest] = args;
  const hasName = rest.length === 0 && (second instanceof PyTuple || second instanceof PyList);
  const name = hasName ? String(first) : `Enum_${args.map(String).join('_')}`;
  return new ScalarType('Enum', name, texts(hasName ? iterate(second) : args, 'Enum'));
}

function choice(args: readonly Value[]): ChoiceType {
  const last = args.at(-1) ?? null;
  const alternatives = iterate(last).map((each) => typeOf(each, 'Choice'));
  const name =
    args.length === 2
      ? String(args[0])
      : `Choice_${alternatives.map((each) => each.name).join('_')}`;
  return new ChoiceType(name, alternatives);
}

/** `Environment(a=1)`, for `bind`. */
function environment(args: CallArguments): PyDict {
  const made = new PyDict();
  for (const each of args.positional) {
    if (!(each instanceof PyDict)) throw raised('ValueError', 'Environment expects dictionaries');
    for (const [key, value] of each.entries.values()) made.set(key, value);
  }
  for (const [name, value] of args.keywords) made.set(name, value);
  return made;
}

export const CONSTRUCTORS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['String', STRING],
  ['Integer', INTEGER],
  ['Float', FLOAT],
  ['Boolean', BOOLEAN],
  ['Struct', STRUCT],
  ['Empty', EMPTY],
  ['List', positional('List', [1, 1], ([of]) => new ListType(typeOf(of, 'List')))],
  [
    'Map',
    positional('Map', [2, 2], ([key, of]) => new MapType(typeOf(key, 'Map'), typeOf(of, 'Map'))),
  ],
  ['Enum', positional('Enum', [1, 100], enumeration)],
  ['Choice', positional('Choice', [1, 2], choice)],
  [
    'Required',
    positional('Required', [1, 1], ([of]) => {
      const type = typeOf(of, 'Required');
      return new AttributeMark({ type, isRequired: true, otherwise: undefined });
    }),
  ],
  [
    'Default',
    positional('Default', [2, 2], ([of, value = null], calls) => {
      const type = typeOf(of, 'Default');
      const made = type.accept(value, calls);
      if (!made.ok) throw raised('ValueError', made.error);
      return new AttributeMark({ type, isRequired: false, otherwise: made.value });
    }),
  ],
  ['Environment', new NativeFunction('Environment', environment)],
  ['Ref', REF],
]);
