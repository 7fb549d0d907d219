/**
 * Typed records on a `Storage`: one entry per entity, JSON with a schema version,
 * `{"v":2,"value":{...}}`. Old versions are read through `upgrade`; newer ones are refused, because
 * an older program would drop what it does not know.
 */
import { ClusterError, describeError } from '../../core/base/errors.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { Storage, StorageOperation } from '../../core/storage/ports.ts';

const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();

export interface RecordSchema<T> {
  /** For instance `chronos/job/`. */
  readonly prefix: string;
  readonly version: number;
  /** A value that `JSON.stringify` can write. */
  readonly encode: (value: T) => unknown;
  /** Reads what `encode` of `version`, or of an older version, wrote. */
  readonly decode: (value: unknown, version: number) => Result<T>;
}

export class RecordStore<T> {
  private readonly schema: RecordSchema<T>;

  constructor(schema: RecordSchema<T>) {
    this.schema = schema;
  }

  /** In front of all keys of these records. */
  get prefix(): string {
    return this.schema.prefix;
  }

  put(id: string, value: T): StorageOperation {
    const text = JSON.stringify({ v: this.schema.version, value: this.schema.encode(value) });
    return { kind: 'put', key: this.key(id), value: ENCODER.encode(text) };
  }

  delete(id: string): StorageOperation {
    return { kind: 'delete', key: this.key(id) };
  }

  /** Rejects with a `ClusterError` that names the first record that cannot be read. */
  async load(storage: Storage): Promise<ReadonlyMap<string, T>> {
    const records = new Map<string, T>();
    for (const [key, bytes] of await storage.list(this.schema.prefix)) {
      const read = this.read(bytes);
      if (!read.ok) {
        throw new ClusterError('BAD_RECORD', `record '${key}' cannot be read: ${read.error}`, {
          retriable: false,
        });
      }
      records.set(decodeURIComponent(key.slice(this.schema.prefix.length)), read.value);
    }
    return records;
  }

  /** One record; undefined when there is none. */
  async get(storage: Storage, id: string): Promise<Result<T> | undefined> {
    const bytes = await storage.get(this.key(id));
    return bytes === undefined ? undefined : this.read(bytes);
  }

  private key(id: string): string {
    return this.schema.prefix + encodeURIComponent(id);
  }

  private read(bytes: Uint8Array): Result<T> {
    let tree: unknown;
    try {
      tree = JSON.parse(DECODER.decode(bytes));
    } catch (thrown) {
      return err(describeError(thrown));
    }
    if (typeof tree !== 'object' || tree === null || !('v' in tree) || !('value' in tree)) {
      return err('it has no version');
    }
    if (typeof tree.v !== 'number' || tree.v > this.schema.version) {
      return err(`it was written by a newer program (version ${String(tree.v)})`);
    }
    return this.schema.decode(tree.value, tree.v);
  }
}

/** For schemas of plain JSON values that are checked elsewhere. */
export function textSchema(prefix: string): RecordSchema<string> {
  return {
    prefix,
    version: 1,
    encode: (value) => value,
    decode: (value) => (typeof value === 'string' ? ok(value) : err('it is not a text')),
  };
}
