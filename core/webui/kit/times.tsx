/** Times: relative, and all of them as ISO texts after a click on one; remembered. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { isoTime, relativeTime } from './format.ts';

/** Under the name that the original's page uses. */
const REMEMBERED = 'longDate';
const TICK_MS = 5_000;

const isLong = signal(localStorage.getItem(REMEMBERED) === 'true');
const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, TICK_MS);

/** `at` in milliseconds of the epoch. */
export function Time({ at }: { readonly at: number | undefined }): JSX.Element {
  if (at === undefined) return <span>-</span>;
  const iso = isoTime(at);
  const toggle = (): void => {
    isLong.value = !isLong.value;
    localStorage.setItem(REMEMBERED, String(isLong.value));
  };
  return (
    <button type="button" class="time" title={iso} onClick={toggle}>
      <time dateTime={iso}>
        {isLong.value ? iso : relativeTime(at, Math.max(now.value, Date.now()))}
      </time>
    </button>
  );
}
