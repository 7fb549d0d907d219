/**
 * All records, each with the number of things that own it: two tasks behind one address share one
 * A record, and it goes with the later of them. Names change one at a time; `version` of a name's
 * entry tells whoever prepared an answer from it that it is stale.
 */
import { assert } from '../core/base/assert.ts';
import type { RecordType } from './records.ts';

export interface DnsRecord {
  readonly type: RecordType;
  readonly value: string;
}

/** The records of one name, in the order of their first addition. */
export interface NameEntry {
  readonly records: readonly DnsRecord[];
  readonly version: number;
}

interface OwnedRecord extends DnsRecord {
  ownerCount: number;
}

/** Above this many records a name gets an index; below, a search is faster than a map. */
const INDEX_FROM = 16;

class MutableNameEntry implements NameEntry {
  records: OwnedRecord[] = [];
  version = 0;
  private index: Map<string, OwnedRecord> | undefined;

  find(type: RecordType, value: string): OwnedRecord | undefined {
    if (this.index !== undefined) return this.index.get(`${type} ${value}`);
    return this.records.find((record) => record.type === type && record.value === value);
  }

  insert(record: OwnedRecord): void {
    this.records.push(record);
    this.version += 1;
    if (this.index === undefined && this.records.length > INDEX_FROM) {
      this.index = new Map(this.records.map((each) => [`${each.type} ${each.value}`, each]));
    } else {
      this.index?.set(`${record.type} ${record.value}`, record);
    }
  }

  delete(record: OwnedRecord): void {
    this.records.splice(this.records.indexOf(record), 1);
    this.index?.delete(`${record.type} ${record.value}`);
    this.version += 1;
  }
}

export class RecordSet {
  private readonly names = new Map<string, MutableNameEntry>();
  private changes = 0;

  /** Rises with every change of any name: while it stays, so does every entry. */
  get changeCount(): number {
    return this.changes;
  }

  get nameCount(): number {
    return this.names.size;
  }

  /** `name` ends with a dot. Gives whether the record is new. */
  add(type: RecordType, name: string, value: string): boolean {
    let entry = this.names.get(name);
    if (entry === undefined) {
      entry = new MutableNameEntry();
      this.names.set(name, entry);
    }
    const known = entry.find(type, value);
    if (known !== undefined) {
      known.ownerCount += 1;
      return false;
    }
    entry.insert({ type, value, ownerCount: 1 });
    this.changes += 1;
    return true;
  }

  /** Undoes one `add` of the same record. */
  remove(type: RecordType, name: string, value: string): void {
    const entry = this.names.get(name);
    const known = entry?.find(type, value);
    assert(entry !== undefined && known !== undefined, `no record ${type} ${name} ${value}`);
    known.ownerCount -= 1;
    if (known.ownerCount > 0) return;
    entry.delete(known);
    this.changes += 1;
    if (entry.records.length === 0) this.names.delete(name);
  }

  get(name: string): NameEntry | undefined {
    return this.names.get(name);
  }

  values(name: string, type: RecordType): readonly string[] {
    const entry = this.names.get(name);
    if (entry === undefined) return [];
    return entry.records.filter((record) => record.type === type).map((record) => record.value);
  }

  /** Names with their entries, sorted by name. */
  sorted(): readonly (readonly [name: string, entry: NameEntry])[] {
    return [...this.names].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** One line per record, sorted; for tests. */
  describe(): string {
    return this.sorted()
      .flatMap(([name, entry]) => entry.records.map((each) => `${name} ${each.type} ${each.value}`))
      .sort()
      .join('\n');
  }
}

/** `target.:port` apart; `undefined` when it is not of that form. */
export function splitService(value: string): { target: string; port: number } | undefined {
  const colon = value.lastIndexOf(':');
  const port = Number(value.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port)) return undefined;
  return { target: value.slice(0, colon), port };
}
