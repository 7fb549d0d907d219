/** What stands between the quotes of a string, without its escapes. */
import { ESCAPES } from './escapes.ts';

const SIMPLE: Readonly<Record<string, string | undefined>> = {
  ...ESCAPES,
  '\n': '',
  "'": "'",
  '"': '"',
};
const CODE_POINT_MAX = 0x10ffff;

/** `prefix` in lower case. Undefined where an escape is cut off. */
export function decodeString(body: string, prefix: string): string | undefined {
  if (prefix.includes('r')) return body;
  let isBroken = false;
  const isUnicode = prefix.includes('u');
  const decoded = body.replaceAll(
    /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|(x)|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g,
    (whole: string, ...groups: readonly (string | undefined)[]) => {
      const [octal, hex, cutOff, short, long, other] = groups;
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8) & 0xff);
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (cutOff !== undefined) isBroken = true;
      const point = short ?? long;
      // In a string without `u` these are four or eight ordinary digits.
      if (point !== undefined && !isUnicode) return whole;
      if (point !== undefined) {
        const code = Number.parseInt(point, 16);
        if (code > CODE_POINT_MAX) isBroken = true;
        else return String.fromCodePoint(code);
      }
      return other === undefined ? whole : (SIMPLE[other] ?? whole);
    },
  );
  return isBroken ? undefined : decoded;
}
