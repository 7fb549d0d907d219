/** What ids may look like: those that users choose (spec scheduler-api, section 13.1) name directories of agents, too. */

const LENGTH_MAX = 255;

/** What is wrong with the id; undefined when it is fine. */
export function validateId(id: string): string | undefined {
  if (id === '') return 'ID must not be empty';
  if (Buffer.byteLength(id) > LENGTH_MAX) return 'ID must not be greater than 255 characters';
  if (id === '.' || id === '..') return `'${id}' is disallowed`;
  return hasInvalidCharacters(id) ? `'${id}' contains invalid characters` : undefined;
}

function hasInvalidCharacters(id: string): boolean {
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    if (code < 0x20 || code === 0x7f || code === 0x2f || code === 0x5c) return true;
  }
  return false;
}

/** 16 bytes whose version nibble is 1 to 5; the variant is not looked at. */
export function isUuid(bytes: Uint8Array): boolean {
  const version = (bytes[6] ?? 0) >> 4;
  return bytes.length === 16 && version >= 1 && version <= 5;
}
