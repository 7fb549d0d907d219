/** A small page at `/` that lists the jobs; it stands in for the web interface. */
import { jobStateText } from '../graph.ts';
import { lastOutcome } from '../job.ts';
import type { JobEntry } from '../state.ts';
import type { ChronosApi } from './api.ts';

/** Rows shown; the rest is counted. */
const ROWS_MAX = 1_000;

export function statusPage(api: ChronosApi): string {
  const entries = [...api.state.shownJobs()];
  const rows = entries.slice(0, ROWS_MAX).map((entry) => row(api, entry));
  const more = entries.length - rows.length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>CHRONOS</title>
<style>
body { font: 15px system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: 0.3rem 1.2rem 0.3rem 0; }
.disabled { text-decoration: line-through; }
</style>
</head>
<body>
<h1>CHRONOS</h1>
<p>${entries.length} jobs</p>
<table>
<thead><tr><th>Job</th><th>Next run</th><th>Status</th><th>State</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
${more > 0 ? `<p>and ${more} more: <a href="v1/scheduler/jobs">v1/scheduler/jobs</a></p>` : ''}
</body>
</html>
`;
}

function row(api: ChronosApi, { job }: JobEntry): string {
  const next = job.trigger.kind === 'schedule' ? job.trigger.schedule : '—';
  const shown = [next, lastOutcome(job), jobStateText(api.state, job.name)];
  const cells = shown.map((text) => `<td>${escaped(text)}</td>`).join('');
  const kind = job.disabled ? ' class="disabled"' : '';
  return `<tr${kind}><td>${escaped(job.name)}</td>${cells}</tr>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
