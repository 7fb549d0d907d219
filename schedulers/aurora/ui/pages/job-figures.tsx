/** How well a job was served, and when it runs next. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Facts } from '../../../../core/webui/kit/facts.tsx';
import {
  amountText,
  durationText,
  isoTime,
  relativeTime,
} from '../../../../core/webui/kit/format.ts';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { readCron, readSla } from '../api.ts';
import type { JobKey } from '../model.ts';
import { Shown } from '../parts.tsx';

const PACE_MS = 10_000;
const NEXT_COUNT = 10;

const WINDOWS: readonly (readonly [seconds: number, name: string])[] = [
  [3_600, 'hour'],
  [86_400, 'day'],
  [604_800, 'week'],
];

export function Sla({ job }: { readonly job: JobKey }): JSX.Element {
  const [seconds, setSeconds] = useState(3_600);
  const source = useSource(`sla ${seconds}`, () => readSla(job, seconds), PACE_MS);
  return (
    <section class="card">
      <h2>
        SLA of the last{' '}
        <select
          aria-label="Length of time"
          value={seconds}
          onChange={({ currentTarget }) => setSeconds(Number(currentTarget.value))}
        >
          {WINDOWS.map(([each, name]) => (
            <option key={each} value={each}>
              {name}
            </option>
          ))}
        </select>
      </h2>
      <Shown source={source} what="figures">
        {(sla) => (
          <Facts
            facts={[
              ['Uptime', `${amountText(sla.platformUptimePercent)} %`],
              ['To assigned', durationText(sla.toAssignedMs)],
              ['To starting', durationText(sla.toStartingMs)],
              ['To running', durationText(sla.toRunningMs)],
              ...sla.uptimes.map(
                ([percent, uptime]) =>
                  [
                    `${percent} % run for`,
                    uptime === 0 ? '-' : durationText(uptime * 1_000),
                  ] as const,
              ),
            ]}
          />
        )}
      </Shown>
    </section>
  );
}

export function NextRuns({ job }: { readonly job: JobKey }): JSX.Element {
  const source = useSource('cron', () => readCron(job, NEXT_COUNT), PACE_MS);
  return (
    <section class="card">
      <h2>Next runs</h2>
      <Shown source={source} what="the schedule">
        {({ schedule, timeZone, next }) => (
          <>
            <p>
              <code>{schedule}</code> <span class="quiet">{timeZone}</span>
            </p>
            <ol>
              {next.map((at) => (
                <li key={at}>
                  {isoTime(at)} <span class="quiet">{relativeTime(at, Date.now())}</span>
                </li>
              ))}
            </ol>
            {next.length === 0 && <p class="quiet">It never runs by itself.</p>}
          </>
        )}
      </Shown>
    </section>
  );
}
