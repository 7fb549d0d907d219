/** How the leading scheduler is found and asked: retries, redirects, credentials, encodings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterError } from '../../../../core/base/errors.ts';
import { parseClusters } from '../../../../schedulers/aurora/client/clusters.ts';
import { loginFor } from '../../../../schedulers/aurora/client/netrc.ts';
import { urlOfMember } from '../../../../schedulers/aurora/client/scheduler-client.ts';
import { type Answer, okay, refusal, START, World, type WorldOptions } from './fake-world.ts';
import { KEY } from './jobs.ts';

const QUOTA = okay({ getQuotaResult: { quota: { resources: [] } } });

function clusters(fields: Readonly<Record<string, unknown>>): WorldOptions['files'] {
  return { '/home/someone/.aurora/clusters.json': JSON.stringify({ west: fields }) };
}

/** One answer after another; the last one stays. */
function answers(...given: readonly Answer[]): () => Answer {
  let at = 0;
  return () => {
    const answer = given[Math.min(at, given.length - 1)] ?? okay();
    at += 1;
    return answer;
  };
}

const REFUSED = new ClusterError('CONNECTION', 'connect ECONNREFUSED', { retriable: true });
const LOST = new ClusterError('CONNECTION', 'socket hang up', { retriable: true });

test('calls are binary Thrift both ways, posted to /api', async () => {
  const it = new World({ answer: () => QUOTA });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 0);
  const [request] = it.requests;
  assert.equal(request?.method, 'POST');
  assert.equal(request?.url, 'http://scheduler:8081/api');
  const { accept, 'content-type': type } = request?.headers ?? {};
  assert.deepEqual([type, accept], Array(2).fill('application/vnd.apache.thrift.binary'));
});

test('a scheduler that is not ready, gone or silent is asked again every five seconds', async () => {
  const it = new World({
    answer: answers(REFUSED, { status: 503 }, LOST, refusal('ERROR_TRANSIENT', 'wait'), QUOTA),
  });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 0);
  assert.equal(it.requests.length, 5);
  assert.equal(it.clock.now() - START >= 20_000, true);
});

test('after ten minutes it is given up', async () => {
  const it = new World({ answer: () => LOST });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 7);
  assert.equal(it.requests.length, 121);
  assert.match(it.err.join('\n'), /^Error connecting to scheduler: scheduler:8081: socket hang up/);
  const busy = new World({ answer: () => refusal('ERROR_TRANSIENT', 'wait') });
  assert.equal(await busy.aurora('quota', 'get', 'west/bozo'), 10);
  assert.deepEqual(busy.err, ['Error retrieving quota for role bozo', '\twait']);
});

test('what may have been done is not done twice', async () => {
  const it = new World({ answer: () => LOST });
  assert.equal(await it.aurora('cron', 'start', KEY), 7);
  assert.equal(it.requests.length, 1);
  const refused = new World({ answer: answers(REFUSED, { status: 503 }, okay()) });
  assert.equal(await refused.aurora('cron', 'start', KEY), 0);
  assert.equal(refused.requests.length, 3);
});

test('a redirect to the leader is followed with the whole call, and remembered', async () => {
  const it = new World({
    answer: (_, url) =>
      url.startsWith('http://leader')
        ? QUOTA
        : { status: 307, headers: { location: 'http://leader:9/api' } },
  });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 0);
  assert.deepEqual(
    it.requests.map(({ url }) => url),
    ['http://scheduler:8081/api', 'http://leader:9/api'],
  );
});

test('redirects in a circle do not go on for ever', async () => {
  const it = new World({
    answer: (_, url) => ({ status: 307, headers: { location: url } }),
  });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 7);
});

test('who is not known or not permitted ends with 30', async () => {
  for (const status of [401, 403]) {
    const it = new World({ answer: () => ({ status }) });
    assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 30);
  }
  const it = new World({ answer: () => refusal('AUTH_FAILED', 'Subject x lacks permission y') });
  assert.equal(await it.aurora('job', 'killall', '--no-batching', KEY), 30);
});

