/** Deployments under way: how far, what is done now, and back. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../../../../core/webui/kit/dialog.tsx';
import { Time } from '../../../../core/webui/kit/times.tsx';
import type { DeploymentRow } from '../model.ts';
import { appHref, podHref } from '../parts.tsx';
import { act, type ClusterData } from '../source.ts';

export function DeploymentsPage({ data }: { readonly data: ClusterData }): JSX.Element {
  if (data.deployments.length === 0) {
    return (
      <section class="card">
        <h2>Deployments</h2>
        <p class="quiet">No deployment is under way.</p>
      </section>
    );
  }
  return (
    <>
      {data.deployments.map((row) => (
        <DeploymentCard key={row.id} row={row} data={data} />
      ))}
    </>
  );
}

function DeploymentCard({
  row,
  data,
}: {
  readonly row: DeploymentRow;
  readonly data: ClusterData;
}): JSX.Element {
  const [open, setOpen] = useState<'rollback' | 'stop' | undefined>(undefined);
  const path = `/deployments/${row.id}`;
  return (
    <section class="card deployment">
      <h2>
        {row.affected.join(', ')}{' '}
        <span class="quiet">
          step {row.step} of {row.steps}, since <Time at={Date.parse(row.version)} />
        </span>
      </h2>
      <progress max={Math.max(1, row.steps)} value={Math.max(0, row.step - 1)} />
      <ol>
        {row.plan.map((step, at) => (
          <li key={`${row.id} ${at}`} class={at + 1 < row.step ? 'quiet' : undefined}>
            {step.map(({ action, id }) => (
              <div key={`${action} ${id}`} class={at + 1 === row.step ? 'current' : undefined}>
                {ACTIONS[action] ?? action}{' '}
                <a href={action.endsWith('Pod') ? podHref(id) : appHref(id)}>{id}</a>{' '}
                {progressOf(data, id)}
              </div>
            ))}
          </li>
        ))}
      </ol>
      <div class="actions">
        <button type="button" onClick={() => setOpen('rollback')}>
          Roll back
        </button>
        <button type="button" class="danger" onClick={() => setOpen('stop')}>
          Stop
        </button>
      </div>
      {open === 'rollback' && (
        <Confirm
          title="Roll back?"
          text="A new deployment undoes what this one has done so far."
          action="Roll back"
          onConfirm={() => act('The deployment is rolled back.', path, { method: 'DELETE' })}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === 'stop' && (
        <Confirm
          title="Stop?"
          text="Everything stays as it is at this moment; nothing is undone."
          action="Stop"
          onConfirm={() =>
            act('The deployment was stopped.', `${path}?force=true`, { method: 'DELETE' })
          }
          onClose={() => setOpen(undefined)}
        />
      )}
    </section>
  );
}

const ACTIONS: Readonly<Record<string, string>> = {
  StartApplication: 'Start',
  ScaleApplication: 'Scale',
  RestartApplication: 'Restart',
  StopApplication: 'Stop',
  StartPod: 'Start',
  ScalePod: 'Scale',
  RestartPod: 'Restart',
  StopPod: 'Stop',
};

function progressOf(data: ClusterData, id: string): string {
  const app = data.byId.get(id);
  return app === undefined ? '' : `(${app.running} of ${app.instances} run)`;
}
