/** The description of `description.ts`, parsed: what the encodings walk along. */
import { assert, defined } from '../../../core/base/assert.ts';
import { ENUMS, METHODS, STRUCTS, UNIONS } from './description.ts';

export type ThriftType =
  | { readonly kind: 'bool' | 'i32' | 'i64' | 'double' | 'str' }
  | { readonly kind: 'enum'; readonly name: string; readonly names: ReadonlyMap<number, string> }
  | { readonly kind: 'struct'; readonly struct: ThriftStruct }
  | { readonly kind: 'list' | 'set'; readonly element: ThriftType }
  | { readonly kind: 'map'; readonly key: ThriftType; readonly value: ThriftType };

export interface ThriftField {
  readonly id: number;
  /** Among the fields of its struct. */
  readonly place: number;
  readonly name: string;
  readonly type: ThriftType;
  readonly isOptional: boolean;
  /** Name of the enumeration's value when absent. */
  readonly otherwise: string | undefined;
}

export interface ThriftStruct {
  readonly name: string;
  readonly isUnion: boolean;
  /** By ascending id, as they are written. */
  readonly fields: readonly ThriftField[];
  readonly byId: ReadonlyMap<number, ThriftField>;
}

export type MethodName = keyof typeof METHODS;

/** Numbers of an enumeration's names. */
export function numberOf(type: string, name: string): number | undefined {
  return ENUM_NUMBERS.get(type)?.get(name);
}

const ENUM_NUMBERS: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map(
  Object.entries(ENUMS).map(([name, values]) => [name, new Map(Object.entries(values))]),
);

const ENUM_TYPES: ReadonlyMap<string, ThriftType> = new Map(
  [...ENUM_NUMBERS].map(([name, numbers]) => [
    name,
    { kind: 'enum', name, names: new Map([...numbers].map(([value, at]) => [at, value])) },
  ]),
);

const known = new Map<string, ThriftStruct>();

export function structOf(name: string): ThriftStruct {
  const found = known.get(name);
  if (found !== undefined) return found;
  const text = STRUCTS[name] ?? UNIONS[name];
  const made = parseStruct(name, defined(text, `struct ${name}`), name in UNIONS);
  known.set(name, made);
  return made;
}

const CALLS: ReadonlyMap<string, { readonly args: ThriftStruct; readonly result: ThriftStruct }> =
  new Map(
    Object.entries(METHODS).map(([name, text]) => [
      name,
      {
        args: parseStruct(`${name}_args`, text, false),
        result: parseStruct(`${name}_result`, '0 success?:Response', false),
      },
    ]),
  );

export function isMethod(name: string): name is MethodName {
  return CALLS.has(name);
}

export function callOf(name: MethodName): {
  readonly args: ThriftStruct;
  readonly result: ThriftStruct;
} {
  return defined(CALLS.get(name), `method ${name}`);
}

/** The fields of `1 a:str, 2 b?:list<i32>`. */
export function parseFields(text: string): readonly (Omit<ThriftField, 'type' | 'place'> & {
  readonly typeText: string;
})[] {
  if (text === '') return [];
  return text.split(', ').map((each) => {
    const match = /^(\d+) (\w+)(\??):([\w<>,]+)(?:=(\w+))?$/.exec(each);
    assert(match !== null, `field '${each}' of the Thrift description cannot be read`);
    const [, id = '', name = '', optional = '', typeText = '', otherwise] = match;
    return { id: Number(id), name, isOptional: optional === '?', typeText, otherwise };
  });
}

function parseStruct(name: string, text: string, isUnion: boolean): ThriftStruct {
  const fields = parseFields(text)
    .map(({ typeText, ...field }) => ({ ...field, type: parseType(typeText) }))
    .sort((one, other) => one.id - other.id)
    .map((field, place) => ({ ...field, place }));
  const byId = new Map(fields.map((field) => [field.id, field]));
  assert(byId.size === fields.length, `struct ${name} has a field id twice`);
  return { name, isUnion, fields, byId };
}

function parseType(text: string): ThriftType {
  const collection = /^(list|set)<(.+)>$/.exec(text);
  if (collection !== null) {
    const kind = collection[1] === 'list' ? 'list' : 'set';
    return { kind, element: parseType(collection[2] ?? '') };
  }
  const map = /^map<(\w+),(.+)>$/.exec(text);
  if (map !== null) {
    return { kind: 'map', key: parseType(map[1] ?? ''), value: parseType(map[2] ?? '') };
  }
  switch (text) {
    case 'bool':
    case 'i32':
    case 'i64':
    case 'double':
    case 'str':
      return { kind: text };
    default:
      return ENUM_TYPES.get(text) ?? { kind: 'struct', struct: structOf(text) };
  }
}
