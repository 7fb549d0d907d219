/** Why an app is not running: what it waits for, and what was wrong with the offers it saw. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { recordOf, recordsIn } from '../../../../core/webui/kit/reading.ts';
import { requestJson } from '../../../../core/webui/kit/requests.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type AppRow, type QueueEntry, queueEntry } from '../model.ts';
import { API } from '../source.ts';

const PACE_MS = 5_000;

type Reject = QueueEntry['rejects'][number];
type UnusedOffer = QueueEntry['unusedOffers'][number];

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
  readonly app: AppRow;
  readonly entry: QueueEntry | undefined;
}): JSX.Element {
  const { value } = useSource(
    `queue of ${app.id}`,
    async () => {
      const answer = await requestJson(`${API}/queue?embed=lastUnusedOffers`);
      return recordsIn(recordOf(answer), 'queue')
        .map(queueEntry)
        .find(({ id }) => id === app.id);
    },
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
      <DataTable
        title="Last offers that were not used"
        rows={shown.unusedOffers}
        columns={UNUSED}
        keyOf={({ hostname, at }) => `${hostname} ${at}`}
        empty="No offer was turned away yet."
      />
    </>
  );
}

const UNUSED: readonly Column<UnusedOffer>[] = [
  { title: 'Host', value: ({ hostname }) => hostname },
  { title: 'Missing', value: ({ reasons }) => reasons },
  { title: 'When', value: ({ at }) => at, show: ({ at }) => <Time at={at} /> },
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
