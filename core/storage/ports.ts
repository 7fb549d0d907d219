/** Durable key-value storage; implementations: memory, LevelDB, ZooKeeper (one conformance suite). */

export type StorageOperation =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

export interface Storage {
  get(key: string): Promise<Uint8Array | undefined>;
  /** All entries whose key starts with `prefix`, in key order. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]>;
  /**
   * Applies all operations or none; resolves when they are durable. Writes take effect in the order
   * of the calls. A failed write rejects with a `ClusterError`; after that the store refuses more.
   */
  write(operations: readonly StorageOperation[]): Promise<void>;
  close(): Promise<void>;
}
