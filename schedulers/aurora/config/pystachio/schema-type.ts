/** What all types of values have in common (spec aurora, section 2.5). */
import { err, type Result } from '../../../../core/base/result.ts';
import { onlyPositional } from '../interpreter/native.ts';
import { textOf } from '../interpreter/text-of.ts';
import {
  type CallArguments,
  type Calls,
  PyObject,
  raised,
  type Value,
} from '../interpreter/values.ts';
import { SchemaObject } from './objects.ts';

export abstract class SchemaType extends PyObject {
  readonly typeName: string = 'type';
  abstract readonly name: string;

  /** The typed value, or why the value cannot be one. */
  abstract accept(value: Value, calls: Calls): Result<SchemaObject>;

  /** Types that are written alike are one. */
  isSame(other: SchemaType): boolean {
    return this === other;
  }

  override repr(): string {
    return `<class '${this.name}'>`;
  }

  override hashKey(): string {
    return `type:${this.name}`;
  }

  override isTypeOf(value: Value): boolean {
    return value instanceof SchemaObject && value.type.isSame(this);
  }

  override call(args: CallArguments, calls: Calls): Value {
    const [value = ''] = onlyPositional(this.name, args, [1, 1]);
    const made = this.accept(value, calls);
    if (!made.ok) throw raised('ValueError', made.error);
    return made.value;
  }

  protected refuse(value: Value, calls: Calls): Result<SchemaObject> {
    return err(coercionError(textOf(value, calls), this));
  }
}

export function coercionError(text: string, type: SchemaType): string {
  return `Cannot coerce '${text}' to ${type.name}`;
}
