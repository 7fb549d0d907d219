/** What is around every page: top bar with name, tabs and theme, alerts, keys. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Alerts } from './alerts.tsx';
import { type TabEntry, Tabs } from './router.tsx';
import { ThemeSwitch } from './theme.tsx';

export interface FrameProps {
  readonly name: string;
  readonly tabs: readonly TabEntry[];
  /** At the right of the bar. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Frame({ name, tabs, aside, children }: FrameProps): JSX.Element {
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <button type="button" class="skip" onClick={skipToMain}>
        Skip to content
      </button>
      <header class="bar">
        <a class="name" href="#/">
          {name}
        </a>
        <Tabs tabs={tabs} />
        <div class="aside">
          {aside}
          <ThemeSwitch />
        </div>
      </header>
      <Alerts />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function skipToMain(): void {
  document.querySelector<HTMLElement>('#main')?.focus();
}

/** `/` goes to the first filter box of the page. */
function onKey(event: KeyboardEvent): void {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  const { activeElement } = document;
  if (activeElement?.matches('input, textarea, select, [contenteditable]') === true) return;
  const box = document.querySelector<HTMLInputElement>('main input[type=search]');
  if (box === null) return;
  event.preventDefault();
  box.focus();
}
