/** Election, announcement and life of scheduler processes under virtual time (spec aurora-scheduler, sections 9 and 10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { ZooKeeperClient } from '../../../core/net/zookeeper/client.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { SimulatedZooKeeper } from '../../../core/testing/zookeeper.ts';
import {
  declareLeaderHealth,
  type LeaderView,
  redirectToLeader,
} from '../../../schedulers/aurora/http/leader-redirect.ts';
import { Leading } from '../../../schedulers/aurora/leading.ts';
import { endpointOf, memberText, ServerSet } from '../../../schedulers/aurora/server-set.ts';
import { ZooKeeperLeadership } from '../../../schedulers/kit/leadership.ts';

const PATH = '/aurora/scheduler';

class World {
  readonly clock = new SimulatedClock();
  readonly zooKeeper = new SimulatedZooKeeper(this.clock);
  readonly events: string[] = [];
  private readonly random = new SeededRandom(7);

  async start(host: string): Promise<{ leading: Leading; client: ZooKeeperClient }> {
    const { clock, random, zooKeeper, events } = this;
    const servers = [{ host: 'z1', port: 2_181 }];
    const client = new ZooKeeperClient(
      { servers, sessionTimeoutMs: 9_000, credentials: undefined },
      { clock, random, log: silentLog, connect: zooKeeper.connect },
    );
    client.start();
    const system = { clock, random, log: silentLog };
    const leading = new Leading(
      { maxRegistrationDelayMs: 60_000, maxLeadingMs: 86_400_000 },
      {
        ...system,
        election: {
          leadership: new ZooKeeperLeadership(client, PATH, system),
          serverSet: new ServerSet(client, { path: PATH, endpointName: 'http' }, system),
        },
      },
      {
        recover: async () => void events.push(`${host}: recover`),
        subscribe: async () => void events.push(`${host}: subscribe`),
        halt: () => events.push(`${host}: halt`),
        fail: (why) => events.push(`${host}: ${why instanceof Error ? why.message : String(why)}`),
      },
    );
    await leading.start(async () => ({ host, port: 8_081 }));
    return { leading, client };
  }

  async pass(ms: number): Promise<string[]> {
    await this.clock.advance(ms);
    return this.events.splice(0);
  }

  /** Data of the announced members. */
  members(): readonly string[] {
    return Object.entries(this.zooKeeper.tree)
      .filter(([path]) => path.startsWith(`${PATH}/member_`))
      .map(([, data]) => String(data));
  }
}

test('the elected reads the state, subscribes, and is announced when the master has taken it', async () => {
  const world = new World();
  const { leading: a } = await world.start('a');
  assert.deepEqual(await world.pass(100), ['a: recover', 'a: subscribe']);
  assert.deepEqual([a.state, a.status], ['LEADER_AWAITING_REGISTRATION', 'no-leader']);
  const { leading: b } = await world.start('b');
  await world.pass(100);
  assert.deepEqual([b.state, b.status], ['STORAGE_PREPARED', 'no-leader']);
  a.registered();
  await world.pass(100);
  assert.deepEqual([a.state, a.status, b.status], ['ACTIVE', 'leading', 'not-leading']);
  assert.deepEqual(b.leader, { host: 'a', port: 8_081 });
  assert.deepEqual(world.members(), [
    '{"serviceEndpoint":{"host":"a","port":8081},"additionalEndpoints":{"http":{"host":"a","port":8081}},"status":"ALIVE"}',
  ]);
});

test('a leader that stops makes place at once', async () => {
  const world = new World();
  const { leading: a } = await world.start('a');
  await world.pass(100);
  a.registered();
  const { leading: b } = await world.start('b');
  await world.pass(100);
  void a.stop();
  assert.deepEqual(await world.pass(100), ['b: recover', 'b: subscribe']);
  assert.equal(b.status, 'no-leader');
  assert.deepEqual(world.members(), []);
  b.registered();
  await world.pass(100);
  assert.equal(b.status, 'leading');
});

test('a leader whose session is over acts no longer, and ends', async () => {
  const world = new World();
  const { leading: a, client } = await world.start('a');
  await world.pass(100);
  a.registered();
  await world.pass(100);
  world.zooKeeper.expire(client.sessionId ?? '');
  const events = await world.pass(20_000);
  assert.deepEqual(events, [
    'a: halt',
    'a: lost the leadership: the session with ZooKeeper has ended',
  ]);
  assert.equal(a.state, 'DEAD');
  assert.deepEqual(world.members(), []);
});

