import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerCallFault } from '../../../../core/agent/http/container-validation.ts';
import type { Call, ProcessIO } from '../../../../core/wire/types/mesos.v1.agent.ts';

const DEEP = { value: 'c', parent: { value: 'b', parent: { value: 'a' } } };
const LAUNCH = "'launch_container' is invalid: ";

const CPUS = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } } as const;
const ROLE = { ...CPUS, reservations: [{ type: 'STATIC', role: 'web' }] } as const;
const VOLUME = {
  ...CPUS,
  name: 'disk',
  disk: { persistence: { id: 'p' }, volume: { container_path: 'v', mode: 'RW' } },
} as const;

function io(process_io: ProcessIO): Call {
  return {
    type: 'ATTACH_CONTAINER_INPUT',
    attach_container_input: { type: 'PROCESS_IO', process_io },
  };
}

const CASES: readonly [Call, string | undefined][] = [
  [{ type: 'PRUNE_IMAGES' }, undefined],
  [{ type: 'GET_HEALTH' }, undefined],
  [
    {
      type: 'WAIT_CONTAINER',
      wait_container: { container_id: { value: 'a', parent: { value: 'x y' } } },
    },
    "'wait_container.container_id' is invalid: 'ContainerID.parent' is invalid: 'ContainerID.value' 'x y' contains invalid characters",
  ],
  [
    { type: 'LAUNCH_CONTAINER', launch_container: { container_id: { value: '..' } } },
    "'launch_container.container_id' is invalid: '..' is disallowed",
  ],
  [
    {
      type: 'LAUNCH_CONTAINER',
      launch_container: { container_id: DEEP, limits: { cpus: { value: 1 } } },
    },
    `${LAUNCH}containers nested at the second level or greater cannot specify resource limits`,
  ],
  [
    {
      type: 'LAUNCH_CONTAINER',
      launch_container: {
        container_id: DEEP,
        container: { type: 'MESOS', linux_info: { share_cgroups: false } },
      },
    },
    `${LAUNCH}containers nested at the second level or greater cannot set 'share_cgroups' to 'false'`,
  ],
  [
    {
      type: 'LAUNCH_CONTAINER',
      launch_container: { container_id: { value: 'a', parent: { value: 'b' } }, resources: [ROLE] },
    },
    undefined,
  ],
  [
    {
      type: 'LAUNCH_CONTAINER',
      launch_container: { container_id: { value: 'a' }, resources: [VOLUME] },
    },
    "'launch_container.resources' may not use persistent volumes",
  ],
  [
    {
      type: 'LAUNCH_NESTED_CONTAINER',
      launch_nested_container: {
        container_id: DEEP,
        container: { type: 'MESOS', linux_info: { share_cgroups: false } },
      },
    },
    "'launch_nested_container' is invalid: containers nested at the second level or greater cannot set 'share_cgroups' to 'false'",
  ],
  [
    {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: {
        container_id: DEEP,
        command: { value: 'true', environment: { variables: [{ name: 'ABC' }] } },
      },
    },
    "'launch_nested_container_session.command' is invalid: Environment variable 'ABC' of type 'VALUE' must have a value set",
  ],
  [
    {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: {
        container_id: DEEP,
        container: { type: 'MESOS', linux_info: { share_cgroups: false } },
      },
    },
    "'launch_nested_container_session.container.linux_info' is invalid: 'share_cgroups' cannot be set to 'false' for nested container sessions",
  ],
  [
    {
      type: 'LAUNCH_CONTAINER',
      launch_container: { container_id: { value: 'a' }, container: { type: 'DOCKER' } },
    },
    "'launch_container.container' is invalid: DockerInfo 'docker' is not set for DOCKER typed ContainerInfo",
  ],
  [io({}), "Expecting 'process_io.type' to be present"],
  [io({ type: 'DATA' }), "Expecting 'process_io.data' to be present"],
  [io({ type: 'CONTROL', control: {} }), "Expecting 'process_io.control.type' to be present"],
  [
    io({ type: 'CONTROL', control: { type: 'TTY_INFO' } }),
    "Expecting 'process_io.control.tty_info' to be present",
  ],
  [io({ type: 'DATA', data: { type: 'STDIN', data: Uint8Array.of() } }), undefined],
];

for (const [call, fault] of CASES) {
  test(`${JSON.stringify(call).slice(0, 110)}: ${fault ?? 'fine'}`, () => {
    assert.equal(containerCallFault(call), fault);
  });
}
