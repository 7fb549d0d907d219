/**
 * Objects as texts: for messages, and to compare by. Objects share parts, so a small one can have an endless text:
 * both have a limit.
 */
import { LimitReached } from '../interpreter/budget.ts';
import { quoted } from '../interpreter/text-of.ts';
import {
  keyOf,
  PyDict,
  PyList,
  PyObject,
  PySet,
  PyTuple,
  type Value,
} from '../interpreter/values.ts';
import {
  ChoiceObject,
  ListObject,
  MapObject,
  ScalarObject,
  SchemaObject,
  StructObject,
} from './objects.ts';
import { STRING } from './scalar-type.ts';

/** Characters. */
const SHOWN_TEXT_MAX = 10_000;
const SHOWN_NODES_MAX = 50;
const COMPARED_NODES_MAX = 100_000;
const DEPTH_MAX = 200;

interface Walk {
  left: number;
}

/** `Process(name=a)`, cut where it gets long. */
export function shownObject(object: SchemaObject): string {
  const text = shown(object, { left: SHOWN_NODES_MAX });
  return text.length > SHOWN_TEXT_MAX ? `${text.slice(0, SHOWN_TEXT_MAX)}...` : text;
}

function shown(object: SchemaObject, walk: Walk): string {
  walk.left -= 1;
  const { name } = object.type;
  if (walk.left < 0) return '...';
  const inner = (one: SchemaObject): string => {
    if (one instanceof ScalarObject) return scalarShown(one);
    // What was chosen, not that it was a choice.
    if (!(one instanceof ChoiceObject) || !(one.given instanceof SchemaObject))
      return shown(one, walk);
    return one.given instanceof ScalarObject ? scalarShown(one.given) : shown(one.given, walk);
  };
  if (object instanceof ScalarObject) return `${name}(${scalarShown(object)})`;
  if (object instanceof ListObject) {
    return `${name}(${object.items.slice(0, SHOWN_NODES_MAX).map(inner).join(', ')})`;
  }
  if (object instanceof MapObject) {
    const entries = object.entries.slice(0, SHOWN_NODES_MAX);
    return `${name}(${entries.map(([key, value]) => `${inner(key)} => ${inner(value)}`).join(', ')})`;
  }
  if (object instanceof StructObject) {
    const fields = [...object.fields]
      .slice(0, SHOWN_NODES_MAX)
      .map(([field, value]) => `${field}=${inner(value)}`);
    return `${name}(${fields.join(`,\n${' '.repeat(name.length + 1)}`)})`;
  }
  return object instanceof ChoiceObject
    ? `${name}(${givenShown(object.given, walk)})`
    : `${name}(...)`;
}

function givenShown(given: Value, walk: Walk): string {
  if (typeof given === 'string') return quoted(given.slice(0, SHOWN_TEXT_MAX));
  if (given instanceof SchemaObject) return shown(given, walk);
  return typeof given === 'bigint' || typeof given === 'number' ? String(given) : '...';
}

function scalarShown({ type, data }: ScalarObject): string {
  const shownData = type.coerceData(data) === undefined ? data : STRING.coerceData(data);
  return String(shownData).slice(0, SHOWN_TEXT_MAX);
}

/** Equal for objects that are equal, references as they stand. */
export function fingerprint(object: SchemaObject): string {
  return printOf(object, { left: COMPARED_NODES_MAX }, 0);
}

function printOf(value: Value, walk: Walk, depth: number): string {
  walk.left -= 1;
  if (walk.left < 0 || depth > DEPTH_MAX) {
    throw new LimitReached('RuntimeError', 'objects are too large to be compared');
  }
  const each = (one: Value): string => printOf(one, walk, depth + 1);
  if (value instanceof ScalarObject)
    return `${value.type.name}:${JSON.stringify(String(value.data))}`;
  if (value instanceof ListObject) return `${value.type.name}:[${value.items.map(each).join()}]`;
  if (value instanceof MapObject) {
    const entries = value.entries.map(([key, one]) => `${each(key)}=${each(one)}`);
    return `${value.type.name}:{${entries.sort().join()}}`;
  }
  if (value instanceof StructObject) {
    const fields = [...value.fields].map(([name, one]) => `${name}=${each(one)}`);
    return `${value.type.name}:{${fields.join()}}`;
  }
  if (value instanceof ChoiceObject) return `${value.type.name}:${each(value.given)}`;
  return plainPrint(value, each);
}

function plainPrint(value: Value, each: (one: Value) => string): string {
  if (value instanceof PyList || value instanceof PyTuple)
    return `[${value.items.map(each).join()}]`;
  if (value instanceof PyDict) {
    const entries = [...value.entries.values()].map(([key, one]) => `${each(key)}=${each(one)}`);
    return `{${entries.sort().join()}}`;
  }
  if (value instanceof PySet) return `{${[...value.entries.keys()].sort().join()}}`;
  return value instanceof PyObject ? value.repr() : JSON.stringify(keyOf(value));
}
