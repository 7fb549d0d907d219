import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from '../../../core/base/flags.ts';
import {
  compileExecuteOptions,
  EXECUTE_FLAGS,
  type ExecuteOptions,
} from '../../../core/cli/execute-flags.ts';
import type { ContainerInfo } from '../../../core/wire/types/mesos.v1.ts';

function compile(...argv: readonly string[]): ExecuteOptions | string {
  const flags = parseFlags(EXECUTE_FLAGS, { argv, env: {}, envPrefix: undefined, style: 'equals' });
  if (!flags.ok) return flags.error;
  const options = compileExecuteOptions(flags.value);
  return options.ok ? options.value : options.error;
}

const MASTER = '--master=127.0.0.1:5050';
const PLAIN = [MASTER, '--name=n', '--command=c'];
const DOCKER = ['--containerizer=docker', '--docker_image=alpine'];

test('a command becomes a task whose id is its name', () => {
  const options = compile(MASTER, '--name=n', '--command=c', '--env={"A":"1","B":2}', '--no-shell');
  assert.ok(typeof options === 'object' && options.work.kind === 'task');
  const { task } = options.work;
  assert.equal(task.task_id.value, 'n');
  assert.deepEqual(task.command, {
    shell: false,
    value: 'c',
    environment: {
      variables: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
  });
  assert.deepEqual(options.capabilities, [
    'RESERVATION_REFINEMENT',
    'TASK_KILLING_STATE',
    'PARTITION_AWARE',
  ]);
  assert.equal(options.encoding, 'protobuf');
});

test('a task or a group is given as JSON, without an agent', () => {
  const task = '{"name":"a","task_id":{"value":"a"},"command":{"value":"true"}}';
  const one = compile(MASTER, `--task=${task}`);
  assert.ok(typeof one === 'object' && one.work.kind === 'task');
  const group = compile(MASTER, `--task_group={"tasks":[${task}]}`, '--no-partition_aware');
  assert.ok(typeof group === 'object' && group.work.kind === 'group');
  assert.deepEqual(
    group.needs.map((each) => each.name),
    ['cpus', 'mem', 'disk'],
  );
  assert.ok(!group.capabilities.includes('PARTITION_AWARE'));
});

test('flags describe the container of a command', () => {
  const volume = { mode: 'RW', container_path: '/data', host_path: '/srv' } as const;
  const volumes = `--volumes=${JSON.stringify([volume])}`;
  const table: readonly (readonly [readonly string[], ContainerInfo | undefined])[] = [
    [[], undefined],
    [
      ['--docker_image=alpine:3'],
      { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'alpine:3' } } } },
    ],
    [['--networks=a,b'], { type: 'MESOS', network_infos: [{ name: 'a' }, { name: 'b' }] }],
    [[volumes], { type: 'MESOS', volumes: [volume] }],
    [['--tty'], { type: 'MESOS', tty_info: {} }],
    [
      ['--rlimits={"rlimits":[{"type":"RLMT_NOFILE","soft":9,"hard":"10"}]}'],
      { type: 'MESOS', rlimit_info: { rlimits: [{ type: 'RLMT_NOFILE', soft: 9, hard: 10 }] } },
    ],
    [
      [
        '--effective_capabilities={"capabilities":["CHOWN"]}',
        '--bounding_capabilities={"capabilities":["CHOWN","KILL"]}',
      ],
      {
        type: 'MESOS',
        linux_info: {
          effective_capabilities: { capabilities: ['CHOWN'] },
          bounding_capabilities: { capabilities: ['CHOWN', 'KILL'] },
        },
      },
    ],
    [DOCKER, { type: 'DOCKER', docker: { image: 'alpine' } }],
    [
      [...DOCKER, '--networks=n', volumes],
      {
        type: 'DOCKER',
        volumes: [volume],
        docker: { image: 'alpine', network: 'USER' },
        network_infos: [{ name: 'n' }],
      },
    ],
  ];
  for (const [argv, expected] of table) {
    const options = compile(...PLAIN, ...argv);
    assert.ok(typeof options === 'object' && options.work.kind === 'task', String(options));
    assert.deepEqual(options.work.task.container, expected, argv.join(' '));
  }
});

