/** IP literals: which version, and their bytes. */
import { isIP, isIPv6 } from 'node:net';

const DOT = 46;
const ZERO = 48;

/** 4, 6, or 0 when the text is no IP address. */
export function ipVersion(text: string): 0 | 4 | 6 {
  const version = isIP(text);
  return version === 4 || version === 6 ? version : 0;
}

/** The 4 bytes of an IPv4 or 16 bytes of an IPv6 literal; `undefined` for anything else. */
export function ipBytes(text: string): Uint8Array | undefined {
  switch (ipVersion(text)) {
    case 4:
      return ipv4Bytes(text);
    case 6:
      return ipv6Bytes(text);
    default:
      return undefined;
  }
}

function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  let at = 0;
  let part = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      bytes[at] = part;
      at += 1;
      part = 0;
    } else part = part * 10 + (code - ZERO);
  }
  bytes[at] = part;
  return bytes;
}

function ipv6Bytes(text: string): Uint8Array {
  const plain = (text.split('%')[0] ?? '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (...found) => {
    const [a = 0, b = 0, c = 0, d = 0] = found.slice(1, 5).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [left = '', right] = plain.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const head = words(left);
  const tail = right === undefined ? [] : words(right);
  const middle = new Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0);
  const bytes = new Uint8Array(16);
  for (const [at, word] of [...head, ...middle, ...tail].entries()) {
    bytes[at * 2] = word >> 8;
    bytes[at * 2 + 1] = word & 0xff;
  }
  return bytes;
}

/** One spelling for each IPv6 address; other texts stay as they are. */
export function normalizeIp(text: string): string {
  if (!isIPv6(text)) return text;
  return new URL(`http://[${text.split('%')[0]}]/`).hostname.slice(1, -1);
}
