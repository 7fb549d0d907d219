/** `Ref.from_address('a.b[c]')`: a reference as a value, for `bind` and as `interpolate()` tells of what is unbound. */
import { NativeFunction, onlyPositional, stringOf } from '../interpreter/native.ts';
import { type CallArguments, PyObject, raised, type Value } from '../interpreter/values.ts';
import { componentsOf } from './references.ts';

export class RefValue extends PyObject {
  readonly typeName = 'Ref';
  readonly address: string;

  constructor(address: string) {
    super();
    this.address = address;
  }

  override repr(): string {
    return `Ref(${this.address})`;
  }

  override text(): string {
    return `{{${this.address}}}`;
  }

  override equals(other: Value): boolean {
    return other instanceof RefValue && other.address === this.address;
  }

  override hashKey(): string {
    return `ref:${this.address}`;
  }
}

class RefType extends PyObject {
  readonly typeName = 'type';

  override repr(): string {
    return "<class 'pystachio.naming.Ref'>";
  }

  override isTypeOf(value: Value): boolean {
    return value instanceof RefValue;
  }

  override attribute(name: string): Value | undefined {
    if (name !== 'from_address') return undefined;
    return new NativeFunction(name, (args: CallArguments) => {
      const [address] = onlyPositional(name, args, [1, 1]);
      const text = stringOf(address, name);
      if (componentsOf(text) === undefined)
        throw raised('ValueError', `Badly formed address ${text}`);
      return new RefValue(text);
    });
  }
}

export const REF = new RefType();
