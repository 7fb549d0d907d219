/**
 * Operations on resources, and what schedules and roles may say, that are refused for what they say
 * themselves (spec scheduler-api, sections 6.3, 12 and 20; operator-api, section 4.11), each with its text.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentId, frameworkId } from '../../../core/base/ids.ts';
import { refuseSchedule } from '../../../core/master/operator/maintenance-rules.ts';
import type { Agent } from '../../../core/master/records.ts';
import { refuseDiskOperation } from '../../../core/master/validation/disk-operation.ts';
import {
  type OperationPlace,
  validateOperation,
} from '../../../core/master/validation/operation.ts';
import {
  validateResourceRules,
  validateRevocability,
  validateSingleAllocationRole,
  validateSingleProvider,
  validateUniquePersistenceIds,
} from '../../../core/master/validation/resources.ts';
import { validateRole } from '../../../core/resources/roles.ts';
import { validateResource } from '../../../core/resources/validate.ts';
import type { OfferOperation, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene } from './machine-builder.ts';

const OWN = { type: 'DYNAMIC', role: 'web', principal: 'edge' } as const;
const WEB = { role: 'web' };

function disk(value: number, more: Partial<Resource> = {}): Resource {
  const base = { name: 'disk', type: 'SCALAR', scalar: { value }, allocation_info: WEB } as const;
  return { ...base, reservations: [OWN], ...more };
}

function volume(value: number, more: Partial<Resource> = {}): Resource {
  const info = { persistence: { id: 'p', principal: 'edge' } };
  return disk(value, { disk: { ...info, volume: { mode: 'RW', container_path: 'p' } }, ...more });
}

function place(more: Partial<OperationPlace> = {}): OperationPlace {
  const it = new MasterScene();
  const agent = it.state.agents.get(agentId(it.agent('a1')));
  const framework = it.state.frameworks.get(frameworkId(it.subscribe('f1', { roles: ['web'] })));
  assert.ok(agent !== undefined && framework !== undefined);
  return { agent, framework, principal: 'edge', ...more };
}

const PLACE = place();
const PLAIN_AGENT: Agent = { ...PLACE.agent, capabilities: new Set() };
const PROVIDED = { provider_id: { value: 'rp' } };
const MOUNTED = {
  disk: {
    persistence: { id: 'p', principal: 'edge' },
    volume: { mode: 'RW', container_path: 'p' },
    source: { type: 'MOUNT', mount: { root: '/m' } },
  },
} as const;

const CSI = {
  ...MOUNTED.disk,
  source: { ...MOUNTED.disk.source, id: 'v' },
} as const;

const reserve = (...resources: Resource[]): OfferOperation => ({
  type: 'RESERVE',
  reserve: { resources },
});
const create = (...volumes: Resource[]): OfferOperation => ({
  type: 'CREATE',
  create: { volumes },
});
const grow = (of: Resource, addition: Resource): OfferOperation => ({
  type: 'GROW_VOLUME',
  grow_volume: { volume: of, addition },
});
const shrink = (of: Resource, value: number): OfferOperation => ({
  type: 'SHRINK_VOLUME',
  shrink_volume: { volume: of, subtract: { value } },
});

const { allocation_info: _none, ...UNALLOCATED } = disk(10);

const OPERATIONS: readonly (readonly [OfferOperation, RegExp, Partial<OperationPlace>?])[] = [
  [
    reserve(UNALLOCATED),
    /^A reserve operation was attempted on unallocated resource disk\(.*\):10, but frameworks can only perform reservations on allocated resources$/,
  ],
  [
    reserve(disk(10, { allocation_info: { role: 'db' }, reservations: [{ ...OWN, role: 'db' }] })),
    /^A reserve operation was attempted for a resource allocated to role 'db', but the framework only has roles '{ web }'$/,
  ],
  [
    reserve(disk(10), disk(10, PROVIDED)),
    /^Invalid resources: Some resources have a resource provider and some do not$/,
  ],
  [
    reserve(disk(1, PROVIDED), disk(1, { provider_id: { value: 'other' } })),
    /^Invalid resources: The resources have multiple resource providers: rp, other$/,
  ],
  [
    create(disk(10, { disk: { source: { type: 'MOUNT', mount: { root: '/m' } } } })),
    /^Not a persistent volume: 'persistence' is not set in DiskInfo$/,
  ],
  [
    create(
      volume(10, {
        disk: { persistence: { id: 'p' }, volume: { mode: 'RW', container_path: 'p' } },
      }),
    ),
    /^Create volume operation attempted by principal 'edge', but there is a volume in the operation with no principal set in 'disk.persistence'$/,
  ],
  [
    create((({ allocation_info: _role, ...rest }) => rest)(volume(10))),
    /^Invalid volume resources: The resources are not allocated to a role$/,
  ],
  [
    grow(volume(0.0001), disk(1)),
    /^Invalid resource in the 'GrowVolume.volume' field: Resource '.*' is invalid: Invalid scalar resource: value <= 0$/,
  ],
  [
    grow(volume(10), disk(0)),
    /^The size of 'GrowVolume.addition' field must be greater than zero$/,
  ],
  [
    grow(volume(10, PROVIDED), disk(1)),
    /^Growing a volume from a resource provider is not supported$/,
  ],
  [
    grow(disk(10), disk(1)),
    /^Invalid persistent volume in the 'GrowVolume.volume' field: Resource disk\(.*\):10 does not have DiskInfo$/,
  ],
  [
    grow(volume(10, { shared: {} }), disk(1)),
    /^Growing a shared persistent volume is not supported$/,
  ],
  [
    grow(volume(10), disk(1)),
    /^Volume disk\(.*\)\[p:p\]:10 cannot be grown on an agent without RESIZE_VOLUME capability$/,
    { agent: PLAIN_AGENT },
  ],
  [shrink(volume(10), 0), /^Value of 'ShrinkVolume.subtract' must be greater than zero$/],
  [
    shrink(volume(10), 10),
    /^Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'$/,
  ],
  [shrink(volume(10, MOUNTED), 1), /^Shrinking a volume on a MOUNT disk is not supported$/],
];

test('operations are refused in the words of the original', () => {
  for (const [operation, text, more] of OPERATIONS) {
    assert.match(validateOperation(operation, { ...PLACE, ...more }) ?? 'nothing', text);
  }
});

test('disks of resource providers are refused in the words of the original', () => {
  const operation = (source: Resource): OfferOperation => ({
    type: 'DESTROY_DISK',
    destroy_disk: { source },
  });
  const where = { where: '', role: 'web', pool: [] };
  assert.equal(
    refuseDiskOperation(operation(disk(1, PROVIDED)), { ...where, agent: PLAIN_AGENT }),
    `Not supported on agent ${PLAIN_AGENT.id} because it does not have RESOURCE_PROVIDER capability`,
  );
  assert.match(
    refuseDiskOperation(operation(volume(1, { ...PROVIDED, disk: CSI })), {
      ...where,
      agent: PLACE.agent,
    }),
    /^A disk resource containing a persistent volume .* cannot be destroyed directly\. Please destroy the persistent volume first then destroy the disk resource$/,
  );
});

test('lists of resources are refused in the words of the original', () => {
  const other = disk(1, { allocation_info: { role: 'db' } });
  const revocable = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, revocable: {} } as const;
  const firm = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } } as const;
  const rows: readonly (readonly [string | undefined, RegExp])[] = [
    [
      validateResourceRules([{ ...revocable, reservations: [OWN] }]),
      /^Invalid ReservationInfo: Dynamically reserved resource cpus\(.*\)\{REV\}:1 cannot be created from revocable resources$/,
    ],
    [validateSingleAllocationRole([firm]), /^The resources are not allocated to a role$/],
    [
      validateSingleAllocationRole([disk(1), other]),
      /^The resources have multiple allocation roles \('db' and 'web'\) but only one allocation role is allowed$/,
    ],
    [
      validateRevocability([firm, revocable]),
      /^Cannot use both revocable and non-revocable 'cpus' at the same time$/,
    ],
    [validateSingleProvider([firm, disk(1, PROVIDED)]), /^Some resources have a resource provider/],
    [validateUniquePersistenceIds([volume(1), volume(2)]), /^Persistence ID 'p' is not unique$/],
  ];
  for (const [why, text] of rows) assert.match(why ?? 'nothing', text);
});

test('a resource is refused in the words of the original', () => {
  const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } } as const;
  const raw = { type: 'RAW', mount: { root: '/m' } } as const;
  const refined = { type: 'STATIC', role: 'web/a' } as const;
  const rows: readonly (readonly [Resource, string])[] = [
    [disk(1, { disk: { source: raw } }), 'Mount should not be set for RAW disk source'],
    [
      disk(1, { disk: { source: { type: 'BLOCK', path: { root: '/p' } } } }),
      'Path should not be set for BLOCK disk source',
    ],
    [
      { ...cpus, role: 'web', reservation: { type: 'DYNAMIC' } },
      "'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field",
    ],
    [
      { ...cpus, role: 'web', reservation: { role: 'web' } },
      "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field",
    ],
    [
      { ...cpus, reservations: [{ role: 'web' }] },
      "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.",
    ],
    [
      { ...cpus, reservations: [OWN, refined] },
      'Invalid refined reservation: A refined reservation cannot be STATIC',
    ],
  ];
  for (const [resource, text] of rows) assert.equal(validateResource(resource), text);
});

test('names of roles are refused in the words of the original', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['', 'Role names cannot be the empty string'],
    ['/a', "Role '/a' cannot start with a slash"],
    ['a/', "Role 'a/' cannot end with a slash"],
    ['a//b', "Role 'a//b' cannot contain two adjacent slashes"],
    ['a/.', "Role 'a/.' cannot include '.' as a component"],
    ['../a', "Role '../a' cannot include '..' as a component"],
    ['a/*', "Role 'a/*' cannot include '*' as a component"],
    ['-a', "Role component '-a' is invalid because it starts with a dash"],
    ['a/b c', "Role component 'b c' is invalid because it contains backspace or whitespace"],
  ];
  for (const [role, text] of rows) assert.equal(validateRole(role), text);
});

test('maintenance schedules are refused in the words of the original', () => {
  const { state } = new MasterScene();
  const start = { nanoseconds: 1 };
  const rows = [
    [[], {}, 'List of machines in the maintenance window is empty'],
    [
      [{ hostname: 'a' }],
      { duration: { nanoseconds: -1 } },
      "Unavailability 'duration' is negative",
    ],
    [[{}], {}, "Both 'hostname' and 'ip' for a machine are empty"],
  ] as const;
  for (const [machine_ids, more, text] of rows) {
    const windows = [{ machine_ids, unavailability: { start, ...more } }];
    assert.equal(refuseSchedule(state, { windows }), text);
  }
});
