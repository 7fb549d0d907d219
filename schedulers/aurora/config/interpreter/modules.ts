/** The modules that may be imported, as far as configurations use them (spec aurora, section 2.3). */

import { fromJson, toJson } from './json-values.ts';
import { NativeFunction, onlyPositional, positional, stringOf } from './native.ts';
import { reMembers } from './regex/re-members.ts';
import {
  type DigestAlgorithm,
  directoryOf,
  joinPath,
  type Surroundings,
  textOfBytes,
} from './surroundings.ts';
import { type Calls, PyList, PyObject, PyTuple, raised, type Value } from './values.ts';

export class Module extends PyObject {
  readonly typeName = 'module';
  readonly name: string;
  readonly #members: ReadonlyMap<string, Value>;

  constructor(name: string, members: readonly (readonly [string, Value])[]) {
    super();
    this.name = name;
    this.#members = new Map(members);
  }

  override repr(): string {
    return `<module '${this.name}'>`;
  }

  override attribute(name: string): Value | undefined {
    return this.#members.get(name);
  }

  override missingAttribute(name: string): ReturnType<typeof raised> {
    return raised('AttributeError', `'module' object has no attribute '${name}'`);
  }
}

export function modules(around: Surroundings): ReadonlyMap<string, Module> {
  const path = pathModule(around);
  const all = [
    new Module('os', [
      ['environ', new Environ(around)],
      ['getenv', getenv(around)],
      ['getcwd', positional('getcwd', [0, 0], () => around.workingDirectory())],
      ['path', path],
      ['sep', '/'],
    ]),
    path,
    new Module('getpass', [['getuser', positional('getuser', [0, 0], () => around.userName())]]),
    new Module('hashlib', [
      ...HASHES.map((name): [string, Value] => [name, hash(name, around)]),
      ['new', newHash(around)],
    ]),
    new Module('time', [['time', positional('time', [0, 0], () => around.nowSeconds())]]),
    new Module('json', [
      [
        'loads',
        positional('loads', [1, 1], ([text], calls) => fromJson(stringOf(text, 'loads()'), calls)),
      ],
      [
        'load',
        positional('load', [1, 1], ([file = null], calls) => {
          if (!(file instanceof OpenFile)) throw raised('TypeError', 'load() expects an open file');
          return fromJson(calls.text(file.contents(calls)), calls);
        }),
      ],
      ['dumps', new NativeFunction('dumps', (args, calls) => toJson(args, calls))],
    ]),
    new Module('re', reMembers()),
    new Module('sys', [
      ['argv', new PyList(['aurora'])],
      ['platform', 'linux2'],
      ['maxint', 2n ** 63n - 1n],
    ]),
  ];
  return new Map(all.map((each) => [each.name, each]));
}

/** The environment: names are asked for one by one, never listed. */
class Environ extends PyObject {
  readonly typeName = 'environ';
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    super();
    this.#around = around;
  }

  override attribute(name: string): Value | undefined {
    return name === 'get' ? getenv(this.#around) : undefined;
  }

  override item(key: Value): Value {
    const name = stringOf(key, 'os.environ');
    const value = this.#around.environment(name);
    if (value === undefined) throw raised('KeyError', `'${name}'`);
    return value;
  }

  override contains(key: Value): boolean {
    return typeof key === 'string' && this.#around.environment(key) !== undefined;
  }
}

function getenv(around: Surroundings): NativeFunction {
  return positional('getenv', [1, 2], ([name, otherwise = null]) => {
    return around.environment(stringOf(name, 'getenv()')) ?? otherwise;
  });
}

