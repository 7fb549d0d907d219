/** Messages under the top bar: alerts stay until the next page, notices for some seconds. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { RequestError } from './requests.ts';

interface Alert {
  readonly id: number;
  readonly kind: 'error' | 'notice';
  readonly text: string;
  readonly details: readonly string[];
}

const NOTICE_MS = 6_000;
const ALERTS_MAX = 5;

const alerts = signal<readonly Alert[]>([]);
let lastId = 0;

export function showError(thrown: unknown): void {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  add('error', text, thrown instanceof RequestError ? thrown.details : []);
}

export function showNotice(text: string): void {
  const id = add('notice', text, []);
  setTimeout(() => dismiss(id), NOTICE_MS);
}

export function clearAlerts(): void {
  alerts.value = alerts.value.filter(({ kind }) => kind === 'notice');
}

function add(kind: Alert['kind'], text: string, details: readonly string[]): number {
  lastId += 1;
  // A notice takes the place of the one before: many in a row would push the page down.
  const kept =
    kind === 'notice' ? alerts.value.filter((alert) => alert.kind === 'error') : alerts.value;
  alerts.value = [...kept, { id: lastId, kind, text, details }].slice(-ALERTS_MAX);
  return lastId;
}

function dismiss(id: number): void {
  alerts.value = alerts.value.filter((alert) => alert.id !== id);
}

export function Alerts(): JSX.Element {
  return (
    <div class="alerts" role="status" aria-live="polite">
      {alerts.value.map(({ id, kind, text, details }) => (
        <div key={id} class={`alert ${kind}`} role={kind === 'error' ? 'alert' : undefined}>
          <div>
            {text}
            {details.length > 0 && (
              <ul>
                {details.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            )}
          </div>
          <button type="button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
