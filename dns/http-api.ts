/** The read-only HTTP API (spec mesos-dns, section 7). */
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteHandlerMethod,
} from 'fastify';
import type { Metrics } from '../core/base/metrics.ts';
import { cleanName } from './answers.ts';
import type { ClusterNames } from './cluster-names.ts';
import type { CompiledDnsOptions } from './config.ts';
import { configDocument } from './config-document.ts';
import type { DnsCounters } from './counters.ts';
import { goJson } from './go-json.ts';
import { type RecordSet, splitService } from './record-set.ts';
import type { RecordType } from './records.ts';

export interface HttpApiSources {
  readonly options: CompiledDnsOptions;
  readonly names: ClusterNames;
  readonly counters: DnsCounters;
  readonly metrics: Metrics;
  readonly version: string;
  serial(): number;
}

const SERVICE_NAME = 'Mesos-DNS';
const SERVICE_URL = 'https://github.com/mesosphere/mesos-dns';

/** Routes only; the caller listens and closes. */
export function createHttpApi(sources: HttpApiSources): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: true, exposeHeadRoutes: false });
  const get = (path: string, handler: RouteHandlerMethod): void => {
    app.get(path, handler);
    app.route({
      method: ['HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
      url: path,
      handler: (_request, reply) => plain(reply, 405, '405: Method Not Allowed'),
    });
  };
  const route = (path: string, render: (request: FastifyRequest) => unknown): void => {
    get(path, (request, reply) => {
      if (!acceptsJson(request.headers.accept)) return plain(reply, 406, '406: Not Acceptable');
      return reply
        .code(200)
        .header('content-type', 'application/json')
        .send(Buffer.from(goJson(render(request))));
    });
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null, undefined);
  });
  app.setNotFoundHandler((_request, reply) => plain(reply, 404, '404: Page Not Found'));
  app.setErrorHandler((_error, _request, reply) => plain(reply, 400, '400: Bad Request'));
  route('/v1/version', () => ({
    Service: SERVICE_NAME,
    URL: SERVICE_URL,
    Version: sources.version,
  }));
  route('/v1/config', () => configDocument(sources.options, sources.serial()));
  route('/v1/hosts/:host', (request) => lookUpHost(sources, parameter(request, 'host')));
  route('/v1/services/:service', (request) =>
    lookUpService(sources, parameter(request, 'service')),
  );
  route('/v1/metrics', () => sources.metrics.snapshot());
  get('/v1/metrics/prometheus', async (_request, reply) =>
    plain(reply, 200, await sources.metrics.prometheus()),
  );
  get('/v1/hosts/:host/ports', (_request, reply) => plain(reply, 501, 'To be implemented...'));
  if (sources.options.enumerationOn) {
    route('/v1/enumerate', () => enumeration(sources.names));
    route('/v1/axfr', () => zoneTransfer(sources));
  }
  return app;
}

function plain(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header('content-type', 'text/plain').send(text);
}

/** `application/json`, any wildcard that covers it, and no header are fine. */
function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((range) => {
    const type = range.split(';')[0]?.trim().toLowerCase();
    return type === 'application/json' || type === '*/*' || type === 'application/*';
  });
}

function parameter(request: FastifyRequest, name: string): string {
  const { params } = request;
  if (typeof params !== 'object' || params === null) return '';
  const value = Object.entries(params).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : '';
}

function withDot(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** Counts a lookup as a query. */
function countLookup(sources: HttpApiSources, name: string, isFound: boolean): void {
  const domain = `${sources.options.domain}.`;
  if (name === domain || name.endsWith(`.${domain}`)) {
    sources.counters.MesosRequests.increment();
    if (isFound) sources.counters.MesosSuccess.increment();
    else sources.counters.MesosNXDomain.increment();
    return;
  }
  sources.counters.NonMesosRequests.increment();
  sources.counters.NonMesosFailed.increment();
}

function lookUpHost(sources: HttpApiSources, given: string): unknown {
  const host = withDot(cleanName(given));
  const { records } = sources.names;
  const addresses = [...records.values(host, 'A'), ...records.values(host, 'AAAA')];
  countLookup(sources, host, addresses.length > 0);
  if (addresses.length === 0) return [{ host: '', ip: '' }];
  return addresses.map((ip) => ({ host, ip }));
}

function lookUpService(sources: HttpApiSources, given: string): unknown {
  const name = withDot(cleanName(given));
  const { records } = sources.names;
  const found = records.values(name, 'SRV').flatMap((value) => {
    const service = splitService(value);
    if (service === undefined) return [];
    const { target, port } = service;
    const addresses = [...records.values(target, 'A').slice(0, 1)];
    addresses.push(...records.values(target, 'AAAA').slice(0, 1));
    return addresses.map((ip) => ({ service: given, host: target, ip, port: String(port) }));
  });
  countLookup(sources, name, found.length > 0);
  return found.length === 0 ? [{ service: '', host: '', ip: '', port: '' }] : found;
}

function enumeration(names: ClusterNames): unknown {
  const frameworks = names.enumerate().map(({ name, tasks }) => ({
    tasks: tasks.map((task) => ({
      name: task.name,
      id: task.id,
      records: task.records.length === 0 ? null : task.records,
    })),
    name,
  }));
  return { frameworks };
}

function zoneTransfer(sources: HttpApiSources): unknown {
  const { options, names } = sources;
  return {
    TTL: options.ttl,
    Serial: sources.serial(),
    RefreshSeconds: options.refreshSeconds,
    Mname: options.SOAMname,
    Rname: options.SOARname,
    Domain: options.domain,
    Records: {
      As: valuesByName(names.records, 'A'),
      AAAAs: valuesByName(names.records, 'AAAA'),
      SRVs: valuesByName(names.records, 'SRV'),
    },
  };
}

function valuesByName(records: RecordSet, type: RecordType): Record<string, readonly string[]> {
  const table: Record<string, readonly string[]> = {};
  for (const [name, entry] of records.sorted()) {
    const values = entry.records.filter((each) => each.type === type).map((each) => each.value);
    if (values.length > 0) table[name] = values;
  }
  return table;
}