test('a leader ends when the master does not take it in time, and after having led for a day', async () => {
  const world = new World();
  await world.start('a');
  await world.pass(100);
  assert.deepEqual(await world.pass(60_000), [
    'a: halt',
    'a: the scheduler has not been registered with the master in time',
  ]);
  const second = new World();
  const { leading } = await second.start('b');
  await second.pass(100);
  leading.registered();
  assert.deepEqual(await second.pass(86_300_000), []);
  assert.deepEqual(await second.pass(200_000), [
    'b: halt',
    'b: the scheduler has led as long as one process may',
  ]);
});

test('while two say that they lead, nobody is told to lead', async () => {
  const world = new World();
  const { leading: a } = await world.start('a');
  await world.pass(100);
  a.registered();
  const { leading: b } = await world.start('b');
  const { client } = await world.start('c');
  await world.pass(100);
  assert.equal(b.status, 'not-leading');
  const path = `${PATH}/member_`;
  const data = Buffer.from(memberText({ host: 'x', port: 1 }, 'http'));
  await Promise.all([
    client.create(path, data, { isEphemeral: true, isSequential: true }),
    world.pass(100),
  ]);
  assert.deepEqual([b.leader, b.status], [undefined, 'no-leader']);
});

test('members of original schedulers are understood, other nodes name nobody', () => {
  const text =
    '{"additionalEndpoints":{"http":{"host":"h","port":80}},"serviceEndpoint":{"host":"h","port":80},"shard":0,"status":"ALIVE"}';
  assert.deepEqual(endpointOf(Buffer.from(text)), { host: 'h', port: 80 });
  for (const other of ['', 'x', '[]', 'null', '{"serviceEndpoint":{"host":1,"port":2}}']) {
    assert.equal(endpointOf(Buffer.from(other)), undefined, other);
  }
});

const LEADER = { host: 'leader', port: 8_081 };
const VIEWS: readonly (readonly [LeaderView, number, string])[] = [
  [{ status: 'leading', leader: undefined }, 200, 'This is the leading scheduler.'],
  [{ status: 'not-leading', leader: LEADER }, 503, 'Another instance is the leading scheduler.'],
  [
    { status: 'no-leader', leader: undefined },
    502,
    'There is no leading scheduler or the leader is unknown.',
  ],
];

test('who leads is told by a status and a text', async () => {
  for (const [view, status, text] of VIEWS) {
    const app = Fastify();
    redirectToLeader(app, view);
    declareLeaderHealth(app, view);
    const answer = await app.inject('/leaderhealth');
    assert.equal(answer.statusCode, status);
    assert.ok(answer.body.startsWith(`Current status: ${text}\n\n`), answer.body);
  }
});

test('what only the leader can answer is sent to it, path and query unchanged', async () => {
  const view = { status: 'not-leading' as const, leader: LEADER };
  const app = Fastify();
  redirectToLeader(app, view);
  app.all('/*', () => 'here');
  const paths = [
    ...[
      '/agents',
      '/api',
      '/apibeta/getQuota',
      '/cron',
      '/maintenance',
      '/mname/r/e/n/0',
      '/offers',
    ],
    ...['/pendingtasks', '/quotas?role=r', '/slaves', '/state', '/tiers', '/utilization/cpu'],
    ...['/assets/scheduler/x.js', '/v1/jobs', '/scheduler', '/scheduler/www/prod/web', '/updates/'],
  ];
  for (const url of paths) {
    const answer = await app.inject({ method: 'POST', url });
    assert.deepEqual(
      [answer.statusCode, answer.headers['location']],
      [307, `http://leader:8081${url}`],
    );
    const here = await app.inject({ url, headers: { 'bypass-leader-redirect': '' } });
    assert.equal(here.body, 'here', url);
  }
  const start = await app.inject('/');
  assert.equal(start.statusCode, 200);
  assert.match(start.body, /refresh" content="0; url=http:\/\/leader:8081\/"/);
  for (const url of ['/vars', '/vars.json', '/health', '/apihelp', '/statex']) {
    assert.equal((await app.inject(url)).body, 'here', url);
  }
});

test('without a leader a page says so', async () => {
  const app = Fastify();
  redirectToLeader(app, { status: 'no-leader', leader: undefined });
  const answer = await app.inject('/api');
  assert.equal(answer.statusCode, 503);
  assert.match(answer.body, /No Leader Found/);
});
