/** Task lists as text, which proxies of the 0.8 era read (spec marathon-rest, section 13.3). */
import type { FastifyRequest } from 'fastify';
import type { MarathonState } from '../machine/state.ts';
import { type App, servicePortsOf } from '../model/app.ts';
import { safeForm } from '../model/path-id.ts';
import { wantedHostPorts } from '../offers/ports.ts';

/** JSON wins for anything that takes both. */
export function wantsPlainText(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? '';
  return accept.includes('text/plain') && !/application\/json|\*\/\*/.test(accept);
}

/** One line per app and service port: `app<TAB>port<TAB>host:port<TAB>...`. */
export function plainTaskList(state: MarathonState, apps: readonly App[]): string {
  return apps.map((app) => linesOf(state, app)).join('');
}

function linesOf(state: MarathonState, app: App): string {
  const running = state.instances.of(app.id).filter(({ condition }) => condition === 'Running');
  const name = safeForm(app.id);
  const servicePorts = servicePortsOf(app);
  if (servicePorts.length === 0) {
    const hosts = running.map(({ agent }) => agent?.host ?? '').sort();
    return `${name}\t \t${hosts.map((host) => `${host}\t`).join('')}\n`;
  }
  const wanted = wantedHostPorts(app);
  return servicePorts
    .map((servicePort, index) => {
      // Mappings without a host port take no place among the task's ports.
      const position = wanted.slice(0, index).filter((port) => port !== undefined).length;
      const endpoints = running.flatMap(({ agent, tasks: [task] }) => {
        const port = wanted[index] === undefined ? undefined : task?.hostPorts[position];
        return port === undefined ? [] : [`${agent?.host ?? ''}:${port}`];
      });
      return `${name}\t${servicePort}\t${endpoints
        .sort()
        .map((each) => `${each}\t`)
        .join('')}\n`;
    })
    .join('');
}
