/** What a script can check of how the code looks. Each rule says what to do instead. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = new URL('../', import.meta.url).pathname;

/** What is or would be in the repository. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));

const sources = files.filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'));
const generated = (path: string): boolean =>
  path.startsWith('core/wire/types/') || path === 'schedulers/aurora/thrift/types.ts';
const written = sources.filter((path) => !generated(path));
const product = written.filter((path) => !path.startsWith('test/'));

const texts = new Map<string, string>();

function textOf(path: string): string {
  const known = texts.get(path) ?? readFileSync(join(ROOT, path), 'utf8');
  texts.set(path, known);
  return known;
}

/** The text without comments and without what stands in quotes, on the same lines. */
function codeOf(path: string): string {
  return textOf(path)
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

/** Lines of the code that match, as `path:line`. */
function linesWith(paths: readonly string[], pattern: RegExp): readonly string[] {
  return paths.flatMap((path) =>
    codeOf(path)
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );
}

function startsWithAny(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}

function none(found: readonly string[], advice: string): void {
  assert.deepEqual(found, [], `${advice}\n${found.join('\n')}`);
}

/** Targets of relative imports, as paths from the root. */
function importsOf(path: string): readonly string[] {
  const found = textOf(path).matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return [...found].map((match) => join(dirname(path), match[1] ?? ''));
}

/** For code under a folder: what of ours it may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'core/base/': ['core/base/'],
  // The address of an actor is a type of the network port.
  'core/wire/': ['core/base/', 'core/wire/', 'core/net/ports.ts'],
  'core/resources/': ['core/base/', 'core/wire/', 'core/resources/'],
  'core/net/': ['core/base/', 'core/wire/', 'core/net/'],
  'core/storage/': ['core/base/', 'core/net/zookeeper/', 'core/storage/'],
  'core/election/': ['core/base/', 'core/wire/', 'core/net/', 'core/election/'],
  'core/allocator/': ['core/base/', 'core/wire/', 'core/resources/', 'core/allocator/'],
  'core/scheduler/': [
    ...['core/base/', 'core/wire/', 'core/resources/', 'core/net/', 'core/election/'],
    'core/scheduler/',
  ],
  'core/': ['core/'],
  'schedulers/kit/': [
    ...['core/base/', 'core/wire/', 'core/resources/', 'core/scheduler/', 'core/storage/'],
    ...['core/election/', 'core/net/', 'core/cli/', 'schedulers/kit/'],
  ],
  'schedulers/marathon/': [
    ...['core/base/', 'core/wire/', 'core/resources/', 'core/scheduler/', 'core/storage/'],
    ...['core/election/', 'core/net/', 'core/cli/', 'core/webui/', 'schedulers/kit/'],
    'schedulers/marathon/',
  ],
  'schedulers/chronos/': [
    ...['core/base/', 'core/wire/', 'core/resources/', 'core/scheduler/', 'core/storage/'],
    ...['core/election/', 'core/net/', 'core/cli/', 'core/webui/', 'schedulers/kit/'],
    'schedulers/chronos/',
  ],
  'schedulers/aurora/': [
    ...['core/base/', 'core/wire/', 'core/resources/', 'core/scheduler/', 'core/storage/'],
    ...['core/election/', 'core/executor/', 'core/net/', 'core/cli/', 'core/webui/'],
    ...['schedulers/kit/', 'schedulers/aurora/'],
  ],
  'schedulers/aurora/thrift/': ['core/base/', 'schedulers/aurora/thrift/'],
  'schedulers/aurora/config/': [
    'core/base/',
    'schedulers/aurora/thrift/',
    'schedulers/aurora/config/',
  ],
  // What runs in the browser knows nothing of the server but its HTTP interface.
  'core/webui/kit/': ['core/webui/kit/'],
  'core/webui/master/': ['core/webui/kit/', 'core/webui/master/'],
  'schedulers/marathon/ui/': ['core/webui/kit/', 'schedulers/marathon/ui/'],
  'schedulers/chronos/ui/': ['core/webui/kit/', 'schedulers/chronos/ui/'],
  'schedulers/aurora/ui/': ['core/webui/kit/', 'schedulers/aurora/ui/'],
  'dns/': ['core/base/', 'core/wire/', 'core/net/', 'core/election/', 'core/cli/', 'dns/'],
};

/** The daemons' start-up is shared; nothing else of the command line is anybody's business. */
const CLI_FOR_ALL = [
  'core/cli/daemon.ts',
  'core/cli/daemon-address.ts',
  'core/cli/daemon-flags.ts',
  'core/cli/daemon-log.ts',
];

test('imports point in the allowed directions', () => {
  const wrong = product.flatMap((path) => {
    const folder = Object.keys(ALLOWED)
      .filter((prefix) => path.startsWith(prefix))
      .sort((a, b) => b.length - a.length)[0];
    const allowed = folder === undefined ? undefined : ALLOWED[folder];
    if (allowed === undefined) return [];
    return importsOf(path)
      .filter(
        (target) =>
          !startsWithAny(target, allowed) ||
          (target.startsWith('core/cli/') &&
            !path.startsWith('core/cli/') &&
            !CLI_FOR_ALL.includes(target)),
      )
      .map((target) => `${path} imports ${target}`);
  });
  none(wrong, 'base < wire, resources < machines < ports < shells < main; see core/README.md');
});

/** Where machines live: no sockets, no files, no timers, no log. */
const MACHINE_FOLDERS = [
  'core/allocator/',
  'core/resources/',
  'core/master/validation/',
  'core/master/views/',
  'schedulers/marathon/machine/',
  'schedulers/marathon/model/',
  'schedulers/marathon/offers/',
  'schedulers/aurora/config/',
  'schedulers/aurora/machine/',
  'schedulers/aurora/thermos/machine/',
];
const MACHINE_FILES = [
  'core/master/machine.ts',
  'core/agent/machine.ts',
  'schedulers/chronos/machine.ts',
  'dns/answers.ts',
  'dns/cluster-names.ts',
  'dns/cluster-state.ts',
  'dns/config-checks.ts',
  'dns/config.ts',
  'dns/labels.ts',
  'dns/operator-events.ts',
  'dns/record-set.ts',
  'dns/records.ts',
  'dns/responder.ts',
  'dns/state-document.ts',
  'dns/task-hash.ts',
  'dns/told.ts',
  'dns/wire.ts',
];

test('machines see no node modules', () => {
  const machines = product.filter(
    (path) => startsWithAny(path, MACHINE_FOLDERS) || MACHINE_FILES.includes(path),
  );
  const wrong = machines.filter((path) => /from 'node:/.test(textOf(path)));
  none(wrong, 'give the effect to a shell, or put the pure function into core/base');
});

/** Files that may touch what everything else gets through a port. */
const CLOCK_FILES = ['core/base/clock.ts', 'core/base/random.ts'];
const WORLD_FOLDERS = [
  'core/cli/',
  'core/net/',
  'core/storage/',
  'core/testing/',
  'core/agent/launcher/',
  // Pages have the browser's clock and timers.
  'core/webui/',
  'schedulers/marathon/ui/',
  'schedulers/chronos/ui/',
  'schedulers/aurora/ui/',
];

test('time, timers and chance come through ports', () => {
  const paths = product.filter(
    (path) =>
      !CLOCK_FILES.includes(path) &&
      !startsWithAny(path, WORLD_FOLDERS) &&
      !path.startsWith('examples/'),
  );
  const pattern =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|(?<![.\w])set(?:Timeout|Interval|Immediate)\(|\brandomUUID\(/;
  none(linesWith(paths, pattern), 'use Clock and Random from core/base');
});

test('nothing prints but command lines', () => {
  const paths = product.filter((path) => !path.startsWith('examples/'));
  none(linesWith(paths, /\bconsole\./), 'use the Log, or process.stdout in a command line');
});

test('exports are named, one by one', () => {
  none(
    linesWith(written, /^export default\b|^export \*/),
    'name each export; there is no default and no star',
  );
});

test('only erasable TypeScript without holes in its types', () => {
  none(linesWith(written, /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s/), 'use a union');
  none(linesWith(written, /^\s*(?:export\s+)?(?:declare\s+)?namespace\s/), 'use a module');
  none(linesWith(written, /(?::|<|\bas|\|)\s*any\b(?!\()/), 'use unknown and check it');
  none(linesWith(written, /[\w)\]]!(?:\.|;|,|\)|\[|$)/), 'use defined() or handle undefined');
  none(linesWith(written, /@ts-(?:ignore|nocheck|expect-error)/), 'make the types right');
});

const LINES_MAX = 600;

test('files stay short enough to be read', () => {
  const wrong = written
    .map((path) => ({ path, count: textOf(path).split('\n').length - 1 }))
    .filter(({ count }) => count > LINES_MAX)
    .map(({ path, count }) => `${path}: ${count} lines`);
  none(wrong, `split by noun; ${LINES_MAX} lines are the limit`);
});

test('files start with what they are', () => {
  const wrong = product.filter((path) => !/^(?:#!.*\n)?\/\*\*/.test(textOf(path)));
  none(wrong, 'start the file with a /** comment */ that says what it is');
});

test('names of files are in kebab case and say what is in them', () => {
  const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.v1)?\.tsx?$/;
  const bad = written.filter(
    (path) => !kebab.test(basename(path)) && !path.startsWith('core/wire/'),
  );
  none(bad, 'rename to kebab-case.ts');
  const empty =
    /\b(?:class|interface|type|function|const)\s+\w*(?:Manager|Helper|Util|Utils|Impl)\b/;
  none(linesWith(written, empty), 'name it by what it does');
});

const MACHINE_READMES = [
  'core/README.md',
  'core/allocator/README.md',
  'core/master/README.md',
  'core/agent/README.md',
  'schedulers/kit/README.md',
  'schedulers/marathon/README.md',
  'schedulers/chronos/README.md',
  'schedulers/aurora/README.md',
  'dns/README.md',
];

test('folders with machines explain themselves', () => {
  none(
    MACHINE_READMES.filter((path) => !files.includes(path)),
    'write glossary, states, life of one request, invariants',
  );
});

/** Words that only mean something outside of the repository, in parts so that this file passes. */
const FOREIGN = [
  ['/work', '/'],
  ['shared', '/spec'],
  ['shared', '/golden'],
  ['/tmp', '/brief'],
];

test('nothing refers to what is not in the repository', () => {
  const texts = files.filter((path) => /\.(?:ts|md|json|yml|sh)$|^\.ci\//.test(path));
  const wrong = texts.flatMap((path) =>
    FOREIGN.map((parts) => parts.join(''))
      .filter((word) => !path.startsWith('test/wire/golden/') && textOf(path).includes(word))
      .map((word) => `${path} has '${word}'`),
  );
  none(wrong, 'say it in place');
  const links = texts
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...textOf(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
        .map((target) => `${path} links to ${target}`),
    );
  none(links, 'repair the link');
});

test('the README names every folder at the top', () => {
  if (!files.includes('README.md')) return;
  const folders = new Set(
    files.filter((path) => path.includes('/')).map((path) => path.split('/')[0]),
  );
  const readme = textOf('README.md');
  const missing = [...folders].filter(
    (name) => name !== undefined && !name.startsWith('.') && !readme.includes(name),
  );
  none(missing.map(String), 'say in README.md what is in it');
});

test('versions of dependencies are exact and the lockfile agrees', () => {
  const manifest: Record<string, unknown> = JSON.parse(textOf('package.json'));
  const lock: { packages: Record<string, Record<string, unknown>> } = JSON.parse(
    textOf('package-lock.json'),
  );
  for (const kind of ['dependencies', 'devDependencies']) {
    const wanted = manifest[kind];
    assert.deepEqual(lock.packages['']?.[kind], wanted, `${kind} of package-lock.json`);
    for (const [name, version] of Object.entries(wanted ?? {})) {
      assert.match(String(version), /^\d+\.\d+\.\d+$/, `${name} is not exact`);
      assert.equal(lock.packages[`node_modules/${name}`]?.['version'], version, name);
    }
  }
});

test('the version stands in one more place only, and is the same there', async () => {
  const { ORRERY_VERSION } = await import('../core/base/version.ts');
  const manifest: Record<string, unknown> = JSON.parse(textOf('package.json'));
  assert.equal(ORRERY_VERSION, manifest['version']);
});

test('programs of the package exist and can be run', () => {
  const manifest: { bin: Record<string, string> } = JSON.parse(textOf('package.json'));
  const listed = execFileSync('git', ['ls-files', '--stage', 'core/cli/bin'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const [name, path] of Object.entries(manifest.bin)) {
    assert.ok(files.includes(path), `${name} is ${path}, which is not there`);
    assert.match(listed, new RegExp(`^100755 .*\\t${path}$`, 'm'), `${path} is not executable`);
  }
});

test('the generated types are what the messages say', async () => {
  const { generateTypes } = await import('../core/wire/generate-types.ts');
  for (const [name, text] of generateTypes()) {
    const path = `core/wire/types/${name}`;
    assert.equal(textOf(path), text, `${path} is stale: run npm run generate`);
  }
});

test('the types of Aurora are what its description says', async () => {
  const { generateTypes } = await import('../schedulers/aurora/thrift/generate-types.ts');
  const path = 'schedulers/aurora/thrift/types.ts';
  assert.equal(textOf(path), generateTypes(), `${path} is stale: run npm run generate:aurora`);
});
