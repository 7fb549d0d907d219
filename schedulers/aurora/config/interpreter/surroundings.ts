/** The port through which a configuration sees anything of the machine: nothing else is reachable. */

export interface Surroundings {
  /** Contents of a regular file, at most `FILE_MAX_BYTES`; undefined where there is none. */
  read(path: string): Uint8Array | undefined;
  environment(name: string): string | undefined;
  userName(): string;
  workingDirectory(): string;
  /** Seconds since the epoch. */
  nowSeconds(): number;
  /** In hexadecimal. */
  digest(algorithm: DigestAlgorithm, bytes: Uint8Array): string;
}

export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

export const FILE_MAX_BYTES = 1024 ** 2;
export const FILES_MAX = 200;

/** `path` as seen from `directory`, without `.` and `..`. */
export function joinPath(directory: string, path: string): string {
  const whole = path.startsWith('/') ? path : `${directory}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '' || part === '.') continue;
    const isAbove = part === '..' && parts.length > 0 && parts.at(-1) !== '..';
    if (isAbove) parts.pop();
    else if (part !== '..' || !whole.startsWith('/')) parts.push(part);
  }
  return (
    (whole.startsWith('/') ? '/' : '') + (parts.join('/') || (whole.startsWith('/') ? '' : '.'))
  );
}

export function directoryOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at === -1 ? '.' : at === 0 ? '/' : path.slice(0, at);
}

/** Text in UTF-8, where the bytes are that; otherwise a character for each byte. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not text: such a file is only measured or digested.
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}
