import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Metrics } from '../../core/base/metrics.ts';
import { ClusterNames } from '../../dns/cluster-names.ts';
import { compileDnsOptions, DEFAULT_DNS_CONFIG, type DnsConfig } from '../../dns/config.ts';
import { createDnsCounters } from '../../dns/counters.ts';
import { goJson } from '../../dns/go-json.ts';
import { createHttpApi } from '../../dns/http-api.ts';
import { readOperatorEvent } from '../../dns/operator-events.ts';
import { v1 } from './support/fake-master.ts';

function apiOf(changes: Partial<DnsConfig> = {}): FastifyInstance {
  const names = new ClusterNames(
    { domain: 'mesos', labelRule: 'rfc1123', addressSources: ['netinfo', 'host'] },
    { name: 'ns1.mesos.', addresses: ['10.0.0.53'] },
  );
  const running = { name: 'web', framework: 'F1', agent: 'x-S0', state: 'TASK_RUNNING' } as const;
  for (const event of [
    v1.frameworkAdded(v1.framework('F1', 'marathon')),
    v1.agentAdded(v1.agent('x-S0', '10.1.1.1')),
    v1.taskAdded(v1.task({ ...running, id: 'test', ports: [[31_000, 31_000]], ip: '10.2.2.2' })),
  ]) {
    const change = readOperatorEvent(event);
    if (change !== undefined) names.apply(change, (host) => [host]);
  }
  const options = compileDnsOptions(
    { ...DEFAULT_DNS_CONFIG, masters: ['1.2.3.4:5050'], ...changes },
    { systemResolvers: () => [], readText: () => '' },
    '/etc/config.json',
  );
  if (!options.ok) throw new Error(options.error);
  const metrics = new Metrics();
  const counters = createDnsCounters(metrics);
  const serial = (): number => 1_700_000_000;
  return createHttpApi({ options: options.value, names, counters, metrics, version: 'v1', serial });
}

async function get(path: string, api = apiOf()): Promise<string> {
  const response = await api.inject({ method: 'GET', url: path });
  assert.equal(response.statusCode, 200, path);
  assert.equal(response.headers['content-type'], 'application/json');
  return response.body;
}

test('the version is shown as the original formats it', async () => {
  assert.equal(
    await get('/v1/version'),
    '{\n  "Service": "Mesos-DNS",\n  "URL": "https://github.com/mesosphere/mesos-dns",\n  "Version": "v1"\n }',
  );
});

test('a host is looked up in any case, with or without its dot', async () => {
  const expected = [{ host: 'web.marathon.mesos.', ip: '10.2.2.2' }];
  for (const name of ['web.marathon.mesos', 'web.marathon.mesos.', 'WEB.*.marathon.mesos']) {
    assert.deepEqual(JSON.parse(await get(`/v1/hosts/${name}`)), expected);
  }
});

test('an unknown host or service is one empty record', async () => {
  assert.equal(await get('/v1/hosts/no.mesos'), '[\n  {\n   "host": "",\n   "ip": ""\n  }\n ]');
  assert.deepEqual(JSON.parse(await get('/v1/services/_no._tcp.mesos')), [
    { service: '', host: '', ip: '', port: '' },
  ]);
});

test('a service gives target, address and port, under the name as it was asked', async () => {
  assert.deepEqual(JSON.parse(await get('/v1/services/_WEB._tcp.marathon.mesos')), [
    {
      service: '_WEB._tcp.marathon.mesos',
      host: 'web-iffe9-s0.marathon.slave.mesos.',
      ip: '10.1.1.1',
      port: '31000',
    },
  ]);
});

test('enumeration lists frameworks with tasks and their records', async () => {
  const { frameworks } = JSON.parse(await get('/v1/enumerate'));
  assert.deepEqual(Object.keys(frameworks[0]), ['tasks', 'name']);
  assert.equal(frameworks[0].tasks[0].records.length, 8);
  assert.deepEqual(frameworks[0].tasks[0].records[0], {
    name: 'web.marathon.mesos.',
    host: '10.2.2.2',
    rtype: 'A',
  });
});

test('a transfer gives the zone and all records by type', async () => {
  const zone = JSON.parse(await get('/v1/axfr'));
  const { Records, ...rest } = zone;
  assert.deepEqual(rest, {
    TTL: 60,
    Serial: 1_700_000_000,
    RefreshSeconds: 60,
    Mname: 'ns1.mesos.',
    Rname: 'root.ns1.mesos.',
    Domain: 'mesos',
  });
  assert.deepEqual(Object.keys(Records), ['As', 'AAAAs', 'SRVs']);
  assert.deepEqual(Records.As['ns1.mesos.'], ['10.0.0.53']);
  assert.deepEqual(Records.AAAAs, {});
});

