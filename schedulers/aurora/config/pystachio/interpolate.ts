/**
 * Resolves the references in an object and everything in it, and checks the types of what came of it
 * (spec aurora, sections 2.5 and 2.6).
 */
import { textOf } from '../interpreter/text-of.ts';
import { type Calls, isNumeric, raised } from '../interpreter/values.ts';
import {
  ChoiceObject,
  ListObject,
  MapObject,
  ScalarObject,
  type SchemaObject,
  StructObject,
} from './objects.ts';
import type { Data } from './plain.ts';
import { type Fragment, fragmentsOf, type Reference, textOfFragments } from './references.ts';
import { coercionError } from './schema-type.ts';
import { answers, type Chain, type Found, innerChain } from './scopes.ts';

/** A replaced text can hold references itself. */
export const ROUNDS_MAX = 100;

export interface Interpolated {
  readonly data: Data;
  /** Texts of references that nothing answers, in order of appearance. */
  readonly unbound: readonly string[];
  /** What the types do not allow. */
  readonly problems: readonly string[];
}

export function interpolate(object: SchemaObject, outer: Chain, calls: Calls): Interpolated {
  calls.budget.enter();
  calls.budget.step();
  calls.budget.elements(1);
  const made = ofObject(object, [...object.scopes, ...outer], calls);
  calls.budget.leave();
  return made;
}

/** `chain` holds what is bound to the object already. */
function ofObject(object: SchemaObject, chain: Chain, calls: Calls): Interpolated {
  if (object instanceof ScalarObject) return ofScalar(object, chain, calls);
  if (object instanceof StructObject)
    return ofStruct(object, chain.slice(object.scopes.length), calls);
  if (object instanceof ListObject) return ofList(object, chain, calls);
  if (object instanceof MapObject) return ofMap(object, chain, calls);
  if (object instanceof ChoiceObject) return ofChoice(object, chain, calls);
  return { data: '', unbound: [], problems: [`${object.type.name} cannot be interpolated`] };
}

function ofScalar(object: ScalarObject, chain: Chain, calls: Calls): Interpolated {
  if (typeof object.data !== 'string') return { data: object.data, unbound: [], problems: [] };
  const fragments = resolve(object.data, chain, { calls, open: [] });
  const text = textOfFragments(fragments);
  const unbound = fragments.flatMap((each) => (typeof each === 'string' ? [] : [each.text]));
  const coerced = object.type.coerceData(text);
  if (coerced !== undefined) return { data: coerced, unbound, problems: [] };
  const { type } = object;
  const problem = unbound.length > 0 ? type.complaint(text) : type.coercionProblem(text);
  return { data: text, unbound, problems: [problem] };
}

function ofStruct(object: StructObject, outer: Chain, calls: Calls): Interpolated {
  const chain = innerChain(object, outer);
  const data = new Map<string, Data>();
  const unbound: string[] = [];
  const problems: string[] = [];
  const { name: struct, attributes } = object.type;
  for (const [name, { isRequired, otherwise }] of attributes) {
    const field = object.fields.get(name);
    if (field === undefined) {
      // A number that was made `Empty`: whoever reads the struct counts on its default.
      const isEmptied = otherwise instanceof ScalarObject && typeof otherwise.data !== 'string';
      if (isRequired || isEmptied) problems.push(`${struct}[${name}] is required.`);
      continue;
    }
    const made = interpolate(field, chain, calls);
    data.set(name, made.data);
    unbound.push(...made.unbound);
    if (made.problems.length > 0) {
      const problem = `${struct}[${name}] failed: ${made.problems.join(', ')}`;
      calls.budget.characters(problem.length);
      problems.push(problem);
    }
  }
  return { data, unbound, problems };
}

