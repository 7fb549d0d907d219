/** LAUNCH_GROUP, executors and disk operations that are refused, with their texts, row by row. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  ExecutorInfo,
  OfferOperation,
  Resource,
  TaskInfo,
} from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources, task } from './machine-builder.ts';

interface Group {
  readonly executor: Partial<ExecutorInfo>;
  readonly tasks: readonly Partial<TaskInfo>[];
}

const EXECUTOR = {
  type: 'DEFAULT',
  executor_id: { value: 'pod' },
  framework_id: { value: 'M-0000' },
  resources: resources('cpus:0.1;mem:32;disk:10'),
} satisfies ExecutorInfo;

function withResources(text: string): Partial<ExecutorInfo> {
  return { resources: text === '' ? [] : resources(text) };
}

const GROUPS: readonly (readonly [string, Partial<Group>, string])[] = [
  [
    'no framework id',
    { executor: { framework_id: undefined } },
    "'ExecutorInfo.framework_id' must be set",
  ],
  [
    'a foreign framework id',
    { executor: { framework_id: { value: 'x' } } },
    'ExecutorInfo has an invalid FrameworkID (Actual: x vs Expected: M-0000)',
  ],
  ['no executor type', { executor: { type: undefined } }, "'ExecutorInfo.type' must be set"],
  ['an unknown executor type', { executor: { type: 'UNKNOWN' } }, 'Unknown executor type'],
  [
    'a command for the default executor',
    { executor: { command: { value: 'x' } } },
    "'ExecutorInfo.command' must not be set for 'DEFAULT' executor",
  ],
  [
    'no command for a custom executor',
    { executor: { type: 'CUSTOM' } },
    "'ExecutorInfo.command' must be set for 'CUSTOM' executor",
  ],
  [
    'a Docker container for the default executor',
    { executor: { container: { type: 'DOCKER', docker: { image: 'x' } } } },
    "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor",
  ],
  [
    'an image for the default executor',
    {
      executor: {
        container: { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'x' } } } },
      },
    },
    "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor",
  ],
  [
    'a Docker container for a custom executor',
    {
      executor: {
        type: 'CUSTOM',
        command: { value: 'x' },
        container: { type: 'DOCKER', docker: { image: 'x' } },
      },
    },
    'Docker ContainerInfo is not supported on the executor',
  ],
  [
    'a negative shutdown grace period',
    { executor: { shutdown_grace_period: { nanoseconds: -1 } } },
    "ExecutorInfo's 'shutdown_grace_period' must be non-negative",
  ],
  [
    'a slash in the executor id',
    { executor: { executor_id: { value: 'a/b' } } },
    "'a/b' contains invalid characters",
  ],
  [
    'an executor without cpus',
    { executor: withResources('mem:32;disk:10') },
    "Executor 'pod' uses less CPUs (None) than the minimum required (0.01)",
  ],
  [
    'an executor with too little memory',
    { executor: withResources('cpus:0.1;mem:16;disk:10') },
    "Executor 'pod' uses less memory (16MB) than the minimum required (32MB)",
  ],
  [
    'an executor without disk',
    { executor: withResources('cpus:0.1;mem:32') },
    "Executor 'pod' uses no disk",
  ],
  [
    'an executor that shares its cgroups',
    { executor: { container: { type: 'MESOS', linux_info: { share_cgroups: true } } } },
    "The 'share_cgroups' field cannot be set to 'true' on executor containers",
  ],
  [
    'a task without resources',
    { tasks: [{ resources: [] }] },
    "Task 't0' is invalid: Task uses no resources",
  ],
  [
    'two tasks of one id',
    { tasks: [{}, { task_id: { value: 't0' } }] },
    "Task 't0' is invalid: Task has duplicate ID: t0",
  ],
  [
    'a task in a Docker container',
    { tasks: [{ container: { type: 'DOCKER', docker: { image: 'x' } } }] },
    "Task 't0' is invalid: Docker ContainerInfo is not supported on the task",
  ],
  [
    'an HTTP health check on a network of its own',
    {
      tasks: [
        {
          container: { type: 'MESOS', network_infos: [{ name: 'net' }] },
          health_check: { type: 'HTTP', http: { port: 80 } },
        },
      ],
    },
    "Task 't0' is invalid: HTTP and TCP health checks are not supported for nested containers not joining parent's network",
  ],
  [
    'limits with shared cgroups',
    { tasks: [{ limits: { cpus: { value: 2 } } }] },
    "Task 't0' is invalid: Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'.",
  ],
  [
    'a task with another executor',
    { tasks: [{ executor: { ...EXECUTOR, name: 'other' } }] },
    "The `ExecutorInfo` of task 't0' is different from executor 'pod'",
  ],
  [
    'mixed cgroups',
    { tasks: [{}, { container: { type: 'MESOS', linux_info: { share_cgroups: false } } }] },
    "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor",
  ],
  [
    'more than the offer has',
    { tasks: [{ resources: resources('cpus:4') }] },
    'Total resources cpus(allocated: *):4.1; mem(allocated: *):32; disk(allocated: *):10 required by task group and its executor are more than available ports(allocated: *):[31000-32000]; cpus(allocated: *):4; mem(allocated: *):4096; disk(allocated: *):8192',
  ],
];

for (const [what, { executor = {}, tasks = [{}] }, text] of GROUPS) {
  test(`a task group with ${what} is refused as a whole`, () => {
    const it = new MasterScene();
    const agent = it.agent('a1');
    const framework = it.subscribe('f');
    const offer = it.takeOffer('f');
    it.sentTo('a1');
    const infos = tasks.map((each, index) => ({ ...task(`t${index}`, agent), ...each }));
    const launch_group = { executor: { ...EXECUTOR, ...executor }, task_group: { tasks: infos } };
    it.accept(framework, offer, [{ type: 'LAUNCH_GROUP', launch_group }]);
    const refused = it.lines('f').filter((line) => line.startsWith('UPDATE'));
    assert.deepEqual(
      refused,
      infos.map(
        (info) => `UPDATE ${info.task_id.value} TASK_ERROR REASON_TASK_GROUP_INVALID ${text}`,
      ),
    );
    assert.deepEqual(it.sentTo('a1'), []);
  });
}

test('a second executor of one id that differs is refused, with both in full', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  const custom = (id: string, value: string): TaskInfo => {
    const { command: _command, ...rest } = task(id, agent);
    return { ...rest, executor: { executor_id: { value: 'e' }, command: { value } } };
  };
  const offer = it.takeOffer('f');
  it.launch(framework, offer, [custom('t1', 'run "it"'), custom('t2', 'other')]);
  const [line] = it.lines('f').filter((each) => each.startsWith('UPDATE'));
  const dashes = '-'.repeat(60);
  const shown = (command: string): string =>
    `executor_id {\n  value: "e"\n}\ncommand {\n  value: "${command}"\n}\nframework_id {\n  value: "M-0000"\n}\n`;
  assert.equal(
    line,
    [
      'UPDATE t2 TASK_ERROR REASON_TASK_INVALID ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.',
      dashes,
      'Existing ExecutorInfo:',
      shown('run \\"it\\"'),
      dashes,
      'ExecutorInfo:',
      shown('other'),
      dashes,
      '',
    ].join('\n'),
  );
});

const RAW = {
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: 64 },
  provider_id: { value: 'p' },
  disk: { source: { type: 'RAW', id: 'i' } },
} satisfies Resource;

function createDisk(source: Resource, extra: object = {}): OfferOperation {
  return { type: 'CREATE_DISK', create_disk: { source, target_type: 'MOUNT', ...extra } };
}

function destroyDisk(source: Resource): OfferOperation {
  return { type: 'DESTROY_DISK', destroy_disk: { source } };
}

const PLAIN = { name: 'disk', type: 'SCALAR', scalar: { value: 1 } } satisfies Resource;

const DISKS: readonly (readonly [OfferOperation, RegExp])[] = [
  [createDisk(PLAIN), /^'source' is not managed by a resource provider; on agent M-S0 at /],
  [createDisk({ ...RAW, disk: undefined }), /^'source' is not a RAW disk resource; on agent/],
  [createDisk(RAW, { target_type: 'PATH' }), /^'target_type' is neither MOUNT or BLOCK; on/],
  [createDisk(RAW), /^'target_profile' must be set when 'source' has no profile; on agent/],
  [
    createDisk(
      { ...RAW, disk: { source: { ...RAW.disk.source, profile: 'fast' } } },
      { target_profile: 'fast' },
    ),
    /^'target_profile' must not be set when 'source' has a profile; on agent/,
  ],
  [
    createDisk(RAW, { target_profile: 'fast' }),
    /^Invalid CREATE_DISK Operation: ports.* does not contain disk/,
  ],
  [destroyDisk(PLAIN), /^'source' is not managed by a resource provider; on agent M-S0 at /],
  [
    destroyDisk({ ...RAW, disk: { source: { type: 'PATH' } } }),
    /^'source' is neither a MOUNT, BLOCK or RAW disk resource; on agent/,
  ],
  [
    destroyDisk({ ...RAW, disk: { source: { type: 'RAW' } } }),
    /^'source' is not backed by a CSI volume; on agent/,
  ],
  [destroyDisk(RAW), /^Invalid DESTROY_DISK Operation: ports.* does not contain disk/],
];

test('operations on disks of storage providers are refused rule by rule', () => {
  for (const [operation, text] of DISKS) {
    const it = new MasterScene();
    it.agent('a1');
    const framework = it.subscribe('f');
    it.accept(framework, it.takeOffer('f'), [{ ...operation, id: { value: 'op' } }]);
    const [line = ''] = it.lines('f').filter((each) => each.startsWith('OPERATION'));
    assert.match(line.replace('OPERATION op OPERATION_ERROR ', ''), text);
  }
});

test('a later group shares cgroups as the tasks of its executor do', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  const group = (id: string, share_cgroups: boolean): OfferOperation => ({
    type: 'LAUNCH_GROUP',
    launch_group: {
      executor: EXECUTOR,
      task_group: {
        tasks: [
          {
            ...task(id, agent, 'cpus:0.1;mem:32'),
            container: { type: 'MESOS', linux_info: { share_cgroups } },
          },
        ],
      },
    },
  });
  it.accept(framework, it.takeOffer('f'), [group('t1', false), group('t2', false)]);
  it.accept(framework, it.takeOffer('f'), [group('t3', true)]);
  assert.deepEqual(
    it.lines('f').filter((line) => line.startsWith('UPDATE')),
    [
      "UPDATE t3 TASK_ERROR REASON_TASK_GROUP_INVALID If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor",
    ],
  );
});