test('without enumeration its two routes do not exist', async () => {
  const api = apiOf({ enumerationOn: false });
  for (const url of ['/v1/enumerate', '/v1/axfr', '/', '/v2/version']) {
    const response = await api.inject({ method: 'GET', url });
    assert.deepEqual([response.statusCode, response.body], [404, '404: Page Not Found']);
  }
});

test('wrong methods and types are refused in plain text', async () => {
  const api = apiOf();
  const post = await api.inject({ method: 'POST', url: '/v1/version', payload: 'x' });
  assert.deepEqual([post.statusCode, post.body], [405, '405: Method Not Allowed']);
  const deleted = await api.inject({ method: 'DELETE', url: '/v1/hosts/a.mesos/ports' });
  assert.deepEqual([deleted.statusCode, deleted.body], [405, '405: Method Not Allowed']);
  const headers = { accept: 'text/html' };
  const html = await api.inject({ method: 'GET', url: '/v1/version', headers });
  assert.deepEqual([html.statusCode, html.body], [406, '406: Not Acceptable']);
  for (const accept of ['*/*', 'application/json', 'text/html, */*;q=0.1', '']) {
    const answer = await api.inject({ method: 'GET', url: '/v1/version', headers: { accept } });
    assert.equal(answer.statusCode, 200, accept);
  }
  const ports = await api.inject({ method: 'GET', url: '/v1/hosts/a/ports' });
  assert.deepEqual([ports.statusCode, ports.body], [501, 'To be implemented...']);
});

test('the configuration is shown under the names of the original, without the secret', async () => {
  const api = apiOf({ mesosCredentials: { principal: 'p', secret: 'hidden' } });
  const text = await get('/v1/config', api);
  assert.doesNotMatch(text, /hidden/);
  const config = JSON.parse(text);
  assert.deepEqual(Object.keys(config).slice(0, 4), [
    'RefreshSeconds',
    'Port',
    'Timeout',
    'StateTimeoutSeconds',
  ]);
  assert.equal(Object.keys(config).length, 38);
  assert.deepEqual(config.MesosCredentials, { Principal: 'p', Secret: '******' });
  assert.equal(config.File, '/etc/config.json');
  assert.equal(config.SOAMname, 'ns1.mesos.');
});

test('JSON is escaped and indented like that of the original', () => {
  assert.equal(
    goJson({ a: '<&>', b: [], c: {}, d: null }),
    ['{', '  "a": "\\u003c\\u0026\\u003e",', '  "b": [],', '  "c": {},', '  "d": null', ' }'].join(
      '\n',
    ),
  );
});

test('lookups count as queries, and metrics show it as JSON and for Prometheus', async () => {
  const api = apiOf();
  for (const path of [
    '/v1/hosts/web.marathon.mesos',
    '/v1/hosts/no.mesos',
    '/v1/services/_web._tcp.marathon.mesos',
    '/v1/hosts/example.com',
  ]) {
    await get(path, api);
  }
  assert.deepEqual(JSON.parse(await get('/v1/metrics', api)), {
    'dns/MesosFailed': 0,
    'dns/MesosNXDomain': 1,
    'dns/MesosRequests': 3,
    'dns/MesosSuccess': 2,
    'dns/NonMesosFailed': 1,
    'dns/NonMesosForwarded': 0,
    'dns/NonMesosNXDomain': 0,
    'dns/NonMesosRequests': 1,
    'dns/NonMesosSuccess': 0,
  });
  const prometheus = await api.inject('/v1/metrics/prometheus');
  assert.equal(prometheus.headers['content-type'], 'text/plain');
  assert.match(prometheus.body, /^# TYPE dns_MesosRequests counter\ndns_MesosRequests 3$/m);
  // Asked twice, counted once.
  assert.equal((await api.inject('/v1/metrics/prometheus')).body, prometheus.body);
});

test('options of ours are shown only where they are on', async () => {
  const config = JSON.parse(await get('/v1/config', apiOf({ onlyHealthy: true })));
  assert.equal(config.OnlyHealthy, true);
  assert.equal('LeaveOutDraining' in config, false);
});
