/** Why an app is not running: what it waits for, and what was wrong with the offers it saw. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { type Json, recordOf, recordsIn, textIn } from '../../../../core/webui/kit/reading.ts';
import { requestJson } from '../../../../core/webui/kit/requests.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type ListedSpec, type QueueEntry, queueEntry } from '../model.ts';
import { API, pathOf } from '../source.ts';

const PACE_MS = 5_000;

type Reject = QueueEntry['rejects'][number];

const REJECTS: readonly Column<Reject>[] = [
  { title: 'Requirement', value: ({ reason }) => TITLES[reason] ?? reason },
  {
    title: 'Offers that fit',
    value: ({ processed, declined }) => processed - declined,
    show: ({ processed, declined }) => `${processed - declined} of ${processed}`,
    isNumber: true,
  },
];

const TITLES: Readonly<Record<string, string>> = {
  UnfulfilledRole: 'Role',
  UnfulfilledConstraint: 'Constraints',
  NoCorrespondingReservationFound: 'Reservation of its volumes',
  AgentMaintenance: 'No maintenance planned',
  InsufficientCpus: 'CPUs',
  InsufficientMemory: 'Memory',
  InsufficientDisk: 'Disk',
  InsufficientGpus: 'GPUs',
  InsufficientPorts: 'Ports',
  DeclinedScarceResources: 'Scarce resources left alone',
};

export function WhyTab({
  app,
  entry,
}: {
  readonly app: ListedSpec;
  readonly entry: QueueEntry | undefined;
}): JSX.Element {
  const explain =
    app.kind === 'pod' ? `/pods${pathOf(app.id)}::explain` : `/apps${pathOf(app.id)}/explain`;
  const { value } = useSource(
    `queue of ${app.id}`,
    async () => {
      const answer = await requestJson(`${API}/queue`);
      return recordsIn(recordOf(answer), 'queue')
        .map(queueEntry)
        .find(({ id }) => id === app.id);
    },
    PACE_MS,
  );
  const { value: explanation } = useSource(
    `explanation of ${app.id}`,
    async () => recordOf(await requestJson(`${API}${explain}`)),
    PACE_MS,
  );
  const shown = value ?? entry;
  if (shown === undefined) {
    return (
      <section class="card">
        <p>
          Nothing of {app.id} waits to be launched: {app.running} of {app.instances} instances run
          {app.staged === 0 ? '' : `, ${app.staged} are being started`}.
        </p>
        <Waits explanation={explanation} />
      </section>
    );
  }
  return (
    <>
      <section class="card">
        <h2>{waitingFor(shown)}</h2>
        <p>
          {shown.count} to launch since <Time at={shown.since} />. {shown.processed} offers were
          looked at, {shown.unused} of them not used.
        </p>
        <Waits explanation={explanation} />
      </section>
      {shown.rejects.length > 0 && (
        <DataTable
          title="What the last offers had"
          rows={shown.rejects}
          columns={REJECTS}
          keyOf={({ reason }) => reason}
          classOf={({ declined }) => (declined > 0 ? 'marked' : undefined)}
        />
      )}
      <Agents explanation={explanation} />
    </>
  );
}

function Waits({ explanation }: { readonly explanation: Json | undefined }): JSX.Element {
  const waits = recordsIn(explanation ?? {}, 'waitsFor');
  return (
    <ul>
      {waits.map((wait) => (
        <li key={textIn(wait, 'text')}>
          {textIn(wait, 'text')}
          {wait['until'] === undefined ? '' : ` until ${textIn(wait, 'until')}`}
          {wait['since'] === undefined ? '' : ` (the last came at ${textIn(wait, 'since')})`}
        </li>
      ))}
    </ul>
  );
}

function Agents({ explanation }: { readonly explanation: Json | undefined }): JSX.Element {
  return (
    <DataTable
      title="What did not fit, agent by agent"
      rows={recordsIn(explanation ?? {}, 'agents')}
      columns={AGENTS}
      keyOf={(agent) => textIn(agent, 'agentId')}
      empty="No offer was turned away yet."
    />
  );
}

const AGENTS: readonly Column<Json>[] = [
  { title: 'Host', value: (agent) => textIn(agent, 'hostname') },
  {
    title: 'What did not fit first',
    value: (agent) => (agent['fits'] === true ? 'it would fit now' : textIn(agent, 'text')),
  },
  { title: 'It would fit with', value: (agent) => textIn(agent, 'smallestChange') },
  {
    title: 'When',
    value: (agent) => Date.parse(textIn(agent, 'at')),
    show: (agent) => <Time at={Date.parse(textIn(agent, 'at'))} />,
  },
];

function waitingFor(entry: QueueEntry): string {
  if (entry.isBackedOff) {
    return `Launching is delayed for ${entry.secondsLeft} seconds, because it failed before.`;
  }
  if (entry.processed === 0) return 'No offer has come yet.';
  const worst = [...entry.rejects].sort((a, b) => b.declined - a.declined)[0];
  if (worst === undefined || worst.declined === 0) return 'It waits for an offer.';
  return `Most offers do not have what it needs: ${TITLES[worst.reason] ?? worst.reason}.`;
}
