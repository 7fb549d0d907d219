/** A plain page that lists the apps, until there is a web UI. */
import type { MarathonState } from '../machine/state.ts';

export function startPage(state: MarathonState): string {
  const rows = [...state.root.apps.values()].map((app) => {
    const running = state.instances.of(app.id).filter(({ condition }) => condition === 'Running');
    const status = state.deploymentsOf(app.id).length > 0 ? 'Deploying' : 'Running';
    const cells = [
      `<a href="/v2/apps${escapeHtml(app.id)}">${escapeHtml(app.id)}</a>`,
      String(app.mem),
      String(app.cpus),
      `${running.length} / ${app.instances}`,
      app.instances === 0 ? 'Suspended' : status,
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const empty = '<tr><td colspan="5">No apps yet. POST one to /v2/apps.</td></tr>';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Marathon</title>
<style>body{font:15px sans-serif;margin:2rem}table{border-collapse:collapse}
td,th{padding:.3rem 1rem .3rem 0;text-align:left}</style></head>
<body><h1>Marathon</h1>
<table><thead><tr><th>ID</th><th>Memory (MB)</th><th>CPU</th><th>Instances</th><th>Status</th></tr></thead>
<tbody>${rows.length === 0 ? empty : rows.join('\n')}</tbody></table>
<p>API: <a href="/v2/apps">apps</a>, <a href="/v2/deployments">deployments</a>,
<a href="/v2/queue">queue</a>, <a href="/v2/info">info</a>.</p></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
}
