/** The agent's flags: what is taken, shown, and refused with which sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileAgentOptions } from '../../../core/agent/compile-options.ts';
import { AGENT_FLAGS } from '../../../core/agent/flags.ts';
import { RARE_AGENT_FLAGS } from '../../../core/agent/rare-flags.ts';
import { parseFlags } from '../../../core/base/flags.ts';

function compile(...argv: readonly string[]) {
  const sources = { argv, env: {}, envPrefix: undefined, style: 'equals' } as const;
  const flags = parseFlags(AGENT_FLAGS, sources);
  return flags.ok ? compileAgentOptions(flags.value) : flags;
}

function compileUsual(...argv: readonly string[]) {
  return compile('--master=h:5050', '--work_dir=/w', ...argv);
}

function refusal(...argv: readonly string[]): string {
  const compiled = compileUsual(...argv);
  return compiled.ok ? 'accepted' : compiled.error;
}

test('work directory and master are needed', () => {
  const nothing = compile();
  assert.equal(
    nothing.ok ? '' : nothing.error,
    "Flag 'work_dir' is required, but it was not provided",
  );
  const masterless = compile('--work_dir=/w');
  assert.equal(
    masterless.ok ? '' : masterless.error,
    'Missing required option `--master` or `--master_detector`',
  );
  assert.equal(
    refusal('--master_detector=org_x'),
    'Only one of `--master` or `--master_detector` should be specified',
  );
});

test('what is wrong with security flags is said in the words of the original', () => {
  assert.equal(
    refusal('--authenticate_http_executors'),
    '--jwt_secret_key must be specified when --authenticate_http_executors is set to true',
  );
  assert.equal(
    refusal('--authenticate_http_readwrite'),
    "No credentials provided for the default 'basic' HTTP authenticator for realm 'mesos-agent-readwrite'",
  );
  assert.match(
    refusal('--http_credentials=/nowhere/at/all'),
    /^Failed to read credentials file '\/nowhere\/at\/all': .* \(see --http_credentials flag\)$/,
  );
  assert.match(
    refusal('--jwt_secret_key=/nowhere/at/all'),
    /^Failed to read JWT secret key file '\/nowhere\/at\/all': .* \(see --jwt_secret_key flag\)$/,
  );
  assert.equal(
    refusal('--acls={"prune_images":[{"principals":{},"images":{"values":["x"]}}]}'),
    'ACL.PruneImages type must be either NONE or ANY',
  );
});

/** Values of which no flag has one by default. */
const OTHER_VALUES = {
  string: 'other',
  path: '/other',
  url: 'file:///other',
  int: '7',
  double: '0.7',
  duration: '7secs',
  bytes: '7MB',
  json: '{"other":1}',
} as const;

for (const [name, row] of Object.entries(RARE_AGENT_FLAGS)) {
  const isOwn = Reflect.get(AGENT_FLAGS, name) === row;
  if (!isOwn || name === 'master_detector') continue;
  test(`--${name} asks for what is not there, and is refused by name`, () => {
    const other = row.type === 'bool' ? String(row.default !== true) : OTHER_VALUES[row.type];
    const argv = [`--${name}=${other}`];
    assert.match(refusal(...argv), new RegExp(`^Flag '${name}' is not supported: .*[^.]$`));
  });
}

test('scripts may state the defaults of what is not there', () => {
  const argv = [
    '--cgroups_destroy_timeout=60secs',
    '--xfs_quota_headroom=10240KB',
    '--network_cni_metrics',
    '--no-docker_volume_chown',
    '--docker_registry=https://registry-1.docker.io',
  ];
  assert.equal(refusal(...argv), 'accepted');
});

test('old names of rare flags are known, too', () => {
  assert.match(refusal('--slave_subsystems=cpu'), /^Flag 'agent_subsystems' is not supported: /);
  assert.match(
    refusal('--allowed_capabilities=7'),
    /^Failed to load flag 'effective_capabilities': /,
  );
});

test('features may be left out as far as the cluster can do without', () => {
  const features = (names: readonly string[]): string =>
    `--agent_features=${JSON.stringify({ capabilities: names.map((type) => ({ type })) })}`;
  const needed = [
    'MULTI_ROLE',
    'HIERARCHICAL_ROLE',
    'RESERVATION_REFINEMENT',
    'AGENT_OPERATION_FEEDBACK',
    'RESOURCE_PROVIDER',
    'AGENT_DRAINING',
    'TASK_RESOURCE_LIMITS',
  ];
  const compiled = compileUsual(features(needed));
  assert.ok(compiled.ok);
  const capabilities = compiled.value.agent.capabilities.map(({ type }) => type);
  assert.deepEqual(new Set(capabilities), new Set(needed));
  assert.equal(
    refusal(features(needed.slice(1))),
    `At least the following agent features need to be enabled: ${needed.join(', ')}`,
  );
  assert.match(refusal('--agent_features=7'), /^Failed to load flag 'agent_features': /);
});

test('what flags say about streams and sandboxes of containers reaches the agent', () => {
  const compiled = compileUsual(
    '--http_heartbeat_interval=5secs',
    '--gc_non_executor_container_sandboxes',
  );
  assert.ok(compiled.ok);
  assert.equal(compiled.value.agent.httpHeartbeatIntervalMs, 5_000);
  assert.equal(compiled.value.agent.gcNonExecutorContainerSandboxes, true);
  assert.equal(compiled.value.agent.flags['http_heartbeat_interval'], '5secs');
});

test('a socket for executors must have a path that the kernel takes, counted in bytes', () => {
  const at = (path: string): string =>
    refusal('--http_executor_domain_sockets', `--domain_socket_location=${path}`);
  assert.equal(at(`/${'a'.repeat(106)}`), 'accepted');
  const long = `/${'é'.repeat(54)}`;
  assert.equal(at(long), `Domain socket location '${long}' must have less than 108 characters.`);
  assert.equal(refusal(`--domain_socket_location=${long}`), 'accepted');
  assert.match(at('systemd:executors'), /sockets of systemd are not supported$/);
});
