import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  flag,
  flagHelp,
  nearestName,
  optionalFlag,
  parseFlags,
  requiredFlag,
} from '../../../core/base/flags.ts';

const TABLE = {
  port: flag('int', 5_050, { help: 'Port to listen on' }),
  quiet: flag('bool', false, { help: 'No logging\nto stderr' }),
  hostname_lookup: flag('bool', true, { help: 'Whether to look up' }),
  agent_ping_timeout: flag('duration', 15_000, {
    help: 'Time-out of a ping',
    aliases: ['slave_ping_timeout'],
    validate: (ms: number) => (ms < 1_000 ? 'Expected at least 1secs' : undefined),
  }),
  ratio: optionalFlag('double', { help: 'A ratio' }),
  size: optionalFlag('bytes', { help: 'A size' }),
  acls: optionalFlag('json', { help: 'Rules' }),
  credential: optionalFlag('path', { help: 'Where the credential is' }),
  text: optionalFlag('string', { help: 'Any text' }),
} as const;

const directory = mkdtempSync(join(tmpdir(), 'orrery-flags-'));
after(() => rmSync(directory, { recursive: true }));

function parse(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return parseFlags(TABLE, { argv, env, envPrefix: 'MESOS_', style: 'equals' });
}

function valuesOf(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const parsed = parse(argv, env);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function errorOf(argv: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const parsed = parse(argv, env);
  return parsed.ok ? 'no error' : parsed.error;
}

test('a flag that is not given has its default, an optional one none', () => {
  const values = valuesOf([]);
  assert.equal(values.port, 5_050);
  assert.equal(values.agent_ping_timeout, 15_000);
  assert.equal(values.ratio, undefined);
});

test('values are converted by type', () => {
  const values = valuesOf([
    '--port=1',
    '--ratio=.5',
    '--size=2MB',
    '--acls={"a":[1]}',
    '--text=a=b',
  ]);
  assert.equal(values.port, 1);
  assert.equal(values.ratio, 0.5);
  assert.equal(values.size, 2_097_152);
  assert.deepEqual(values.acls, { a: [1] });
  assert.equal(values.text, 'a=b');
});

test('a boolean is given bare, negated, or with a value', () => {
  assert.equal(valuesOf(['--quiet']).quiet, true);
  assert.equal(valuesOf(['--quiet=']).quiet, true);
  assert.equal(valuesOf(['--quiet=1']).quiet, true);
  assert.equal(valuesOf(['--quiet=false']).quiet, false);
  assert.equal(valuesOf(['--no-hostname_lookup']).hostname_lookup, false);
  assert.equal(valuesOf(['--hostname_lookup=0']).hostname_lookup, false);
});

test('names are case-insensitive; positionals, single dashes and words behind -- are ignored', () => {
  assert.equal(valuesOf(['--PORT=7', 'word', '-x', '--', '--port=8']).port, 7);
});

test('the environment is the fallback of the command line', () => {
  assert.equal(valuesOf([], { MESOS_PORT: '7' }).port, 7);
  assert.equal(valuesOf([], { MESOS_port: '7' }).port, 7);
  assert.equal(valuesOf(['--port=8'], { MESOS_PORT: '7' }).port, 8);
  assert.equal(valuesOf(['--quiet'], { 'MESOS_no-quiet': '' }).quiet, true);
  assert.equal(valuesOf([], { MESOS_SLAVE_PING_TIMEOUT: '2secs' }).agent_ping_timeout, 2_000);
  assert.equal(valuesOf([], { 'MESOS_no-hostname_lookup': '' }).hostname_lookup, false);
  assert.equal(
    valuesOf([], { MESOS_NO_QUIET: '1', MESOS_NATIVE_LIBRARY: 'x', PORT: '1' }).port,
    5_050,
  );
});

test('errors are the sentences of the original', () => {
  const expecting = 'Expecting a boolean (e.g., true or false)';
  const table: readonly (readonly [readonly string[], string])[] = [
    [['--foo=1'], "Failed to load unknown flag 'foo'"],
    [['--no-foo'], "Failed to load unknown flag 'foo' via 'no-foo'"],
    [['--quiett'], "Failed to load unknown flag 'quiett'; did you mean 'quiet'?"],
    [['--no-quiet=y'], "Failed to load boolean flag 'quiet' via 'no-quiet' with value 'y'"],
    [['--quiet=y'], `Failed to load flag 'quiet': Failed to load value 'y': ${expecting}`],
    [['--no-port'], "Failed to load non-boolean flag 'port' via 'no-port'"],
    [['--port'], "Failed to load non-boolean flag 'port': Missing value"],
    [
      ['--port=x'],
      "Failed to load flag 'port': Failed to load value 'x': Failed to convert into required type",
    ],
    [
      ['--agent_ping_timeout=10'],
      "Failed to load flag 'agent_ping_timeout': Failed to load value '10': Invalid duration '10'",
    ],
    [['--agent_ping_timeout=1ms'], 'Expected at least 1secs'],
    [['--port=1', '--port=2'], "Flag 'port' is already loaded via name 'port'"],
    [
      ['--slave_ping_timeout=1secs', '--agent_ping_timeout=1secs'],
      "Flag 'slave_ping_timeout' is already loaded via name 'agent_ping_timeout'",
    ],
  ];
  for (const [argv, error] of table) assert.equal(errorOf(argv), error);
});

test('an old and a new name clash also between environment and command line', () => {
  assert.equal(
    errorOf(['--slave_ping_timeout=1secs'], { MESOS_AGENT_PING_TIMEOUT: '2secs' }),
    "Flag 'slave_ping_timeout' is already loaded via name 'agent_ping_timeout'",
  );
});

test('a required flag must be given', () => {
  const table = { master: requiredFlag('string', { help: 'Where the master is' }) };
  const sources = { argv: [], env: {}, envPrefix: undefined, style: 'equals' } as const;
  assert.deepEqual(parseFlags(table, sources), {
    ok: false,
    error: "Flag 'master' is required, but it was not provided",
  });
});

test('file:// gives the content of the file without its last newline', () => {
  const path = join(directory, 'port');
  writeFileSync(path, '77\n');
  assert.equal(valuesOf([`--port=file://${path}`]).port, 77);
  assert.match(errorOf(['--port=file:///none']), /Error reading file '\/none': ENOENT/);
});

test('what is no JSON is refused in the words of the original', () => {
  const refused = errorOf(['--acls={"a":']);
  assert.equal(
    refused,
    `Failed to load flag 'acls': Failed to load value '{"a":': syntax error at line 1 near: `,
  );
});

test('a JSON flag takes a bare absolute path, a path flag keeps its path', () => {
  const path = join(directory, 'acls.json');
  writeFileSync(path, '{"a":1}');
  assert.deepEqual(valuesOf([`--acls=${path}`]).acls, { a: 1 });
  assert.equal(valuesOf([`--credential=file://${path}`]).credential, path);
});

test('the spaced style takes the value from the next word, booleans do not', () => {
  const parsed = parseFlags(TABLE, {
    argv: ['--text', 'a b', '--quiet', '--port', '9'],
    env: {},
    envPrefix: undefined,
    style: 'spaced',
  });
  assert.ok(parsed.ok);
  assert.equal(parsed.value.text, 'a b');
  assert.equal(parsed.value.quiet, true);
  assert.equal(parsed.value.port, 9);
  const refused = parseFlags(TABLE, {
    argv: ['word'],
    env: {},
    envPrefix: undefined,
    style: 'spaced',
  });
  assert.deepEqual(refused, { ok: false, error: "Unexpected argument 'word'" });
});

test('help lists the flags by name with their texts in one column', () => {
  const { quiet, agent_ping_timeout } = TABLE;
  assert.equal(
    flagHelp('mesos-master', { quiet, agent_ping_timeout }),
    [
      'Usage: mesos-master [options]',
      '',
      '  --agent_ping_timeout=VALUE, --slave_ping_timeout=VALUE     Time-out of a ping',
      '  --[no-]quiet                                               No logging',
      '                                                             to stderr',
      '',
    ].join('\n'),
  );
});

test('a name is suggested only when it is near', () => {
  assert.equal(nearestName(['work_dir', 'port'], 'work-dir'), 'work_dir');
  assert.equal(nearestName(['work_dir', 'port'], 'foo'), undefined);
});
