/**
 * The framework id, kept in two records. Losing it would start a second framework beside the old
 * one's tasks, so either record repairs the other.
 */
import type { Storage, StorageOperation } from '../../core/storage/ports.ts';
import { RecordStore, textSchema } from './record-store.ts';

const COPIES = ['frameworkId', 'framework'] as const;

export class FrameworkIdStore {
  private readonly copies: readonly RecordStore<string>[];

  /** `prefix` for instance `chronos/`. */
  constructor(prefix: string) {
    this.copies = COPIES.map((name) => new RecordStore(textSchema(`${prefix}${name}/`)));
  }

  put(id: string): readonly StorageOperation[] {
    return this.copies.map((copy) => copy.put('id', id));
  }

  clear(): readonly StorageOperation[] {
    return this.copies.map((copy) => copy.delete('id'));
  }

  async load(storage: Storage): Promise<string | undefined> {
    for (const copy of this.copies) {
      const id = await copy.get(storage, 'id');
      if (id?.ok === true && id.value !== '') return id.value;
    }
    return undefined;
  }
}
