/** JSON as the original prints it: one more blank before every line but the first; <, >, & escaped. */
const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

export function goJson(value: unknown): string {
  return JSON.stringify(value, undefined, 1)
    .replaceAll('\n', '\n ')
    .replaceAll(/[<>&\u2028\u2029]/g, (character) => ESCAPES[character] ?? character);
}