function ofList(object: ListObject, chain: Chain, calls: Calls): Interpolated {
  const made = object.items.map((each) => interpolate(each, chain, calls));
  return {
    data: made.map(({ data }) => data),
    unbound: made.flatMap(({ unbound }) => unbound),
    problems: made.flatMap(({ problems }) =>
      problems.map((each) => `Element in ${object.type.name} failed check: ${each}`),
    ),
  };
}

function ofMap(object: MapObject, chain: Chain, calls: Calls): Interpolated {
  const data = new Map<string, Data>();
  const unbound: string[] = [];
  const problems: string[] = [];
  for (const pair of object.entries) {
    const [key, value] = pair.map((each) => interpolate(each, chain, calls));
    if (key === undefined || value === undefined) continue;
    data.set(String(key.data), value.data);
    unbound.push(...key.unbound, ...value.unbound);
    const wrong = [...key.problems, ...value.problems];
    problems.push(...wrong.map((each) => `Element in ${object.type.name} failed check: ${each}`));
  }
  return { data, unbound, problems };
}

/** The first alternative, in declared order, that the value fits. */
function ofChoice(object: ChoiceObject, chain: Chain, calls: Calls): Interpolated {
  const problems: string[] = [];
  for (const type of object.type.alternatives) {
    const candidate = type.accept(object.given, calls);
    if (!candidate.ok) {
      problems.push(candidate.error);
      continue;
    }
    const made = interpolate(candidate.value, chain, calls);
    if (made.problems.length === 0) return made;
    problems.push(...made.problems);
  }
  return {
    data: '',
    unbound: [],
    problems: [`Choice ${object.type.name} failed: ${problems.join(', ')}`],
  };
}

/** The text of a scalar by itself: what nothing answers stays. */
export function textOfScalar(object: ScalarObject, calls: Calls): string {
  const { data, unbound, problems } = interpolate(object, [], calls);
  if (unbound.length === 0 && problems.length > 0) {
    throw raised('ValueError', coercionError(String(data), object.type));
  }
  return typeof data === 'string' ? data : textOf(typeof data === 'object' ? '' : data, calls);
}

interface Rounds {
  readonly calls: Calls;
  /** What is being put in, outermost first. */
  readonly open: readonly { readonly origin: object; readonly text: string }[];
}

function resolve(text: string, chain: Chain, how: Rounds): readonly Fragment[] {
  how.calls.budget.characters(text.length);
  return resolveFragments(fragmentsOf(text), chain, how);
}

function resolveFragments(
  fragments: readonly Fragment[],
  chain: Chain,
  how: Rounds,
): readonly Fragment[] {
  return fragments.flatMap((each) =>
    typeof each === 'string' ? [each] : resolveOne(each, chain, how),
  );
}

function resolveOne(reference: Reference, chain: Chain, how: Rounds): readonly Fragment[] {
  how.calls.budget.step();
  if (how.open.length >= ROUNDS_MAX) return [reference];
  const { text } = reference;
  for (const found of answers(reference.components, chain)) {
    const { origin } = found;
    // A value that refers to itself is no answer.
    if (how.open.some((each) => each.origin === origin && each.text === text)) continue;
    const deeper = { ...how, open: [...how.open, { origin, text }] };
    const inner = textOfFound(found, deeper);
    // What its own scopes leave open may be known where the reference stands.
    if (inner !== undefined) return resolveFragments(inner, chain, deeper);
  }
  return [reference];
}

/** Undefined for what is no text: such an answer does not count. */
function textOfFound({ value, chain }: Found, how: Rounds): readonly Fragment[] | undefined {
  const scalar = value instanceof ChoiceObject ? value.given : value;
  if (scalar instanceof ScalarObject) {
    if (typeof scalar.data !== 'string') return [textOf(scalar.data, how.calls)];
    return resolve(scalar.data, [...scalar.scopes, ...chain], how);
  }
  if (typeof scalar === 'string') return resolve(scalar, chain, how);
  return isNumeric(scalar) ? [textOf(scalar, how.calls)] : undefined;
}
