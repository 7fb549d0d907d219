/** Small parts that several pages share. */
import type { ComponentChildren, JSX } from 'preact';
import { amountText, durationText, sizeText } from '../../../core/webui/kit/format.ts';
import { RequestError } from '../../../core/webui/kit/requests.ts';
import { Breadcrumb } from '../../../core/webui/kit/router.tsx';
import { Time } from '../../../core/webui/kit/times.tsx';
import type { Source } from '../../../core/webui/kit/use-source.ts';
import { jobHref, roleHref, sandboxUrl } from './address.ts';
import {
  type Amounts,
  type EventRow,
  type JobKey,
  kindOfStatus,
  type TaskRow,
  wordsOf,
} from './model.ts';

export function StatusText({ status }: { readonly status: string }): JSX.Element {
  return <span class={`status ${kindOfStatus(status)}`}>{wordsOf(status)}</span>;
}

/** From the roles down to `children`; each level is a link. */
export function Path(props: {
  readonly role: string;
  readonly environment?: string | undefined;
  readonly name?: string | undefined;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { role, environment, name, children } = props;
  return (
    <Breadcrumb>
      <a href="#/scheduler">Roles</a> / <a href={roleHref(role)}>{role}</a>
      {environment !== undefined && (
        <>
          {' / '}
          <a href={roleHref(role, environment)}>{environment}</a>
        </>
      )}
      {environment !== undefined && name !== undefined && (
        <>
          {' / '}
          <a href={jobHref({ role, environment, name })}>{name}</a>
        </>
      )}
      {children !== undefined && <> / {children}</>}
    </Breadcrumb>
  );
}

/** What a source has, or why there is nothing; old data stay, with a word that they are old. */
export function Shown<T>({
  source: { value, failure },
  what,
  children,
}: {
  readonly source: Source<T>;
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  const error = failure?.error;
  if (error instanceof RequestError && error.status === 404) {
    return <p class="quiet">{error.message}.</p>;
  }
  const text = error instanceof Error ? error.message : String(error);
  if (value === undefined) {
    return failure === undefined ? (
      <p class="quiet">Reading {what}…</p>
    ) : (
      <p class="alert error" role="alert">
        {text}
      </p>
    );
  }
  return (
    <>
      {failure !== undefined && (
        <p class="alert error" role="status">
          What is shown is old: {text}
        </p>
      )}
      {children(value)}
    </>
  );
}

export const mbText = (megabytes: number): string => sizeText(megabytes * 1024 ** 2);

export function amountsText({ cpus, ramMb, diskMb, gpus, ports }: Amounts): string {
  return [
    `${amountText(cpus)} CPU`,
    `${mbText(ramMb)} RAM`,
    `${mbText(diskMb)} disk`,
    ...(gpus === 0 ? [] : [`${gpus} GPU`]),
    ...(ports.length === 0 ? [] : [`ports ${[...ports].sort().join(', ')}`]),
  ].join(', ');
}

/** Every state a task went through, newest first, and how long it was in each. */
export function History({ events }: { readonly events: readonly EventRow[] }): JSX.Element {
  const rows = events.map((event, at) => ({ ...event, until: events[at + 1]?.at })).reverse();
  return (
    <ol class="history">
      {rows.map(({ at, until, status, message, scheduler }, index) => (
        <li key={`${rows.length - index}`}>
          <StatusText status={status} />
          <Time at={at} />
          <span class="quiet">{until === undefined ? '' : `for ${durationText(until - at)}`}</span>
          <span class="wrap" title={scheduler === '' ? undefined : `by ${scheduler}`}>
            {message}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Links to the host's observer and to the ports of a task. */
export function HostLinks({ task }: { readonly task: TaskRow }): JSX.Element {
  const { host, id, ports, isActive } = task;
  if (host === undefined) return <span class="quiet">-</span>;
  return (
    <>
      <a href={sandboxUrl(host, id)} title="Processes and sandbox">
        {host}
      </a>
      {isActive &&
        ports.map(([name, port]) => (
          <span key={name}>
            {' '}
            <a class="label" href={`http://${host}:${port}`} title={`Port ${port}`}>
              {name}
            </a>
          </span>
        ))}
    </>
  );
}

export function instanceHref(key: JobKey, instance: number): string {
  return jobHref(key, String(instance));
}