test('an authentication that we do not have is refused by name', async () => {
  const files = clusters({ scheduler_uri: 'http://s:1', auth_mechanism: 'KERBEROS' });
  const it = new World({ files: files ?? {} });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 30);
  assert.deepEqual(it.err, ['auth_mechanism KERBEROS of cluster west is not supported']);
});

test('name and password come from .netrc for the host', async () => {
  const netrc = 'machine other login a password b\nmachine scheduler login me password "se cret"\n';
  const it = new World({ files: { '/home/someone/.netrc': netrc }, answer: () => QUOTA });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 0);
  const token = Buffer.from('me:se cret').toString('base64');
  assert.equal(it.requests[0]?.headers?.['authorization'], `Basic ${token}`);
  assert.deepEqual(loginFor('default login x password y', 'any'), { user: 'x', password: 'y' });
  assert.equal(loginFor(netrc, 'unknown'), undefined);
});

const MEMBER = (port: number) =>
  JSON.stringify({
    serviceEndpoint: { host: 'h', port },
    additionalEndpoints: { http: { host: 'h', port } },
    status: 'ALIVE',
  });

test('the leader is found in ZooKeeper, again after it has gone', async () => {
  const files = clusters({ zk: 'a,b:99', zk_port: 2182, scheduler_zk_path: '/aurora' }) ?? {};
  let port = 1;
  const it = new World({
    files,
    members: () => [MEMBER(port)],
    answer: (_, url) => {
      if (url.startsWith('http://h:2/')) return QUOTA;
      port = 2;
      return LOST;
    },
  });
  assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 0);
  assert.deepEqual(
    it.requests.map(({ url }) => url),
    ['http://h:1/api', 'http://h:2/api'],
  );
  const none = new World({ files, members: () => [] });
  assert.equal(await none.aurora('quota', 'get', 'west/bozo'), 7);
  assert.deepEqual(none.err, ['No schedulers detected in west!']);
  assert.equal(none.clock.now() - START <= 60_000, true);
});

test('https is taken before http, and what cannot be read announces nothing', () => {
  const https = { host: 's', port: 2 };
  const text = JSON.stringify({ additionalEndpoints: { http: { host: 'h', port: 1 }, https } });
  assert.equal(urlOfMember(text), 'https://s:2');
  assert.equal(urlOfMember(MEMBER(3)), 'http://h:3');
  for (const bad of ['', '[]', 'null', '{"additionalEndpoints": 3}']) {
    assert.equal(urlOfMember(bad), undefined);
  }
});

test("clusters of the user replace the system's of the same name; both forms are read", () => {
  const list = parseClusters('x', '[{"name": "a", "zk": "h1, h2:5", "zk_port": 3}]').get('a');
  assert.deepEqual(list?.zk, [
    { host: 'h1', port: 3 },
    { host: 'h2', port: 5 },
  ]);
  const named = parseClusters('x', '{"b": {"scheduler_uri": "http://x"}}').get('b');
  assert.equal(named?.schedulerUri, 'http://x');
  assert.equal(named?.authMechanism, 'UNAUTHENTICATED');
});

test('files of clusters that make no sense are refused', async () => {
  for (const text of ['nonsense', '3', '[3]', '[{}]', '[{"name": "a", "zk": []}]']) {
    const it = new World({ files: { '/etc/aurora/clusters.json': text } });
    assert.equal(await it.aurora('quota', 'get', 'west/bozo'), 3, text);
  }
  const it = new World({
    files: { '/conf/clusters.json': '[{"name": "north", "scheduler_uri": "http://n:1"}]' },
    environment: { AURORA_CONFIG_ROOT: '/conf' },
    answer: () => QUOTA,
  });
  assert.equal(await it.aurora('quota', 'get', 'north/bozo'), 0);
});

test('links begin with the proxy when there is one', async () => {
  const files = clusters({ scheduler_uri: 'http://s:1', proxy_url: 'http://pages/' });
  const it = new World({ files: files ?? {} });
  assert.equal(await it.aurora('cron', 'start', KEY), 0);
  assert.deepEqual(it.out, ['Cron job started. View it at http://pages/scheduler/bozo/test/hello']);
});
