/** What references are looked up in, from the inside out (spec aurora, section 2.6). */
import {
  type CallArguments,
  PyDict,
  PyList,
  raised,
  typeName,
  type Value,
} from '../interpreter/values.ts';
import {
  ChoiceObject,
  isKey,
  ListObject,
  MapObject,
  SchemaObject,
  StructObject,
} from './objects.ts';
import { RefValue } from './ref-value.ts';
import { addressOf, type Component } from './references.ts';

/** In order of precedence. */
export type Chain = readonly Scope[];

export type Scope =
  | { readonly kind: 'bound'; readonly names: ReadonlyMap<string, Value> }
  /** The fields of a struct; `outer` is what the struct itself sees besides. */
  | { readonly kind: 'fields'; readonly of: StructObject; readonly outer: Chain };

export interface Found {
  readonly value: Value;
  /** The value or, of a plain one, what holds it: with it a reference that leads back to itself is noticed. */
  readonly origin: object;
  /** What references in the value are looked up in. */
  readonly chain: Chain;
}

/** What the fields of a struct see. */
export function innerChain(of: StructObject, outer: Chain): Chain {
  return [{ kind: 'fields', of, outer }, ...of.scopes, ...outer];
}

/** The scopes that arguments of `bind` stand for, first given first. */
export function scopesOf(args: CallArguments): Scope[] {
  const scopes = args.positional.map((each): Scope => {
    if (each instanceof PyDict) return { kind: 'bound', names: namesOf(each) };
    if (each instanceof StructObject) return { kind: 'fields', of: each, outer: [] };
    throw raised(
      'ValueError',
      `cannot bind a ${typeName(each)}: a dictionary or a struct is expected`,
    );
  });
  if (args.keywords.size > 0) scopes.push({ kind: 'bound', names: args.keywords });
  return scopes;
}

function namesOf(dict: PyDict): ReadonlyMap<string, Value> {
  const names = new Map<string, Value>();
  for (const [key, value] of dict.entries.values()) {
    names.set(key instanceof RefValue ? key.address : String(key), value);
  }
  return names;
}

/** Every scope's answer, the one that counts first. */
export function* answers(components: readonly Component[], chain: Chain): Generator<Found> {
  const [first, ...rest] = components;
  if (first?.kind !== 'name') return;
  if (first.name === 'super' && rest.length > 0) {
    const own = chain.findIndex((each) => each.kind === 'fields');
    yield* answers(rest, chain.slice(own + 1));
    return;
  }
  for (const scope of chain) {
    if (scope.kind === 'bound') yield* namedWhole(components, scope.names);
    const start = startIn(scope, first.name);
    const found = start === undefined ? undefined : follow(start, rest);
    if (found !== undefined) yield found;
  }
}

/** Names such as `a.b` or `a[b]`, which `bind` takes as well; the longest counts first. */
function* namedWhole(
  components: readonly Component[],
  names: ReadonlyMap<string, Value>,
): Generator<Found> {
  for (let count = components.length; count > 1; count -= 1) {
    const start = given(names.get(addressOf(components.slice(0, count))), [], names);
    const found = start === undefined ? undefined : follow(start, components.slice(count));
    if (found !== undefined) yield found;
  }
}

function startIn(scope: Scope, name: string): Found | undefined {
  if (scope.kind === 'bound') {
    const value = scope.names.get(name);
    return given(value, [], scope.names);
  }
  const value = scope.of.fields.get(name);
  if (value === undefined && name === 'self') return given(scope.of, scope.outer, scope.of);
  return given(value, innerChain(scope.of, scope.outer), scope.of);
}

function follow(start: Found, components: readonly Component[]): Found | undefined {
  let found: Found | undefined = start;
  for (const component of components) {
    if (found === undefined) return undefined;
    found = step(found, component);
  }
  return found;
}

function step({ value, chain, origin }: Found, component: Component): Found | undefined {
  const key = component.kind === 'name' ? component.name : component.index;
  if (value instanceof ChoiceObject) {
    return step({ value: value.given, chain: [...value.scopes, ...chain], origin }, component);
  }
  if (value instanceof StructObject && component.kind === 'name') {
    const field = value.fields.get(key);
    return given(field, innerChain(value, chain), value);
  }
  const inner = value instanceof SchemaObject ? [...value.scopes, ...chain] : chain;
  if (value instanceof PyDict) return given(value.get(key) ?? numbered(value, key), inner, value);
  if (component.kind === 'name') return undefined;
  if (value instanceof MapObject) {
    const entry = value.entries.find(([each]) => isKey(each, key));
    return given(entry?.[1], inner, value);
  }
  if (!/^\d+$/.test(key)) return undefined;
  if (value instanceof ListObject || value instanceof PyList)
    return given(value.items[Number(key)], inner, value);
  return undefined;
}

function numbered(dict: PyDict, key: string): Value | undefined {
  return /^\d{1,9}$/.test(key) ? dict.get(BigInt(key)) : undefined;
}

function given(value: Value | undefined, chain: Chain, holder: object): Found | undefined {
  if (value === undefined) return undefined;
  return { value, chain, origin: value instanceof SchemaObject ? value : holder };
}
