/** A method of a value: how many arguments it takes, and what it does. */
import type { Calls, Value } from './values.ts';

export interface Method<T> {
  readonly arity: readonly [min: number, max: number];
  readonly body: (self: T, args: readonly Value[], calls: Calls) => Value;
}

export type Methods<T> = Readonly<Record<string, Method<T>>>;

export function method<T>(min: number, max: number, body: Method<T>['body']): Method<T> {
  return { arity: [min, max], body };
}
