/** Flags of the scheduler (spec aurora-scheduler, section 11). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from '../../../core/base/flags.ts';
import {
  AURORA_FLAGS,
  compileAuroraOptions,
  withTwoDashes,
} from '../../../schedulers/aurora/flags.ts';
import type { AuroraOptions } from '../../../schedulers/aurora/options.ts';

const REQUIRED = [
  '-cluster_name=devcluster',
  '-mesos_master_address=127.0.0.1:5050',
  '-native_log_file_path=/var/lib/aurora',
];

function compile(...argv: string[]): AuroraOptions | string {
  const sources = { env: {}, envPrefix: undefined, style: 'spaced' as const };
  const flags = parseFlags(AURORA_FLAGS, {
    ...sources,
    argv: withTwoDashes([...REQUIRED, ...argv]),
  });
  if (!flags.ok) return flags.error;
  const options = compileAuroraOptions(flags.value);
  return options.ok ? options.value : options.error;
}

function compiled(...argv: string[]): AuroraOptions {
  const options = compile(...argv);
  assert.ok(typeof options !== 'string', String(options));
  return options;
}

test('flags have one dash or two, durations and amounts in the words of the original', () => {
  const { machine, framework } = compiled(
    '-transient_task_state_timeout=90secs',
    '--framework_failover_timeout=1days',
    '-thermos_executor_ram=64MB',
    '-offer_order=CPU,MEMORY',
  );
  assert.equal(machine.transientTimeoutMs, 90_000);
  assert.equal(framework.failoverTimeoutSeconds, 86_400);
  assert.equal(machine.executors.get('AuroraExecutor')?.ramMb, 64);
  assert.deepEqual(machine.offers.order, ['CPU', 'MEMORY']);
});

test('the executor is what lies in the sandbox under the name of its path', () => {
  const { machine } = compiled(
    '-thermos_executor_path=/usr/share/aurora/thermos.pex',
    '-thermos_executor_flags=--announcer-ensemble zk:2181',
    '-thermos_executor_resources=/etc/a,/etc/b',
    '-thermos_home_in_sandbox',
    '-global_container_mounts=/etc/hosts:/h:RO',
  );
  const sandbox = `\${MESOS_SANDBOX=.}`;
  assert.deepEqual(machine.executors.get('AuroraExecutor'), {
    cpus: 0.25,
    ramMb: 128,
    command: {
      value: `HOME=${sandbox} ${sandbox}/thermos.pex --announcer-ensemble zk:2181`,
      uris: ['/usr/share/aurora/thermos.pex', '/etc/a', '/etc/b'].map((value) => ({
        ...{ value, executable: true },
      })),
    },
    idPrefix: 'thermos-',
    volumes: [{ hostPath: '/etc/hosts', containerPath: '/h', mode: 'RO' }],
  });
});

test('what is not there is refused by name, and so is what has no meaning', () => {
  assert.match(String(compile('-kerberos_debug=true')), /'kerberos_debug' is not supported: /);
  compiled('-kerberos_debug=false');
  assert.match(
    String(compile('-kerberos_server_keytab=x')),
    /'kerberos_server_keytab' is not supported: /,
  );
  compiled('-shiro_realm_modules=INI_AUTHNZ');
  assert.equal(
    compile('-shiro_realm_modules=KERBEROS5_AUTHN,INI_AUTHNZ'),
    "Flag 'shiro_realm_modules=KERBEROS5_AUTHN,INI_AUTHNZ' is not supported: users come from -shiro_ini_path",
  );
  const modules = {
    offer_order: 'offers.OffersModule$OfferOrderModule',
    task_assigner: 'state.FirstFitTaskAssignerModule',
  };
  for (const [name, usual] of Object.entries(modules)) {
    compiled(`-${name}_modules=org.apache.aurora.scheduler.${usual}`);
    assert.equal(
      compile(`-${name}_modules=com.example.Own`),
      `Flag '${name}_modules=com.example.Own' is not supported: there are no classes to load`,
    );
  }
  assert.match(
    String(compile('-thrift_method_interceptor_modules=com.example.Own')),
    /'thrift_method_interceptor_modules' is not supported: /,
  );
  compiled('-offer_static_ban_cache_max_size=0', '-dlog_shutdown_grace_period=5secs');
  assert.match(String(compile('-offer_static_ban_cache_max_size=-1')), /must not be negative/);
  assert.equal(compile('-mesos_driver=V2'), "Flag 'mesos_driver' has no driver 'V2'");
  assert.equal(
    compile('-scheduling_max_batch_size=0'),
    "Flag 'scheduling_max_batch_size' must be above 0",
  );
  for (const name of ['explicit', 'implicit'].map((each) => `reconciliation_${each}_interval`)) {
    assert.equal(compile(`-${name}=0secs`), `Flag '${name}' must be above 0`);
  }
  assert.equal(
    compile('-stat_sampling_interval=0secs'),
    "Flag 'stat_sampling_interval' must be above 0",
  );
  assert.match(
    String(compile('-http_authentication_mechanism=NEGOTIATE')),
    /'http_authentication_mechanism=NEGOTIATE' is not supported: /,
  );
  assert.equal(
    compile('-http_authentication_mechanism=BASIC'),
    "Flag 'http_authentication_mechanism=BASIC' needs '-shiro_ini_path'",
  );
  assert.equal(compile('-offer_order=SIZE'), "Flag 'offer_order' has no order 'SIZE'");
  assert.equal(
    compile('-allowed_container_types=APPC'),
    "Flag 'allowed_container_types' has no type 'APPC'",
  );
  assert.match(String(compile('-no_such_flag=1')), /^Failed to load unknown flag 'no_such_flag'/);
});

test('schedulers that meet in ZooKeeper need its servers and a path', () => {
  const meeting = ['-zk_endpoints=z1:2181,z2', '-serverset_path=/aurora/scheduler'];
  const { election } = compiled(...meeting, '-zk_digest_credentials=aurora:secret');
  assert.deepEqual(election?.zooKeeper, {
    servers: {
      servers: [
        { host: 'z1', port: 2_181 },
        { host: 'z2', port: 2_181 },
      ],
      credentials: 'aurora:secret',
    },
    statePath: '',
    latchPath: '/aurora/scheduler',
    sessionTimeoutMs: 15_000,
  });
  assert.equal(election.sharesState, false);
  const shared = compiled(...meeting, '-native_log_zk_group_path=/log', '-zk_chroot_path=/c');
  assert.deepEqual(
    [shared.election?.zooKeeper.statePath, shared.election?.serverSet.path],
    ['/c/log', '/c/aurora/scheduler'],
  );
  assert.equal(shared.election?.sharesState, true);
  assert.equal(compiled(...meeting, '-zk_in_proc').election, undefined);
  assert.equal(compile('-zk_endpoints=z1'), "Flag 'zk_endpoints' needs '-serverset_path'");
  assert.equal(compile('-serverset_path=/a'), "Flag 'serverset_path' needs '-zk_endpoints'");
  assert.match(String(compile('-zk_endpoints=:', '-serverset_path=/a')), /not a ZooKeeper server/);
  assert.equal(
    compile(...meeting, '-zk_digest_credentials=aurora'),
    "Flag 'zk_digest_credentials' is not of the form user:password",
  );
});
