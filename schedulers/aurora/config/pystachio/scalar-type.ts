/** Types of single values: texts, numbers, truth and enumerations (spec aurora, section 2.5). */
import { err, ok, type Result } from '../../../../core/base/result.ts';
import { floatText, quoted } from '../interpreter/text-of.ts';
import { type Calls, isNumeric, type Value } from '../interpreter/values.ts';
import { ChoiceObject, type ScalarData, ScalarObject, type SchemaObject } from './objects.ts';
import { coercionError, SchemaType } from './schema-type.ts';

const STR_DIGITS = 12;

export type ScalarKind = 'String' | 'Integer' | 'Float' | 'Boolean' | 'Enum';

export class ScalarType extends SchemaType {
  readonly kind: ScalarKind;
  readonly name: string;
  /** Of an enumeration. */
  readonly values: readonly string[];

  constructor(kind: ScalarKind, name: string = kind, values: readonly string[] = []) {
    super();
    this.kind = kind;
    this.name = name;
    this.values = values;
  }

  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject) return this.accept(value.given, calls);
    if (value instanceof ScalarObject) {
      return this.isTypeOf(value) ? ok(value) : this.refuse(value, calls);
    }
    if (typeof value !== 'string' && !isNumeric(value)) return this.refuse(value, calls);
    const isOpen = typeof value === 'string' && value.includes('{{');
    const data = isOpen ? value : this.coerceData(value);
    if (data !== undefined) return ok(new ScalarObject(this, data));
    // A text that is none of this type is refused when it is looked at: until then it may be replaced.
    if (this.kind !== 'Enum' && typeof value === 'string') return ok(new ScalarObject(this, value));
    return this.refuse(value, calls);
  }

  override isSame(other: SchemaType): boolean {
    return (
      other instanceof ScalarType &&
      this.kind === other.kind &&
      this.name === other.name &&
      this.values.join() === other.values.join()
    );
  }

  protected override refuse(value: Value, calls: Calls): Result<SchemaObject> {
    if (this.kind !== 'Enum') return super.refuse(value, calls);
    return err(`${this.name} only accepts the following values: ${this.values.join(', ')}`);
  }

  /** Undefined when the value is none of this type. Texts with references are none. */
  coerceData(value: ScalarData): ScalarData | undefined {
    switch (this.kind) {
      case 'String':
        return scalarText(value);
      case 'Enum':
        return this.values.includes(String(value)) ? String(value) : undefined;
      case 'Integer':
        return toInteger(value);
      case 'Float':
        return toFloat(value);
      case 'Boolean':
        return toBoolean(value);
    }
  }

  /** What is wrong with a text in which references are left. */
  complaint(text: string): string {
    const shown = `u${quoted(text)}`;
    switch (this.kind) {
      case 'Integer':
        return `${shown} not an integer`;
      case 'Float':
        return `${shown} not a float`;
      case 'Boolean':
        return `${shown} not a boolean`;
      default:
        return `${shown} not in the enumeration (${this.values.join(', ')})`;
    }
  }

  /** What is wrong with a text without references. */
  coercionProblem(text: string): string {
    const problem = `Unable to interpolate: ${coercionError(text, this)}`;
    if (this.kind !== 'Enum') return problem;
    return `${problem}: ${text} is not one of ${this.values.join(', ')}`;
  }
}

function scalarText(value: ScalarData): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? floatText(value, STR_DIGITS) : String(value);
}

function toInteger(value: ScalarData): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number')
    return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
  return /^\s*[+-]?\d{1,300}\s*$/.test(value) ? BigInt(value.trim().replace(/^\+/, '')) : undefined;
}

function toFloat(value: ScalarData): number | undefined {
  if (typeof value !== 'string') return Number(value);
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value)
    ? Number(value)
    : undefined;
}

function toBoolean(value: ScalarData): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return value !== 0n && value !== 0;
  const text = value.toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

export const STRING = new ScalarType('String');
export const INTEGER = new ScalarType('Integer');
export const FLOAT = new ScalarType('Float');
export const BOOLEAN = new ScalarType('Boolean');
