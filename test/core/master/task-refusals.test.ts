/**
 * Tasks that are refused for what they say themselves: checks, environments, secrets, containers, limits,
 * resources (spec scheduler-api, sections 12, 13.2, 13.5 and 20), each with its text.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  CheckInfo,
  ContainerInfo,
  EnvironmentVariable,
  ExecutorInfo,
  HealthCheck,
  Resource,
  Secret,
  TaskInfo,
  Volume,
} from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources, task } from './machine-builder.ts';

type Case = readonly [task: Partial<TaskInfo>, text: string];

const bytes = (text: string): Uint8Array => Buffer.from(text);

const CHECKS: readonly (readonly [CheckInfo, string])[] = [
  [{}, "CheckInfo must specify 'type'"],
  [{ type: 'UNKNOWN' }, "'UNKNOWN' is not a valid check type"],
  [{ type: 'COMMAND' }, "Expecting 'command' to be set for COMMAND check"],
  [{ type: 'COMMAND', command: { command: {} } }, "Command check must contain 'shell command'"],
  [
    { type: 'COMMAND', command: { command: { shell: false } } },
    "Command check must contain 'executable path'",
  ],
  [{ type: 'HTTP' }, "Expecting 'http' to be set for HTTP check"],
  [
    { type: 'HTTP', http: { port: 80, path: 'x' } },
    "The path 'x' of HTTP check must start with '/'",
  ],
  [{ type: 'TCP' }, "Expecting 'tcp' to be set for TCP check"],
  [
    { type: 'TCP', tcp: { port: 80 }, interval_seconds: -1 },
    "Expecting 'interval_seconds' to be non-negative",
  ],
];

const HEALTH_CHECKS: readonly (readonly [HealthCheck, string])[] = [
  [{}, "HealthCheck must specify 'type'"],
  [{ type: 'UNKNOWN' }, "'UNKNOWN' is not a valid health check type"],
  [{ type: 'COMMAND' }, "Expecting 'command' to be set for COMMAND health check"],
  [{ type: 'COMMAND', command: {} }, "Command health check must contain 'shell command'"],
  [{ type: 'HTTP' }, "Expecting 'http' to be set for HTTP health check"],
  [
    { type: 'HTTP', http: { port: 80, scheme: 'ftp' } },
    "Unsupported HTTP health check scheme: 'ftp'",
  ],
  [
    { type: 'HTTP', http: { port: 80, path: 'x' } },
    "The path 'x' of HTTP health check must start with '/'",
  ],
  [{ type: 'TCP' }, "Expecting 'tcp' to be set for TCP health check"],
  [
    { type: 'TCP', tcp: { port: 80 }, grace_period_seconds: -1 },
    "Expecting 'grace_period_seconds' to be non-negative",
  ],
];

const VARIABLES: readonly (readonly [EnvironmentVariable, string])[] = [
  [{ name: 'a' }, "Environment variable 'a' of type 'VALUE' must have a value set"],
  [
    { name: 'a', value: 'x', secret: {} },
    "Environment variable 'a' of type 'VALUE' must not have a secret set",
  ],
  [{ name: 'a', type: 'UNKNOWN' }, "Environment variable of type 'UNKNOWN' is not allowed"],
  [
    { name: 'a', type: 'SECRET' },
    "Environment variable 'a' of type 'SECRET' must have a secret set",
  ],
  [
    { name: 'a', type: 'SECRET', value: 'x', secret: {} },
    "Environment variable 'a' of type 'SECRET' must not have a value set",
  ],
  [
    { name: 'a', type: 'SECRET', secret: { type: 'VALUE', value: { data: bytes('x\0') } } },
    "Environment variable 'a' specifies a secret containing null bytes, which is not allowed in the environment",
  ],
];

const SECRETS: readonly (readonly [Secret, string])[] = [
  [{ type: 'REFERENCE' }, "Secret of type REFERENCE must have the 'reference' field set"],
  [
    { type: 'REFERENCE', reference: { name: 'n' }, value: { data: bytes('x') } },
    "Secret 'n' of type REFERENCE must not have the 'value' field set",
  ],
  [{ type: 'VALUE' }, "Secret of type VALUE must have the 'value' field set"],
  [
    { type: 'VALUE', reference: { name: 'n' }, value: { data: bytes('x') } },
    "Secret of type VALUE must not have the 'reference' field set",
  ],
];

const VOLUMES: readonly (readonly [Partial<Volume>, string])[] = [
  [{}, "Only one of them should be set: 'host_path', 'image' and 'source'"],
  [
    { host_path: '/a', source: { type: 'SECRET' } },
    "Only one of them should be set: 'host_path', 'image' and 'source'",
  ],
  [{ source: {} }, "'source.type' is unknown"],
  [
    { source: { type: 'DOCKER_VOLUME' } },
    "'source.docker_volume' is not set for DOCKER_VOLUME volume",
  ],
  [{ source: { type: 'HOST_PATH' } }, "'source.host_path' is not set for HOST_PATH volume"],
  [
    { source: { type: 'SANDBOX_PATH' } },
    "'source.sandbox_path' is not set for SANDBOX_PATH volume",
  ],
  [{ source: { type: 'SECRET' } }, "'source.secret' is not set for SECRET volume"],
  [{ source: { type: 'CSI_VOLUME' } }, "'source.csi_volume' is not set for CSI volume"],
];

const CONTAINERS: readonly (readonly [ContainerInfo, string])[] = [
  [{ type: 'DOCKER' }, "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"],
  [
    { type: 'DOCKER', docker: { image: 'x', parameters: [{ key: 'name', value: 'y' }] } },
    "Parameter in DockerInfo must not be 'name'",
  ],
];

const disk = (role: string): Resource => ({
  ...{ name: 'disk', type: 'SCALAR', scalar: { value: 1 } },
  reservations: [{ type: 'DYNAMIC', role }],
});

const RESOURCES: readonly (readonly [Resource, string])[] = [
  [
    { name: 'gpus', type: 'SCALAR', scalar: { value: 0.5 } },
    "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer",
  ],
  [
    { ...disk('web'), disk: { persistence: { id: 'v' } } },
    "Invalid DiskInfo: Expecting 'volume' to be set for persistent volume",
  ],
  [{ ...disk('web'), disk: {} }, 'Invalid DiskInfo: DiskInfo is set but empty'],
  [
    { ...disk('web'), disk: { volume: { mode: 'RW', container_path: 'a' } } },
    'Invalid DiskInfo: Non-persistent volume not supported',
  ],
];

const EXECUTOR: ExecutorInfo = { executor_id: { value: 'e' }, command: { value: 'x' } };

const LONG = 'x'.repeat(256);

const OTHERS: readonly Case[] = [
  [{ task_id: { value: LONG } }, 'ID must not be greater than 255 characters'],
  [
    { kill_policy: { grace_period: { nanoseconds: -1 } } },
    "Task's 'kill_policy.grace_period' must be non-negative",
  ],
  [
    { max_completion_time: { nanoseconds: -1 } },
    "Task's `max_completion_time` must be non-negative",
  ],
  [
    { limits: { disk: { value: 1 } } },
    "Only cpus and mem may be included in a task's resource limits",
  ],
  [
    { resources: resources('mem:32'), limits: { cpus: { value: 1 } } },
    'When a CPU limit is specified, a CPU request must also be specified',
  ],
  [
    { resources: resources('cpus:1'), limits: { mem: { value: 64 } } },
    'When a memory limit is specified, a memory request must also be specified',
  ],
  [
    { container: { type: 'MESOS', linux_info: { share_cgroups: false } } },
    "Only tasks in a task group may have 'share_cgroups' set to 'false'",
  ],
  [
    { executor: EXECUTOR },
    'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present',
  ],
  [
    { command: undefined, executor: { ...EXECUTOR, executor_id: { value: LONG } } },
    'ID must not be greater than 255 characters',
  ],
];

const CASES: readonly Case[] = [
  ...CHECKS.map(([check, why]): Case => [{ check }, `Task uses invalid check: ${why}`]),
  ...HEALTH_CHECKS.map(([health_check, why]): Case => {
    return [{ health_check }, `Task uses invalid health check: ${why}`];
  }),
  ...VARIABLES.map(([variable, why]): Case => {
    const command = { value: 'x', environment: { variables: [variable] } };
    return [{ command }, `Task's \`CommandInfo\` is invalid: ${why}`];
  }),
  ...SECRETS.map(([secret, why]): Case => {
    const variables = [{ name: 'a', type: 'SECRET', secret } as const];
    const text = `Environment variable 'a' specifies an invalid secret: ${why}`;
    return [
      { command: { value: 'x', environment: { variables } } },
      `Task's \`CommandInfo\` is invalid: ${text}`,
    ];
  }),
  ...VOLUMES.map(([volume, why]): Case => {
    const volumes = [{ mode: 'RW', container_path: 'p', ...volume } as const];
    return [
      { container: { type: 'MESOS', volumes } },
      `Task's \`ContainerInfo\` is invalid: Invalid volume: ${why}`,
    ];
  }),
  ...CONTAINERS.map(([container, why]): Case => {
    return [{ container }, `Task's \`ContainerInfo\` is invalid: ${why}`];
  }),
  ...RESOURCES.map(([resource, why]): Case => {
    return [{ resources: [resource] }, `Task uses invalid resources: ${why}`];
  }),
  ...OTHERS,
];

for (const [given, text] of CASES) {
  test(`a task is refused: ${text.replace(/x{256}/, 'x...')} ${JSON.stringify(given).slice(0, 60)}`, () => {
    const it = new MasterScene();
    const agent = it.agent('a1');
    const framework = it.subscribe('f', { roles: ['web'] });
    const info: TaskInfo = { ...task('t', agent), ...given };
    it.accept(framework, it.takeOffer('f'), [{ type: 'LAUNCH', launch: { task_infos: [info] } }]);
    const told = it.lines('f').filter((line) => line.startsWith('UPDATE'));
    const id = info.task_id.value;
    assert.deepEqual(told, [`UPDATE ${id} TASK_ERROR REASON_TASK_INVALID ${text}`]);
  });
}
