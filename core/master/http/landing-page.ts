/**
 * What a browser sees at `/` as long as there is no web interface: figures, lists and links. A master
 * that does not lead serves its page itself, too, and says who leads (spec operator-api, section 1.5).
 */
import { escapeHtml } from '../../operator/help.ts';
import type { Master } from '../master.ts';
import type { MasterState } from '../state.ts';
import { locationOf } from './elsewhere.ts';

const LINKS = [
  '/state',
  '/slaves',
  '/frameworks',
  '/tasks',
  '/roles',
  '/metrics/snapshot',
  '/help',
];

/** Rows of each table at most; the rest is in the JSON. */
const ROWS_MAX = 200;

export function landingPage(master: Master): string {
  const title = escapeHtml(master.options.cluster ?? 'Orrery');
  return page(title, master.isLeading ? overview(master.state) : elsewhere(master));
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}td,th{text-align:left;padding:.2em 1em .2em 0}</style>
</head><body>
<h1>${title}</h1>
${content}
</body></html>
`;
}

function elsewhere({ leader }: Master): string {
  if (leader === undefined) return '<p>No leader elected</p>';
  const location = escapeHtml(locationOf(leader));
  return `<p>This master does not lead. The leader is <a href="${location}">${location}</a>.</p>`;
}

function overview(state: MasterState): string {
  const links = LINKS.map((link) => `<a href="${link}">${link}</a>`).join(' ');
  return `<p>Master ${escapeHtml(state.info.id)} at ${escapeHtml(state.info.pid ?? '')}, version ${escapeHtml(state.info.version ?? '')}.</p>
<p>${links}</p>
${table('Agents', ['id', 'hostname', 'state'], agentRows(state))}
${table('Frameworks', ['id', 'name', 'state', 'tasks'], frameworkRows(state))}`;
}

function agentRows(state: MasterState): readonly (readonly string[])[] {
  return [...state.agents.values()].map((agent) => [
    agent.id,
    agent.info.hostname,
    agent.active ? 'active' : 'inactive',
  ]);
}

function frameworkRows(state: MasterState): readonly (readonly string[])[] {
  return [...state.frameworks.values()].map((framework) => [
    framework.id,
    framework.info.name,
    framework.state,
    String(framework.tasks.size),
  ]);
}

function table(
  title: string,
  names: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const head = names.map((name) => `<th>${name}</th>`).join('');
  const body = rows
    .slice(0, ROWS_MAX)
    .map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`);
  const count = `${title} (${rows.length})`;
  return `<h2>${count}</h2><table><tr>${head}</tr>${body.join('')}</table>`;
}
