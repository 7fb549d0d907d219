/** Objects as they are once their references have been resolved: what accessors, comparisons and `interpolate()` see. */
import {
  type Calls,
  isNumeric,
  PyDict,
  PyList,
  PyTuple,
  type Value,
} from '../interpreter/values.ts';
import { interpolate } from './interpolate.ts';
import {
  ChoiceObject,
  ListObject,
  MapObject,
  ScalarObject,
  SchemaObject,
  StructObject,
} from './objects.ts';
import { type Data, isDataList, isDataMap, plainValue } from './plain.ts';

/** Without scopes: a reference that nothing answers stays as text. */
export function resolved(object: SchemaObject, calls: Calls): SchemaObject {
  return rebuilt(object, interpolate(object, [], calls).data, calls);
}

/** The same, and of a choice the alternative that was chosen; a choice that fits none stays. */
export function unwrapped(object: SchemaObject, calls: Calls): SchemaObject {
  const made = resolved(object, calls);
  return made instanceof ChoiceObject && made.given instanceof SchemaObject ? made.given : made;
}

function rebuilt(object: SchemaObject, data: Data, calls: Calls): SchemaObject {
  if (object instanceof ScalarObject) return scalarOf(object, data);
  if (object instanceof ListObject && isDataList(data)) {
    const items = object.items.map((each, at) => rebuilt(each, data[at] ?? '', calls));
    return new ListObject(object.type, items);
  }
  if (object instanceof MapObject && isDataMap(data)) return mapOf(object, data, calls);
  if (object instanceof StructObject && isDataMap(data)) {
    const fields = [...object.fields].map(([name, field]): [string, SchemaObject] => {
      return [name, rebuilt(field, data.get(name) ?? '', calls)];
    });
    return new StructObject(object.type, new Map(fields));
  }
  return object instanceof ChoiceObject ? choiceOf(object, data, calls) : object;
}

function scalarOf(object: ScalarObject, data: Data): ScalarObject {
  return typeof data === 'object' ? object : new ScalarObject(object.type, data);
}

function mapOf(object: MapObject, data: ReadonlyMap<string, Data>, calls: Calls): MapObject {
  const values = [...data];
  // A map whose keys fall together has fewer data than entries.
  if (values.length !== object.entries.length) return object;
  const entries = object.entries.map(([key, value], at) => {
    const [name = '', content = ''] = values[at] ?? [];
    const made = key.type.accept(name, calls);
    return [made.ok ? made.value : key, rebuilt(value, content, calls)] as const;
  });
  return new MapObject(object.type, entries);
}

/** The first alternative that what has been resolved fits. */
function choiceOf(object: ChoiceObject, data: Data, calls: Calls): SchemaObject {
  const { given, type } = object;
  if (given instanceof SchemaObject && type.alternatives.some((each) => each.isTypeOf(given))) {
    return new ChoiceObject(type, rebuilt(given, data, calls));
  }
  const value = plainValue(data);
  for (const each of type.alternatives) {
    const candidate = each.accept(value, calls);
    if (!candidate.ok) continue;
    const made = interpolate(candidate.value, [], calls);
    // An Integer takes the number of a Float as well, and cuts it.
    if (made.problems.length > 0 || (typeof data !== 'object' && made.data !== data)) continue;
    return new ChoiceObject(type, rebuilt(candidate.value, data, calls));
  }
  return object;
}

/** What `get()` gives: as it stands, references and all. */
export function rawData(object: SchemaObject, calls: Calls): Data {
  if (object instanceof ScalarObject) return object.data;
  if (object instanceof ListObject) return object.items.map((each) => rawData(each, calls));
  if (object instanceof MapObject) {
    return new Map(
      object.entries.map(([key, value]) => [String(rawData(key, calls)), rawData(value, calls)]),
    );
  }
  if (object instanceof StructObject) {
    return new Map([...object.fields].map(([name, field]) => [name, rawData(field, calls)]));
  }
  const { data, problems } = interpolate(object, [], calls);
  if (problems.length === 0 || !(object instanceof ChoiceObject)) return data;
  return givenData(object.given, calls);
}

/** Of a choice that fits no alternative yet: what it was given. */
function givenData(given: Value, calls: Calls): Data {
  if (given instanceof SchemaObject) return rawData(given, calls);
  if (typeof given === 'string' || isNumeric(given)) return given;
  calls.budget.enter();
  calls.budget.step();
  const made = listOrMapData(given, calls);
  calls.budget.leave();
  return made;
}

function listOrMapData(given: Value, calls: Calls): Data {
  if (given instanceof PyList || given instanceof PyTuple) {
    return given.items.map((each) => givenData(each, calls));
  }
  if (!(given instanceof PyDict)) return '';
  const entries = [...given.entries.values()];
  return new Map(entries.map(([key, value]) => [String(key), givenData(value, calls)]));
}
