import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from '../../../core/base/flags.ts';
import {
  compileExecuteOptions,
  EXECUTE_FLAGS,
  type ExecuteOptions,
} from '../../../core/cli/execute-flags.ts';

function compile(...argv: readonly string[]): ExecuteOptions | string {
  const flags = parseFlags(EXECUTE_FLAGS, { argv, env: {}, envPrefix: undefined, style: 'equals' });
  if (!flags.ok) return flags.error;
  const options = compileExecuteOptions(flags.value);
  return options.ok ? options.value : options.error;
}

const MASTER = '--master=127.0.0.1:5050';

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

test('conflicts are refused in the words of the original', () => {
  const task = '--task={"name":"a","task_id":{"value":"a"}}';
  const table: readonly (readonly [readonly string[], RegExp])[] = [
    [['--name=n', '--command=c'], /^Missing required option --master$/],
    [[MASTER, '--command=c'], /^Missing required option --name$/],
    [[MASTER, '--name=n'], /^Missing required option --command$/],
    [[MASTER, task, '--task_group={}'], /^Either task or task group should be set but not both\./],
    [[MASTER, task, '--name=n'], /^'--name, --command, .*' can only be set when both/],
    [[MASTER, '--name=n', '--command=c', '--content_type=x'], /^Invalid content type 'x'$/],
    [[MASTER, '--name=n', '--command=c', '--docker_image=x'], /'--docker_image' is not supported/],
    [[MASTER, '--name=n', '--command=c', '--tty'], /'--tty' is not supported/],
    [[MASTER, '--name=n', '--command=c', '--framework_capabilities=X'], /^'X' is not a known/],
    [['--master=zk://a/b', '--name=n', '--command=c'], /./],
    [[MASTER, '--task_group={"tasks":[]}'], /has no tasks/],
  ];
  for (const [argv, sentence] of table) assert.match(String(compile(...argv)), sentence);
});
