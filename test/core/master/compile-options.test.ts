/** The master's flags: what is taken, shown, and refused with which sentence. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseFlags } from '../../../core/base/flags.ts';
import { compileMasterOptions } from '../../../core/master/compile-options.ts';
import { MASTER_FLAGS } from '../../../core/master/flags.ts';

function compile(...argv: readonly string[]) {
  const sources = { argv, env: {}, envPrefix: undefined, style: 'equals' } as const;
  const flags = parseFlags(MASTER_FLAGS, sources);
  return flags.ok ? compileMasterOptions(flags.value) : flags;
}

const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /^--work_dir needed for replicated log based registry$/],
  [
    ['--zk=zk://h:2181/m'],
    /^Need to specify --quorum for replicated log based registry when using ZooKeeper$/,
  ],
  [['--zk=zk://h:2181/', '--quorum=2'], /Expecting a \(chroot\) path for ZooKeeper/],
  [['--zk=h:2181/m', '--quorum=2'], /Expecting 'zk:\/\/' at the beginning of the URL$/],
  [['--zk=zk://h:2181/m', '--quorum=0'], /^Invalid value '0' for --quorum: Must be at least 1$/],
  [
    ['--registry=in_memory', '--acls={"view_flags":[{"principals":{},"flags":{"values":["x"]}}]}'],
    /^ACL\.ViewFlags type must be either NONE or ANY$/,
  ],
  [['--registry=in_memory', '--authorizers=local,other'], /^Multiple authorizers not supported$/],
  [['--registry=in_memory', '--authorizers='], /^No authorizer specified$/],
  [
    ['--registry=in_memory', '--authenticate_http_frameworks'],
    /^Missing `--http_framework_authenticators` flag\. /,
  ],
  [
    ['--registry=in_memory', '--authenticate_http_readonly'],
    /^No credentials provided for the default 'basic' HTTP authenticator for realm 'mesos-master-readonly'$/,
  ],
  [
    ['--registry=in_memory', '--authenticate_http', '--http_authenticators=com_example_x'],
    /^HTTP authenticator 'com_example_x' not found\. /,
  ],
  [
    ['--registry=in_memory', '--credentials=/nowhere/at/all'],
    /^Failed to read credentials file '\/nowhere\/at\/all': .* \(see --credentials flag\)$/,
  ],
  [
    ['--registry=in_memory', '--authenticate_agents'],
    /^Failed to start master with authentication enabled: No credentials/,
  ],
  [['--registry=paper'], /^'paper' is not a supported option for registry persistence$/],
  [
    ['--registry=in_memory', '--registry_strict'],
    /^Support for '--registry_strict' has been disabled/,
  ],
  [
    ['--registry=in_memory', '--agent_reregister_timeout=1mins'],
    /^Invalid value '1mins' for --agent_reregister_timeout: Must be at least 10mins$/,
  ],
  [
    ['--registry=in_memory', '--agent_removal_rate_limit=often'],
    /^Invalid agent_removal_rate_limit: often\. Format is <Number of agents>\/<Duration>$/,
  ],
  [['--registry=in_memory', '--weights=a=0'], /Weights must be positive$/],
  [['--registry=in_memory', '--domain={}'], /^`domain` must define `fault_domain`$/],
  [['--registry=in_memory', '--nonsense=1'], /^Failed to load unknown flag 'nonsense'/],
];

for (const [argv, text] of REFUSED) {
  test(`flags ${argv.join(' ') || '(none)'} are refused with a sentence`, () => {
    const compiled = compile(...argv);
    assert.equal(compiled.ok, false);
    assert.match(compiled.ok ? '' : compiled.error, text);
  });
}

test('old names of flags still work', () => {
  const compiled = compile(
    '--registry=in_memory',
    '--slave_ping_timeout=20secs',
    '--max_slave_ping_timeouts=3',
    '--user_sorter=random',
  );
  assert.ok(compiled.ok);
  assert.equal(compiled.value.master.machine.agentPingTimeoutMs, 20_000);
  assert.equal(compiled.value.master.machine.maxAgentPingTimeouts, 3);
  assert.equal(compiled.value.master.allocator.roleSorter, 'random');
});

test('every flag that an original shows with its default is shown with the same text', () => {
  const file = new URL('../../wire/golden/master-flags.json', import.meta.url);
  const recorded: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'));
  const compiled = compile(
    '--registry=in_memory',
    '--work_dir=/opt/app/m',
    '--ip=127.0.0.1',
    '--advertise_ip=127.0.0.1',
    '--advertise_port=15050',
    '--hostname=localhost',
    '--cluster=golden',
  );
  assert.ok(compiled.ok);
  assert.deepEqual(compiled.value.master.flags, recorded);
});
