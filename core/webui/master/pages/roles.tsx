/** Roles with what they have, were promised and may have; offers; maintenance. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../kit/data-table.tsx';
import { amountText } from '../../kit/format.ts';
import {
  type Json,
  numberIn,
  recordIn,
  recordOf,
  recordsIn,
  textIn,
  textsIn,
} from '../../kit/reading.ts';
import { Breadcrumb } from '../../kit/router.tsx';
import { useSource } from '../../kit/use-source.ts';
import { readMaster } from '../cluster.ts';
import {
  AgentLink,
  amountColumns,
  frameworkHref,
  idColumn,
  memText,
  timeColumn,
} from '../columns.tsx';
import { type ClusterView, type OfferRow, paceOf } from '../model.ts';

/** Groups of columns; the marked ones are shown at first. */
const GROUPS = {
  Weight: false,
  Frameworks: false,
  Offered: false,
  Allocated: true,
  Reserved: true,
  'Quota Consumption': true,
  'Quota Guarantee': false,
  'Quota Limit': true,
} as const;

type Group = keyof typeof GROUPS;

const GROUP_NAMES: readonly Group[] = [
  ...(['Weight', 'Frameworks', 'Offered', 'Allocated', 'Reserved'] as const),
  ...(['Quota Consumption', 'Quota Guarantee', 'Quota Limit'] as const),
];

const shown = signal<ReadonlySet<Group>>(new Set(GROUP_NAMES.filter((name) => GROUPS[name])));

const AMOUNTS: Partial<Readonly<Record<Group, (role: Json) => Json>>> = {
  Offered: (role) => recordIn(role, 'offered'),
  Allocated: (role) => recordIn(role, 'allocated'),
  Reserved: (role) => recordIn(role, 'reserved'),
  'Quota Consumption': (role) => recordIn(recordIn(role, 'quota'), 'consumed'),
  'Quota Guarantee': (role) => recordIn(recordIn(role, 'quota'), 'guarantee'),
  'Quota Limit': (role) => recordIn(recordIn(role, 'quota'), 'limit'),
};

const RESOURCES = [
  ['CPU', 'cpus', amountText],
  ['GPU', 'gpus', amountText],
  ['Mem', 'mem', memText],
  ['Disk', 'disk', memText],
] as const;

export function RolesPage({ view }: { readonly view: ClusterView }): JSX.Element {
  const { value } = useSource(
    'roles',
    async () => recordsIn(recordOf(await readMaster('/master/roles')), 'roles'),
    paceOf(view.agents.length),
  );
  const groups = GROUP_NAMES.filter((name) => shown.value.has(name));
  const columns: readonly Column<Json>[] = [
    { title: 'Role', value: (role) => textIn(role, 'name') },
    ...groups.flatMap(columnsOf),
  ];
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / Roles
      </Breadcrumb>
      <fieldset class="card">
        <legend>Columns</legend>
        {GROUP_NAMES.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={shown.value.has(name)} onChange={() => toggle(name)} />{' '}
            {name}{' '}
          </label>
        ))}
      </fieldset>
      <DataTable
        title="Roles"
        rows={value ?? []}
        columns={columns}
        keyOf={(role) => textIn(role, 'name')}
      />
    </>
  );
}

function toggle(name: Group): void {
  const next = new Set(shown.value);
  if (!next.delete(name)) next.add(name);
  shown.value = next;
}

function columnsOf(group: Group): readonly Column<Json>[] {
  if (group === 'Weight') {
    return [{ title: group, value: (role) => numberIn(role, 'weight'), isNumber: true }];
  }
  if (group === 'Frameworks') {
    return [{ title: group, value: (role) => textsIn(role, 'frameworks').length, isNumber: true }];
  }
  const amountsOf = AMOUNTS[group] ?? recordOf;
  return RESOURCES.map(([title, key, text]) => ({
    title: `${group} ${title}`,
    value: (role) =>
      amountsOf(role)[key] === undefined ? undefined : numberIn(amountsOf(role), key),
    show: (role) =>
      amountsOf(role)[key] === undefined ? '-' : text(numberIn(amountsOf(role), key)),
    isNumber: true,
  }));
}

export function OffersPage({ view }: { readonly view: ClusterView }): JSX.Element {
  const rows = view.frameworks.flatMap(({ offers }) => offers);
  const nameOf = (id: string): string => view.frameworks.find((row) => row.id === id)?.name ?? id;
  const columns: readonly Column<OfferRow>[] = [
    idColumn('ID', ({ id }) => id),
    { title: 'Role', value: ({ role }) => role },
    {
      title: 'Framework',
      value: ({ frameworkId }) => nameOf(frameworkId),
      show: ({ frameworkId }) => <a href={frameworkHref(frameworkId)}>{nameOf(frameworkId)}</a>,
    },
    {
      title: 'Host',
      value: ({ agentId }) => view.agentsById.get(agentId)?.hostname,
      show: ({ agentId }) => <AgentLink id={agentId} />,
    },
    ...amountColumns<OfferRow>(({ resources }) => resources),
  ];
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / Offers
      </Breadcrumb>
      <DataTable title="Outstanding Offers" rows={rows} columns={columns} keyOf={({ id }) => id} />
    </>
  );
}

interface Window {
  readonly begin: number | undefined;
  readonly end: number | undefined;
  readonly hosts: readonly string[];
}

export function MaintenancePage({ view }: { readonly view: ClusterView }): JSX.Element {
  const { value } = useSource(
    'maintenance',
    async () =>
      recordsIn(recordOf(await readMaster('/master/maintenance/schedule')), 'windows').map(
        windowOf,
      ),
    paceOf(view.agents.length),
  );
  const columns: readonly Column<Window>[] = [
    timeColumn('Begin', ({ begin }) => begin),
    timeColumn('End', ({ end }) => end),
    {
      title: 'Hosts',
      value: ({ hosts }) => hosts.join(' '),
      show: ({ hosts }) => (
        <>
          {hosts.map((host) => (
            <div key={host}>{host}</div>
          ))}
        </>
      ),
    },
  ];
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / Maintenance
      </Breadcrumb>
      <DataTable
        title="Maintenance Schedule"
        rows={value ?? []}
        columns={columns}
        keyOf={({ begin, hosts }) => `${begin} ${hosts.join(' ')}`}
        empty="No maintenance is planned."
      />
    </>
  );
}

function windowOf(json: Json): Window {
  const unavailability = recordIn(json, 'unavailability');
  const start = recordIn(unavailability, 'start')['nanoseconds'];
  const duration = recordIn(unavailability, 'duration')['nanoseconds'];
  const begin = start === undefined ? undefined : Number(start) / 1e6;
  return {
    begin,
    end: begin === undefined || duration === undefined ? undefined : begin + Number(duration) / 1e6,
    hosts: recordsIn(json, 'machine_ids').map(
      (machine) => textIn(machine, 'hostname') || textIn(machine, 'ip'),
    ),
  };
}
