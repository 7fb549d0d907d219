/** `sorted(list, cmp, key, reverse)` and `list.sort(...)`. */
import { expectKeywords } from './native.ts';
import { order } from './operators.ts';
import {
  type CallArguments,
  type Calls,
  indexOf,
  isTruthy,
  iterate,
  type Value,
} from './values.ts';

export function sorted(over: Value, args: CallArguments, calls: Calls): Value[] {
  const items = iterate(over);
  calls.budget.elements(items.length);
  expectKeywords(args.keywords, ['key', 'reverse', 'cmp']);
  const comparison = args.keywords.get('cmp') ?? null;
  const keyed = items.map((value) => ({ value, key: keyFor(value, args, calls) }));
  keyed.sort((one, other) =>
    comparison === null
      ? order(one.key, other.key, calls)
      : indexOf(calls.call(comparison, { positional: [one.key, other.key], keywords: new Map() })),
  );
  const isReversed = isTruthy(args.keywords.get('reverse') ?? false);
  if (isReversed) keyed.reverse();
  return keyed.map(({ value }) => value);
}

function keyFor(value: Value, args: CallArguments, calls: Calls): Value {
  const key = args.keywords.get('key') ?? null;
  return key === null ? value : calls.call(key, { positional: [value], keywords: new Map() });
}
