/** The page's address as a signal, and what follows it: pages by pattern, links, tabs. */
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { clearAlerts } from './alerts.tsx';
import { matchRoute, parseRoute, type Route, type RouteParams } from './route.ts';

export const route = signal<Route>(parseRoute(location.hash));

addEventListener('hashchange', () => {
  clearAlerts();
  route.value = parseRoute(location.hash);
  scrollTo(0, 0);
});

/** Shows an address in place of the one that the page was opened with, without another request. */
export function enterAt(url: string): void {
  history.replaceState(null, '', url);
  route.value = parseRoute(location.hash);
}

export function goTo(hash: string): void {
  location.hash = hash;
}

/** Instead of the shown address, which does not stay in the history. */
export function replaceBy(hash: string): void {
  location.replace(hash);
}

export interface PageEntry {
  readonly pattern: string;
  readonly page: (params: RouteParams, query: URLSearchParams) => JSX.Element;
}

/** The first page whose pattern the address has; else to the start. */
export function Pages({ entries }: { readonly entries: readonly PageEntry[] }): JSX.Element {
  const shown = route.value;
  for (const { pattern, page } of entries) {
    const params = matchRoute(pattern, shown);
    if (params !== undefined) return page(params, shown.query);
  }
  queueMicrotask(() => replaceBy('#/'));
  return <p class="quiet">There is no such page.</p>;
}

export interface TabEntry {
  readonly title: string;
  readonly hash: string;
  readonly count?: number | undefined;
  /** Other pages that belong to the tab. */
  readonly covers?: (segments: readonly string[]) => boolean;
}

/** Links to parts; the one that the address is in is marked. */
export function Tabs({ tabs }: { readonly tabs: readonly TabEntry[] }): JSX.Element {
  const at = route.value.segments;
  return (
    <nav class="tabs">
      {tabs.map(({ title, hash, count, covers }) => {
        const { segments } = parseRoute(hash);
        const isShown =
          covers?.(at) === true ||
          (segments.length === 0
            ? at.length === 0
            : segments.every((segment, index) => segment === at[index]));
        return (
          <a key={hash} href={hash} aria-current={isShown ? 'page' : undefined}>
            {title}
            {count === undefined || count === 0 ? undefined : <span class="count">{count}</span>}
          </a>
        );
      })}
    </nav>
  );
}

export function Breadcrumb({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <nav class="breadcrumb">{children}</nav>;
}
