/** Checks of our own code: a failing one is a bug, never bad input. */

/** Throws when `condition` is false; `message` is a sentence with the ids involved. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** Marks the branch of a `switch` that the types say cannot happen. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unreachable value ${JSON.stringify(value)}`);
}

/** Gives the value, or dies naming what is missing. */
export function defined<T>(value: T | undefined, what: string): T {
  assert(value !== undefined, `${what} is missing`);
  return value;
}

export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}
