/** Small parts that several pages share. */
import type { JSX } from 'preact';
import { amountText, sizeText } from '../../../core/webui/kit/format.ts';
import { hashOf } from '../../../core/webui/kit/route.ts';
import type { AppStatus } from './model.ts';

export const appHref = (id: string, tab?: string): string =>
  hashOf(tab === undefined ? ['app', id] : ['app', id, tab]);

export const podHref = (id: string, tab?: string): string =>
  hashOf(tab === undefined ? ['pod', id] : ['pod', id, tab]);

/** The page of an app or pod without a tab in its address shows the first one. */
export const isFirstTab = (segments: readonly string[]): boolean => segments.length === 2;

export const groupHref = (id: string): string => hashOf([], id === '/' ? {} : { group: id });

export const memText = (megabytes: number): string => sizeText(megabytes * 1024 ** 2);

export const cpusText = amountText;

const KINDS: Readonly<Record<string, string>> = {
  Running: 'good',
  Deploying: 'accent',
  Waiting: 'warn',
  Delayed: 'bad',
  Unhealthy: 'bad',
  Suspended: 'quiet',
} satisfies Record<AppStatus, string>;

export function StatusText({ status }: { readonly status: string }): JSX.Element {
  return <span class={`status ${KINDS[status] ?? 'quiet'}`}>{status}</span>;
}

export interface HealthBarProps {
  readonly instances: number;
  readonly staged: number;
  readonly running: number;
  readonly healthy: number;
  readonly unhealthy: number;
}

/** How many instances are how well, as a bar; the numbers are its label. */
export function HealthBar(props: HealthBarProps): JSX.Element {
  const { instances, staged, running, healthy, unhealthy } = props;
  const unknown = Math.max(0, running - healthy - unhealthy);
  const total = Math.max(instances, running + staged, 1);
  const parts = [
    ['good', healthy, 'healthy'],
    ['plain', unknown, 'running without health checks'],
    ['bad', unhealthy, 'unhealthy'],
    ['warn', staged, 'staged'],
  ] as const;
  const label = parts
    .filter(([, count]) => count > 0)
    .map(([, count, name]) => `${count} ${name}`)
    .join(', ');
  const text = `${label === '' ? 'nothing running' : label}, ${instances} wanted`;
  return (
    <span class="bars" role="img" aria-label={text} title={text}>
      {parts.map(([kind, count, name]) => (
        <span key={name} class={kind} style={{ width: `${(count / total) * 100}%` }} />
      ))}
    </span>
  );
}

export function HealthDot({ health }: { readonly health: string }): JSX.Element {
  const kind = health === 'healthy' ? 'good' : health === 'unhealthy' ? 'bad' : 'quiet';
  return <span class={kind}>{health}</span>;
}
