/** Who has jobs. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { roleHref } from '../address.ts';
import { readRoles } from '../api.ts';
import type { RoleRow } from '../model.ts';
import { Shown } from '../parts.tsx';

const PACE_MS = 3_000;

const COLUMNS: readonly Column<RoleRow>[] = [
  {
    title: 'Role',
    value: ({ role }) => role,
    show: ({ role }) => <a href={roleHref(role)}>{role}</a>,
  },
  { title: 'Jobs', value: ({ jobCount }) => jobCount, isNumber: true },
  { title: 'Cron jobs', value: ({ cronJobCount }) => cronJobCount, isNumber: true },
];

export function RolesPage(): JSX.Element {
  const source = useSource('roles', readRoles, PACE_MS);
  return (
    <Shown source={source} what="roles">
      {(roles) => (
        <DataTable
          title="Roles"
          rows={roles}
          columns={COLUMNS}
          keyOf={({ role }) => role}
          sortedBy="Role"
          empty="There are no jobs yet. Create one: aurora job create CLUSTER/ROLE/ENV/NAME FILE, or POST its JSON to /v1/jobs."
        />
      )}
    </Shown>
  );
}
