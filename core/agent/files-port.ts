/**
 * The agent's small files below its work directory: checkpoints and links. Absolute paths are those of
 * persistent volumes on other disks. Synchronous, because an effect that follows a write may only happen when
 * the write has; each costs tens of microseconds.
 */
export interface AgentFiles {
  /** The content; undefined when there is no such file. */
  read(path: string): Uint8Array | undefined;
  /** Replaces the file atomically and makes its directories. */
  write(path: string, bytes: Uint8Array, durable: boolean): void;
  /** Adds to the end of the file, made with its directories when missing. */
  append(path: string, bytes: Uint8Array, durable: boolean): void;
  truncate(path: string, size: number): void;
  /** Names in a directory, sorted; empty when there is none. */
  list(path: string): readonly string[];
  /** Where a link points to; undefined when it is none. */
  readLink(path: string): string | undefined;
  /** Makes or replaces a link. */
  symlink(path: string, target: string): void;
  makeDirectory(path: string): void;
  /** Milliseconds since the epoch; undefined when there is no such path. */
  modifiedAt(path: string): number | undefined;
  /** A file, link or whole directory; links are not followed, what is mounted below is unmounted. */
  remove(path: string): void;
  /** Removes what is in a directory. */
  empty(path: string): void;
}
