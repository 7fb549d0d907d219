/** Figures over time: the values as `/graphdata`, a page that draws them as `/graphview` (spec aurora-scheduler, section 10). */
import type { FastifyInstance } from 'fastify';
import type { VarsHistory } from '../vars-history.ts';
import { htmlPage } from './html.ts';

interface GraphQuery {
  readonly metrics?: string;
  readonly since?: string;
}

const METRICS_MAX = 50;
const REFRESH_SECS = 10;

export function declareGraphs(app: FastifyInstance, history: VarsHistory): void {
  app.get<{ Querystring: GraphQuery }>('/graphdata', ({ query }, reply) => {
    const { metrics, since } = query;
    if (metrics === undefined || metrics === '') return history.knownNames;
    const names = metrics.split(',');
    const known = new Set(history.knownNames);
    const unknown = names.filter((name) => !known.has(name));
    const from = since === undefined || since === '' ? 0 : Number(since);
    if (unknown.length > 0 || names.length > METRICS_MAX || !Number.isFinite(from)) {
      const what =
        unknown.length > 0 ? `There is no ${unknown[0]}` : 'Too many metrics, or no time';
      return reply.code(400).type('text/plain').send(what);
    }
    return { names: ['time', ...names], data: history.rows(names, from) };
  });
  for (const path of ['/graphview', '/graphview.html']) {
    app.get(path, (_request, reply) =>
      reply
        .header('refresh', String(REFRESH_SECS))
        .type('text/html; charset=utf-8')
        .send(htmlPage('Graphs', PAGE)),
    );
  }
}

/** The names stand in the address (`?query=a,b`). */
const PAGE = `<form><input name="query" size="60" list="names" placeholder="names, with commas"><datalist id="names"></datalist> <input type="submit" value="Draw"></form>
<canvas id="graph" width="900" height="400"></canvas><ul id="legend"></ul>
<script>
const wanted = new URLSearchParams(location.search).get('query') || 'jvm_uptime_secs';
document.querySelector('input').value = wanted;
const canvas = document.getElementById('graph'), legend = document.getElementById('legend');
const pen = canvas.getContext('2d'), colour = (at) => 'hsl(' + at * 67 % 360 + ' 70% 45%)';
const item = (text, at) => { const line = document.createElement('li'); line.textContent = text; line.style.color = colour(at); return line; };
async function draw() {
  const answer = await fetch('graphdata?metrics=' + encodeURIComponent(wanted));
  if (!answer.ok) { legend.replaceChildren(item(await answer.text(), 0)); return; }
  const { names, data } = await answer.json();
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (data.length === 0) return;
  const first = data[0][0], span = Math.max(1, data[data.length - 1][0] - first);
  const all = data.flatMap((row) => row.slice(1)), most = Math.max(...all), least = Math.min(0, ...all);
  names.slice(1).forEach((name, at) => {
    pen.strokeStyle = colour(at);
    pen.beginPath();
    for (const row of data) pen.lineTo((row[0] - first) / span * canvas.width, canvas.height - (row[at + 1] - least) / Math.max(1e-9, most - least) * canvas.height);
    pen.stroke();
  });
  legend.replaceChildren(...names.slice(1).map((name, at) => item(name + ': ' + data[data.length - 1][at + 1], at)));
}
fetch('graphdata').then((answer) => answer.json()).then((names) => document.getElementById('names').replaceChildren(...names.map((name) => new Option(name, name))));
draw();
</script>`;
