/** Mutated `.aurora` files: an error in a sentence, or jobs that can be converted or are refused; nothing else is reached. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Surroundings } from '../../schedulers/aurora/config/interpreter/surroundings.ts';
import { checkJob } from '../../schedulers/aurora/config/job-checks.ts';
import { convertJob } from '../../schedulers/aurora/config/job-configuration.ts';
import { loadText, pickJob } from '../../schedulers/aurora/config/loader.ts';
import { readTaskInstance } from '../../schedulers/aurora/config/task-instance.ts';
import { decodeStruct, encodeStruct } from '../../schedulers/aurora/thrift/messages.ts';
import type { Dice } from './dice.ts';
import type { PureTarget } from './pure-run.ts';

const FOLDER = new URL('../../examples/aurora/', import.meta.url).pathname;
const LIMITS = { stepsMax: 5_000, elementsMax: 10_000, charactersMax: 200_000, depthMax: 500 };
const CHANGES_MAX = 4;

/** What makes other things of the text around it. */
const WORDS: readonly string[] = [
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ':',
    ',',
    '=',
    '==',
    '**',
    '*',
    '%',
    '+=',
    '.',
    ';',
    '\\',
    '#',
    '@',
  ],
  ...["'", '"', "'''", '"""', '\n', '\n  ', '\t', '\r\n', '\u0000', 'é', '\ud800'],
  ...[
    '{{',
    '}}',
    '{{name}}',
    '{{&x}}',
    '{{a.b[c]}}',
    '{{super.name}}',
    '{{thermos.ports[x]}}',
    '{{profile}}',
  ],
  ...[
    '0',
    '-1',
    '1e999',
    '0x',
    '09',
    '10 ** 99',
    '999999999999999999999',
    '1.5',
    'None',
    'True',
    'Empty',
    '[]',
    '{}',
  ],
  ...[
    'lambda x: x',
    'x for x in y',
    'if 1 else',
    'not',
    'in',
    'is',
    'and',
    'yield',
    'def f(): return f()',
    'while True: pass',
  ],
  ...[
    'import os',
    'class A(Struct): x = String',
    'class B(A): pass',
    'try:',
    'except:',
    'raise',
    'global x',
    'del jobs',
  ],
  ...[
    '.bind(x=1)',
    '.bind(jobs)',
    '.get()',
    '.check()',
    '()',
    '(name="b")',
    '[0]',
    '[::-1]',
    '.format(1)',
    '% 5',
    '.join("a")',
  ],
  ...[
    'jobs',
    'Job',
    'Process',
    'Task',
    'String',
    'List(String)',
    'Choice([Integer, String])',
    'Required(String)',
    'Default(Integer, 1)',
  ],
  ...[
    'include("hello_world.aurora")',
    'include("/etc/passwd")',
    'open("/etc/passwd").read()',
    'os.environ["HOME"]',
    'print jobs',
  ],
  ...[
    'sorted(jobs)',
    'map(str, jobs)',
    'dict(jobs)',
    'jobs * 1000',
    'order(jobs)',
    'Tasks.concat(*jobs)',
    'set([jobs])',
    '{jobs: 1}',
  ],
  ...['__class__', 'constructor', '__proto__', 'toString', 'hasOwnProperty'],
];

/** Beside the examples: patterns of `re`, slices and texts. */
const PATTERNS = `import re, json, os.path
print re.findall('(a|b)*?c{1,3}[^x-z]', 'abcabc')
print re.sub(r'(?P<n>\\w+)/(\\1|(?:x)?)+', r'\\g<n>\\2', 'www/www'), re.split('(,)|;', 'a,b;c')
print re.compile('(?ix) ^ (?<=a) (?!b) (a)? (?(1)b|c) $').search('abc' * 20, 1)
print [m.groups() for m in re.finditer('((a*)*b?)*', 'aaaa')], re.escape('a.b')
l = range(9); l[1:3] = 'ab'; del l[-2:]
print 'a,b'.rsplit(',', 1), 'x'.center(9, '*'), reduce(lambda a, b: a + b, l[:1] + [2])
print json.dumps({'a': l}, separators=(',', ':'), indent=1), os.path.splitext('a.b')
`;

export function auroraTarget(): PureTarget {
  const files = new Map(
    readdirSync(FOLDER)
      .filter((name) => name.endsWith('.aurora'))
      .map((name) => [name, readFileSync(`${FOLDER}${name}`, 'utf8')]),
  );
  const texts = [...files.values(), PATTERNS];
  return {
    make: (dice) => {
      let text = dice.pickAny(texts) ?? '';
      for (let left = 1 + dice.below(CHANGES_MAX); left > 0; left -= 1) {
        text = mutated(dice, text, texts);
      }
      return () => playFile(text, files);
    },
  };
}

function playFile(text: string, files: ReadonlyMap<string, string>): void {
  const surroundings = watched(files);
  const loaded = loadText('/examples/main.aurora', text, { surroundings, limits: LIMITS });
  if (!loaded.ok) {
    assert.match(loaded.error, /^\w+: |\n\w+: /);
    return;
  }
  const { jobs, calls } = loaded.value;
  for (const pattern of [{}, { name: 'x' }]) pickJob(loaded.value, pattern);
  for (const job of jobs) {
    const made = convertJob(job, { user: 'u', calls });
    if (!made.ok) {
      assert.ok(made.error.length > 0);
      continue;
    }
    checkJob(made.value.data);
    const config = made.value.configuration;
    const again = decodeStruct('JobConfiguration', encodeStruct('JobConfiguration', config));
    assert.ok(again.ok, again.ok ? '' : again.error);
    const data = config.taskConfig?.executorConfig?.data ?? '';
    const runTime = { instance: 0, hostname: 'h', taskId: 't', ports: new Map([['http', 1]]) };
    readTaskInstance(data, runTime);
  }
}

function mutated(dice: Dice, text: string, texts: readonly string[]): string {
  const at = dice.below(text.length + 1);
  const end = Math.min(text.length, at + dice.below(24));
  const word = dice.pickAny(WORDS) ?? '';
  switch (dice.below(7)) {
    case 0:
      return text.slice(0, at) + word + text.slice(at);
    case 1:
      return text.slice(0, at) + word + text.slice(end);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, end) + text.slice(at);
    case 4:
      return replacedToken(dice, text, word);
    case 5: {
      const lines = text.split('\n');
      lines.splice(dice.below(lines.length), dice.below(3), word);
      return lines.join('\n');
    }
    default: {
      const other = dice.pickAny(texts) ?? '';
      const from = dice.below(other.length + 1);
      return text.slice(0, at) + other.slice(from, from + dice.below(300)) + text.slice(end);
    }
  }
}

/** A whole name, number or string becomes something else. */
function replacedToken(dice: Dice, text: string, word: string): string {
  const tokens = [...text.matchAll(/\w+|'[^'\n]*'/g)];
  const token = dice.pickAny(tokens);
  if (token === undefined) return text;
  return text.slice(0, token.index) + word + text.slice(token.index + token[0].length);
}

/** Fails when anything is asked for that no text can name. */
function watched(files: ReadonlyMap<string, string>): Surroundings {
  return {
    read: (path) => {
      assert.equal(typeof path, 'string');
      const found = files.get(path.replace(/^\/examples\//, ''));
      return found === undefined ? undefined : Buffer.from(found);
    },
    environment: (name) => (name === 'USER' ? 'u' : undefined),
    userName: () => 'u',
    workingDirectory: () => '/examples',
    nowSeconds: () => 1,
    digest: (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex'),
  };
}