function pathModule(around: Surroundings): Module {
  const onPath = (name: string, make: (path: string) => Value): [string, Value] => [
    name,
    positional(name, [1, 1], ([path]) => make(stringOf(path, `${name}()`))),
  ];
  return new Module('os.path', [
    [
      'join',
      positional('join', [1, 50], (parts, calls) => {
        const texts = parts.map((each) => stringOf(each, 'join()'));
        calls.budget.characters(texts.reduce((sum, each) => sum + each.length + 1, 0));
        return texts.reduce((path, each) => {
          if (each.startsWith('/') || path === '') return each;
          return path.endsWith('/') ? path + each : `${path}/${each}`;
        });
      }),
    ],
    onPath('abspath', (path) => joinPath(around.workingDirectory(), path)),
    onPath('dirname', (path) => (path.includes('/') ? directoryOf(path) : '')),
    onPath('basename', (path) => path.slice(path.lastIndexOf('/') + 1)),
    onPath('exists', (path) => around.read(path) !== undefined),
    onPath('isfile', (path) => around.read(path) !== undefined),
    onPath('isabs', (path) => path.startsWith('/')),
    onPath('normpath', (path) => joinPath('.', path)),
    onPath('split', (path) => {
      const at = path.lastIndexOf('/') + 1;
      const head = path.slice(0, at);
      return new PyTuple([/^\/+$/.test(head) ? head : head.replace(/\/+$/, ''), path.slice(at)]);
    }),
    onPath('splitext', (path) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const dot = name.lastIndexOf('.');
      // Dots in front are part of the name.
      const end = dot === -1 || /^\.*$/.test(name.slice(0, dot)) ? '' : name.slice(dot);
      return new PyTuple([path.slice(0, path.length - end.length), end]);
    }),
  ]);
}

const HASHES: readonly DigestAlgorithm[] = ['md5', 'sha1', 'sha256', 'sha512'];

function hash(algorithm: DigestAlgorithm, around: Surroundings): NativeFunction {
  return new NativeFunction(algorithm, (args) => {
    const [value = ''] = onlyPositional(algorithm, args, [0, 1]);
    return new Hash(algorithm, around, bytesOf(value));
  });
}

function newHash(around: Surroundings): NativeFunction {
  return positional('new', [1, 2], ([name, value = '']) => {
    const wanted = stringOf(name, 'new()').toLowerCase();
    const algorithm = HASHES.find((each) => each === wanted);
    if (algorithm === undefined) throw raised('ValueError', `unsupported hash type ${wanted}`);
    return new Hash(algorithm, around, bytesOf(value));
  });
}

/** A string, or what was read from a file that is no text. */
function bytesOf(value: Value): Uint8Array {
  if (value instanceof FileBytes) return value.bytes;
  return new TextEncoder().encode(stringOf(value, 'hash'));
}

class Hash extends PyObject {
  readonly typeName = 'HASH';
  readonly #algorithm: DigestAlgorithm;
  readonly #around: Surroundings;
  #bytes: Uint8Array;

  constructor(algorithm: DigestAlgorithm, around: Surroundings, bytes: Uint8Array) {
    super();
    this.#algorithm = algorithm;
    this.#around = around;
    this.#bytes = bytes;
  }

  override attribute(name: string): Value | undefined {
    if (name === 'hexdigest') {
      return positional('hexdigest', [0, 0], () =>
        this.#around.digest(this.#algorithm, this.#bytes),
      );
    }
    if (name !== 'update') return undefined;
    return positional('update', [1, 1], ([more = ''], calls) => {
      const added = bytesOf(more);
      calls.budget.characters(this.#bytes.length + added.length);
      const whole = new Uint8Array(this.#bytes.length + added.length);
      whole.set(this.#bytes);
      whole.set(added, this.#bytes.length);
      this.#bytes = whole;
      return null;
    });
  }
}

/** Contents that are no UTF-8. */
class FileBytes extends PyObject {
  readonly typeName = 'str';
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }

  override text(calls: Calls): string {
    calls.budget.characters(this.bytes.length);
    return textOfBytes(this.bytes);
  }
}

/** What `open` gives: all of a file, for reading. */
export class OpenFile extends PyObject {
  readonly typeName = 'file';
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  override attribute(name: string): Value | undefined {
    if (name === 'close') return positional('close', [0, 0], () => null);
    if (name === 'read') return positional('read', [0, 0], (_, calls) => this.contents(calls));
    if (name !== 'readlines') return undefined;
    return positional('readlines', [0, 0], (_, calls) => new PyList([...this.#lines(calls)]));
  }

  contents(calls: Calls): Value {
    calls.budget.characters(this.#bytes.length);
    const text = textOfBytes(this.#bytes);
    return new TextEncoder().encode(text).length === this.#bytes.length
      ? text
      : new FileBytes(this.#bytes);
  }

  #lines(calls: Calls): readonly string[] {
    calls.budget.characters(this.#bytes.length);
    const lines = textOfBytes(this.#bytes).match(/[^\n]*\n|[^\n]+/g) ?? [];
    calls.budget.elements(lines.length);
    return lines;
  }

  override iterate(): readonly Value[] {
    return textOfBytes(this.#bytes).match(/[^\n]*\n|[^\n]+/g) ?? [];
  }
}
