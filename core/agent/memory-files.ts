/** The agent's files in memory, for tests and the simulator: what is written survives a "restart". */
import type { AgentFiles } from './files-port.ts';

type Content =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory' };
type Entry = Content & { readonly modifiedAt: number };

export class MemoryFiles implements AgentFiles {
  private readonly entries = new Map<string, Entry>();
  private readonly now: () => number;

  /** Without a clock everything is as old as time. */
  constructor(now: () => number = () => 0) {
    this.now = now;
  }

  read(path: string): Uint8Array | undefined {
    const entry = this.entries.get(path);
    return entry?.kind === 'file' ? entry.bytes : undefined;
  }

  write(path: string, bytes: Uint8Array, _durable: boolean): void {
    this.makeDirectory(parentOf(path));
    this.set(path, { kind: 'file', bytes: Uint8Array.from(bytes) });
  }

  append(path: string, bytes: Uint8Array, durable: boolean): void {
    const before = this.read(path) ?? new Uint8Array();
    const joined = new Uint8Array(before.length + bytes.length);
    joined.set(before);
    joined.set(bytes, before.length);
    this.write(path, joined, durable);
  }

  truncate(path: string, size: number): void {
    const before = this.read(path);
    if (before !== undefined) this.write(path, before.subarray(0, size), false);
  }

  list(path: string): readonly string[] {
    const prefix = `${path}/`;
    const names = new Set<string>();
    for (const each of this.entries.keys()) {
      if (each.startsWith(prefix)) names.add(each.slice(prefix.length).split('/')[0] ?? '');
    }
    return [...names].sort();
  }

  readLink(path: string): string | undefined {
    const entry = this.entries.get(path);
    return entry?.kind === 'link' ? entry.target : undefined;
  }

  symlink(path: string, target: string): void {
    this.makeDirectory(parentOf(path));
    this.set(path, { kind: 'link', target });
  }

  makeDirectory(path: string): void {
    if (path === '' || this.entries.has(path)) return;
    this.makeDirectory(parentOf(path));
    this.set(path, { kind: 'directory' });
  }

  modifiedAt(path: string): number | undefined {
    return this.entries.get(path)?.modifiedAt;
  }

  remove(path: string): void {
    for (const each of [...this.entries.keys()]) {
      if (each === path || each.startsWith(`${path}/`)) this.entries.delete(each);
    }
  }

  empty(path: string): void {
    for (const each of [...this.entries.keys()]) {
      if (each.startsWith(`${path}/`)) this.entries.delete(each);
    }
  }

  private set(path: string, content: Content): void {
    this.entries.set(path, { ...content, modifiedAt: this.now() });
  }

  /** Every file and link, sorted; directories only show through them. */
  paths(): readonly string[] {
    return [...this.entries]
      .filter(([, entry]) => entry.kind !== 'directory')
      .map(([path]) => path)
      .sort();
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}
