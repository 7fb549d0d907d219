/**
 * Lenient reading of posted JSON: numbers may be texts, booleans may be `"true"`, `null` is absent
 * (spec chronos, section 2.1). The first value that cannot be read becomes the error.
 */

export class JsonReader {
  private readonly members: Readonly<Record<string, unknown>>;
  private readonly path: string;
  private readonly problems: string[];

  constructor(value: unknown, path = '', problems: string[] = []) {
    this.path = path;
    this.problems = problems;
    this.members = isObject(value) ? value : {};
    if (!isObject(value)) this.refuse('', 'an object');
  }

  /** What could not be read; the first sentence is enough for the client. */
  get problem(): string | undefined {
    return this.problems[0];
  }

  has(name: string): boolean {
    const value = this.members[name];
    return value !== undefined && value !== null;
  }

  text(name: string, fallback: string): string {
    const value = this.members[name];
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return this.refuse(name, 'a text', fallback);
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name, '') : undefined;
  }

  number(name: string, fallback: number): number {
    const value = this.members[name];
    if (value === undefined || value === null || value === '') return fallback;
    const read = typeof value === 'string' ? Number(value.trim()) : value;
    if (typeof read === 'number' && Number.isFinite(read)) return read;
    return this.refuse(name, 'a number', fallback);
  }

  integer(name: string, fallback: number): number {
    return Math.trunc(this.number(name, fallback));
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.members[name];
    if (value === undefined || value === null || value === '') return fallback;
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 1) return true;
    if (value === 'false' || value === 0) return false;
    return this.refuse(name, 'true or false', fallback);
  }

  /** One of `values` in exactly this spelling. */
  choice<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.text(name, fallback);
    const found = values.find((value) => value === text);
    return found ?? this.refuse(name, `one of ${values.join(', ')}`, fallback);
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((item, index) => {
      if (typeof item === 'string') return item;
      if (typeof item === 'number' || typeof item === 'boolean') return String(item);
      return this.refuse(`${name}[${index}]`, 'a text', '');
    });
  }

  objects(name: string): readonly JsonReader[] {
    return this.list(name).map((item, index) => this.child(item, `${name}[${index}]`));
  }

  object(name: string): JsonReader | undefined {
    return this.has(name) ? this.child(this.members[name], name) : undefined;
  }

  list(name: string): readonly unknown[] {
    const value = this.members[name];
    if (value === undefined || value === null) return [];
    return Array.isArray(value) ? value : this.refuse(name, 'a list', []);
  }

  /** Notes a problem of the member `name`. */
  complain(name: string, sentence: string): void {
    this.problems.push(`'${this.path}${name}' ${sentence}`);
  }

  private child(value: unknown, name: string): JsonReader {
    return new JsonReader(value, `${this.path}${name}.`, this.problems);
  }

  private refuse(name: string, expected: string): void;
  private refuse<T>(name: string, expected: string, fallback: T): T;
  private refuse<T>(name: string, expected: string, fallback?: T): T | undefined {
    this.complain(name, `is not ${expected}`);
    return fallback;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