test('an Appc image has the labels of this platform', () => {
  const options = compile(...PLAIN, '--appc_image=org/app');
  assert.ok(typeof options === 'object' && options.work.kind === 'task');
  const appc = options.work.task.container?.mesos?.image?.appc;
  assert.equal(appc?.name, 'org/app');
  assert.deepEqual(
    appc?.labels?.labels?.map(({ key, value }) => `${key}=${value}`),
    ['os=linux', 'arch=amd64'],
  );
});

test('an executable of an image needs no command, networks of a group are those of its executor', () => {
  const image = compile(MASTER, '--name=n', '--no-shell', '--docker_image=alpine');
  assert.ok(typeof image === 'object' && image.work.kind === 'task', String(image));
  assert.deepEqual(image.work.task.command, { shell: false, value: undefined });
  const group = compile(
    MASTER,
    '--task_group={"tasks":[{"name":"a","task_id":{"value":"a"}}]}',
    '--networks=n',
  );
  assert.ok(typeof group === 'object' && group.work.kind === 'group', String(group));
  assert.deepEqual(group.work.container, { type: 'MESOS', network_infos: [{ name: 'n' }] });
});

test('conflicts are refused in the words of the original', () => {
  const task = '--task={"name":"a","task_id":{"value":"a"}}';
  const table: readonly (readonly [readonly string[], RegExp])[] = [
    [['--name=n', '--command=c'], /^Missing required option --master$/],
    [[MASTER, '--command=c'], /^Missing required option --name$/],
    [[MASTER, '--name=n'], /^Missing required option --command$/],
    [[MASTER, task, '--task_group={}'], /^Either task or task group should be set but not both\./],
    [[MASTER, task, '--name=n'], /^'--name, --command, .*' can only be set when both/],
    [[MASTER, '--name=n', '--command=c', '--content_type=x'], /^Invalid content type 'x'$/],
    [
      [...PLAIN, '--docker_image=x', '--appc_image=y'],
      /^Flags '--docker-image' and '--appc-image' are/,
    ],
    [[...PLAIN, '--containerizer=docker'], /^'Docker' containerizer requires docker image name$/],
    [[...PLAIN, ...DOCKER, '--networks=a,b'], /can only support a single network$/],
    [[...PLAIN, ...DOCKER, '--tty'], /'--tty' needs '--containerizer=mesos'$/],
    [[...PLAIN, ...DOCKER, '--rlimits={}'], /'--rlimits' needs '--containerizer=mesos'$/],
    [[...PLAIN, '--containerizer=external'], /^Unsupported containerizer: external$/],
    [[...PLAIN, '--volumes={}'], /^Failed to convert '--volumes' to protobuf: Expecting/],
    [
      [...PLAIN, '--volumes=[{"mode":"RW"}]'],
      /to protobuf: Missing required fields: container_path$/,
    ],
    [[...PLAIN, '--rlimits=[]'], /^Failed to load flag 'rlimits': /],
    [[...PLAIN, '--bounding_capabilities=[]'], /^Failed to load flag 'bounding_capabilities': /],
    [[...PLAIN, '--package=x'], /'--package' is not supported/],
    [[MASTER, task, '--volumes=[]'], /^'--name, --command, .*' can only be set when both/],
    [[MASTER, task, '--networks=a'], /^'--networks' can only be set when '--task' is not set$/],
    [[MASTER, task, '--tty'], /^'--tty' can only be set when both/],
    [[MASTER, task, '--containerizer=docker'], /^'--containerizer' can only be set when both/],
    [[MASTER, task, '--rlimits={}'], /^'--rlimits' can only be set when both/],
    [[MASTER, '--name=n', '--command=c', '--framework_capabilities=X'], /^'X' is not a known/],
    [['--master=zk://a/b', '--name=n', '--command=c'], /./],
    [[MASTER, '--task_group={"tasks":[]}'], /has no tasks/],
  ];
  for (const [argv, sentence] of table) assert.match(String(compile(...argv)), sentence);
});
