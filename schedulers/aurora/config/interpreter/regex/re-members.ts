/** The names of the module `re`. */
import { RE_ERROR } from '../exceptions.ts';
import { NativeFunction, named, positional, stringOf } from '../native.ts';
import { type CallArguments, type Calls, indexOf, raised, type Value } from '../values.ts';
import { FLAG } from './pattern.ts';
import { parsePattern } from './pattern-parser.ts';
import { PatternValue } from './pattern-value.ts';

const FLAG_NAMES: readonly (readonly [string, number])[] = [
  ['I', FLAG.ignoreCase],
  ['IGNORECASE', FLAG.ignoreCase],
  ['L', FLAG.locale],
  ['LOCALE', FLAG.locale],
  ['M', FLAG.multiLine],
  ['MULTILINE', FLAG.multiLine],
  ['S', FLAG.dotAll],
  ['DOTALL', FLAG.dotAll],
  ['U', FLAG.unicode],
  ['UNICODE', FLAG.unicode],
  ['X', FLAG.verbose],
  ['VERBOSE', FLAG.verbose],
];

/** A function of the module, and the arguments that it hands to the pattern's method of that name. */
const FUNCTIONS: readonly (readonly [name: string, handedOn: readonly string[]])[] = [
  ['match', ['string']],
  ['search', ['string']],
  ['findall', ['string']],
  ['finditer', ['string']],
  ['split', ['string', 'maxsplit']],
  ['sub', ['repl', 'string', 'count']],
  ['subn', ['repl', 'string', 'count']],
];

export function reMembers(): readonly (readonly [string, Value])[] {
  return [
    ...FLAG_NAMES.map(([name, flag]): [string, Value] => [name, BigInt(flag)]),
    ...FUNCTIONS.map(([name, handedOn]): [string, Value] => [
      name,
      new NativeFunction(name, (args, calls) => throughPattern(name, handedOn, args, calls)),
    ]),
    [
      'compile',
      new NativeFunction('compile', (args, calls) => {
        const [pattern = null, flags = 0n] = named('compile', args, ['pattern', 'flags']);
        return patternOf(pattern, flags, calls);
      }),
    ],
    [
      'escape',
      positional('escape', [1, 1], ([text], calls) => {
        const escaped = stringOf(text, 'escape()').replaceAll(/[^A-Za-z0-9]/g, (char) =>
          char === '\u0000' ? '\\000' : `\\${char}`,
        );
        calls.budget.characters(escaped.length);
        return escaped;
      }),
    ],
    ['error', RE_ERROR],
  ];
}

function throughPattern(
  name: string,
  handedOn: readonly string[],
  args: CallArguments,
  calls: Calls,
): Value {
  const given = named(name, args, ['pattern', ...handedOn, 'flags']);
  const pattern = patternOf(given[0] ?? null, given[handedOn.length + 1] ?? 0n, calls);
  const method = pattern.attribute(name) ?? null;
  const rest = given.slice(1, handedOn.length + 1);
  const keywords = new Map<string, Value>();
  for (const [at, value] of rest.entries()) {
    const key = handedOn[at];
    if (value !== undefined && key !== undefined) keywords.set(key, value);
  }
  return calls.call(method, { positional: [], keywords });
}

function patternOf(pattern: Value, flags: Value, calls: Calls): PatternValue {
  if (pattern instanceof PatternValue) {
    if (indexOf(flags) === 0) return pattern;
    throw raised('ValueError', 'Cannot process flags argument with a compiled pattern');
  }
  const source = stringOf(pattern, 'first argument must be string or compiled pattern');
  return new PatternValue(parsePattern(source, indexOf(flags), calls));
}
