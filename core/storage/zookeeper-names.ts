/** Keys of a storage as names of znodes: percent-encoded, spread over buckets by a checksum. */

const BUCKET_COUNT = 64;

/** `00` to `3f`. */
export function bucketNames(): readonly string[] {
  return Array.from({ length: BUCKET_COUNT }, (_, index) => bucketName(index));
}

/** Never changes for a key: entries would be lost. */
export function bucketOf(key: string): string {
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return bucketName(((hash ^ (hash >>> 16)) >>> 0) % BUCKET_COUNT);
}

/** Names may not be empty, `.` or `..`, nor have a slash. */
export function encodeName(key: string): string {
  if (/^\.{0,2}$/.test(key)) return `%${key.length}`;
  return encodeURIComponent(key);
}

export function decodeName(name: string): string {
  const dots = /^%([012])$/.exec(name)?.[1];
  return dots === undefined ? decodeURIComponent(name) : '.'.repeat(Number(dots));
}

function bucketName(index: number): string {
  return index.toString(16).padStart(2, '0');
}
