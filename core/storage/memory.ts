/** Storage in memory: for tests, and for daemons told to keep nothing (`--registry=in_memory`). */
import { ClusterError } from '../base/errors.ts';
import type { Storage, StorageOperation } from './ports.ts';

export class MemoryStorage implements Storage {
  private readonly entries = new Map<string, Uint8Array>();
  private isClosed = false;

  async get(key: string): Promise<Uint8Array | undefined> {
    this.refuseWhenClosed();
    return this.entries.get(key);
  }

  async list(prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]> {
    this.refuseWhenClosed();
    return [...this.entries]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async write(operations: readonly StorageOperation[]): Promise<void> {
    this.refuseWhenClosed();
    for (const operation of operations) {
      if (operation.kind === 'delete') this.entries.delete(operation.key);
      else this.entries.set(operation.key, Uint8Array.from(operation.value));
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private refuseWhenClosed(): void {
    if (this.isClosed) {
      throw new ClusterError('STORAGE_CLOSED', 'the storage is closed', { retriable: false });
    }
  }
}
