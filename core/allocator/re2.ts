/**
 * Regular expressions of offer constraints (spec scheduler-api, section 6.5): RE2's syntax, limits and
 * complaints on the platform's own engine.
 */
import { describeError } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';

/** Matches whole texts only. */
export function compileRegex(
  pattern: string,
  limits: { readonly programSizeMax: number },
): Result<RegExp> {
  const refuse = (why: string): { readonly ok: false; readonly error: string } =>
    err(`Failed to construct regex from pattern '${pattern}': ${why}`);
  const foreign = /\(\?(?:[=!]|<(?=[=!]))|\\[1-9]|\\k(?=<)/.exec(pattern)?.[0];
  if (foreign !== undefined) {
    const kind = foreign.startsWith('(') ? 'perl operator' : 'escape sequence';
    return refuse(`invalid ${kind}: ${foreign}`);
  }
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const body = translate(pattern.slice(leading?.[0].length ?? 0));
  const flags = `u${leading?.[1] ?? ''}`;
  const size = programSize(body);
  if (size > limits.programSizeMax) {
    return err(
      `Regex '${pattern}' is too complex: program size of ${size} is larger than maximum of ${limits.programSizeMax} allowed`,
    );
  }
  try {
    // Alone first, for `a)(b` would pass inside the group.
    new RegExp(body, flags);
    return ok(new RegExp(`^(?:${body})$`, flags));
  } catch (thrown) {
    return refuse(complaint(pattern, describeError(thrown)));
  }
}

/** What is wrong in RE2's words; the platform's own for what it alone refuses. */
function complaint(pattern: string, message: string): string {
  if (message.includes('Unterminated group')) return `missing ): ${pattern}`;
  if (message.includes("Unmatched ')'")) return `unexpected ): ${pattern}`;
  if (message.includes('Unterminated character class')) {
    return `missing ]: ${/\[(?:\\.|[^\]\\])*$/s.exec(pattern)?.[0] ?? pattern}`;
  }
  if (message.includes('Nothing to repeat')) {
    const twice = /[*+?]{2,}/.exec(pattern)?.[0];
    if (twice !== undefined && !pattern.startsWith(twice))
      return `bad repetition operator: ${twice}`;
    const operator = /(?:^|[(|])([*+?])/.exec(pattern)?.[1] ?? pattern;
    return `no argument for repetition operator: ${operator}`;
  }
  if (message.includes('at end of pattern')) return 'trailing \\';
  if (message.includes('Invalid escape')) {
    return `invalid escape sequence: ${/\\[a-zA-Z]/.exec(pattern)?.[0] ?? pattern}`;
  }
  if (message.includes('Range out of order')) {
    return `invalid character class range: ${/[^[\]]-[^\]]/.exec(pattern)?.[0] ?? pattern}`;
  }
  return message.replace(/^Invalid regular expression: \/.*\/\w*: /s, '');
}

/** RE2's spellings that the platform does not know: named groups, anchors, escaped punctuation. */
function translate(pattern: string): string {
  return pattern
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replaceAll(/\\([^\w\s^$\\.*+?()[\]{}|/-])/gu, '$1');
}

/**
 * About as many instructions as RE2 would need: one per character, group or operator, counted
 * repetitions multiplied.
 */
function programSize(pattern: string): number {
  const sizes: number[] = [0];
  let last = 0;
  const finish = (size: number): void => {
    last = size;
    sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + size;
  };
  const tokens = /\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]/gu;
  for (const [token] of pattern.matchAll(tokens)) {
    const counted = /^\{(\d+)(?:,(\d*))?\}$/.exec(token);
    if (counted !== null) {
      const times = Number(counted[2] === undefined || counted[2] === '' ? counted[1] : counted[2]);
      finish(last * Math.max(0, times - 1));
    } else if (token === '(') {
      sizes.push(2);
    } else if (token === ')' && sizes.length > 1) {
      finish(sizes.pop() ?? 0);
    } else {
      finish(1);
    }
  }
  // Two instructions frame every program.
  return sizes.reduce((sum, size) => sum + size, 2);
}
