/** Digests of texts. */
import { createHash } from 'node:crypto';

/** The 20 bytes of the SHA-1 of the text as UTF-8; for names, never for secrets. */
export function sha1(text: string): Uint8Array {
  return createHash('sha1').update(text, 'utf8').digest();
}
