import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsGzip, acceptsMediaType } from '../../../core/net/media-types.ts';
import { RouteTable } from '../../../core/net/routes.ts';

function tableOf(delegate: string | undefined, ...urls: readonly string[]): RouteTable {
  const table = new RouteTable(delegate);
  for (const url of urls) table.add(url);
  return table;
}

test('paths reach the routes of the original', () => {
  const table = tableOf(
    'master',
    '/master',
    '/master/state',
    '/master/quota',
    '/master/api/v1',
    '/master/api/v1/scheduler',
    '/metrics/snapshot',
    '/version',
    '/files/:verb',
  );
  const cases: readonly (readonly [string, string])[] = [
    ['/', '/master'],
    ['/state', '/master/state'],
    ['/master/state', '/master/state'],
    ['/master/state/', '/master/state'],
    ['/state?jsonp=x', '/master/state?jsonp=x'],
    ['/state.json?a=/b', '/master/state?a=/b'],
    ['/master/state/xyz', '/master/state'],
    ['/quota/role1', '/master/quota'],
    ['/api/v1', '/master/api/v1'],
    ['/api/v1/scheduler', '/master/api/v1/scheduler'],
    ['/metrics/snapshot/x', '/metrics/snapshot'],
    ['/version/x', '/version/x'],
    ['/nowhere', '/master/nowhere'],
    ['/files/browse.json', '/files/browse.json'],
    ['/a/../version', '/..'],
    ['//version', '/..'],
    ['http://x:1/version', '/version'],
  ];
  for (const [url, resolved] of cases) assert.equal(table.resolve(url), resolved, url);
});

test('the agent is reached with and without escapes', () => {
  const table = tableOf('slave(1)', '/slave(1)/state', '/slave(1)/monitor/statistics');
  for (const url of ['/state', '/slave(1)/state', '/slave%281%29/state']) {
    assert.equal(table.resolve(url), '/slave(1)/state', url);
  }
  assert.equal(table.resolve('/monitor/statistics.json'), '/slave(1)/monitor/statistics');
});

test('routes that were declared without the delegate are found under it too', () => {
  const table = tableOf('master', '/state');
  assert.equal(table.resolve('/master/state'), '/state');
  assert.equal(table.resolve('/state'), '/state');
});

test('a redirect keeps everything but puts the delegate in front', () => {
  const table = tableOf('master', '/master/state');
  assert.equal(table.delegated('/state/?x=1'), '/master/state/?x=1');
  assert.equal(table.delegated('/master/state'), '/master/state');
});

test('without a delegate only the trailing slash goes', () => {
  assert.equal(tableOf(undefined, '/v2/apps').resolve('/v2/apps/?embed=x'), '/v2/apps?embed=x');
});

test('the Accept header is matched as the original does', () => {
  const json = (accept: string | undefined): boolean =>
    acceptsMediaType(accept, 'application/json');
  for (const accept of [undefined, '*/*', 'application/*', 'text/html, Application/JSON;q=0.5']) {
    assert.ok(json(accept), String(accept));
  }
  for (const accept of ['', 'text/html', 'application/json;q=0, */*', 'application/xml']) {
    assert.ok(!json(accept), accept);
  }
});

test('gzip needs to be asked for', () => {
  assert.ok(acceptsGzip('deflate, GZIP'));
  assert.ok(acceptsGzip('*'));
  for (const none of [undefined, '', 'gzip;q=0', 'x-gzip']) assert.ok(!acceptsGzip(none));
});

test('of a quality counts whether it is above 0, when there is exactly one that says so', () => {
  const allowing = ['gzip;q=0.001', 'gzip;q=1', 'gzip ; q = 0.5', 'gzip;q', 'gzip;q=', 'gzip;Q=0'];
  allowing.push('gzip;q=0;q=0', '*;q=0, gzip', 'identity;q=0, gzip', 'br, *;q=0.1');
  for (const header of allowing) assert.ok(acceptsGzip(header), header);
  const refusing = ['gzip;q=0.0', 'gzip;q=-1', 'gzip;q=x', 'gzip;level=9;q=0', '*;q=0'];
  refusing.push('gzip;q=0, *', 'identity;q=0', 'identity', ',', ';q=1');
  for (const header of refusing) assert.ok(!acceptsGzip(header), header);
});
