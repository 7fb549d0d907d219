/** What a letter behind a backslash stands for: in strings, in patterns and in what replaces their matches. */
export const ESCAPES: Readonly<Record<string, string | undefined>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};
