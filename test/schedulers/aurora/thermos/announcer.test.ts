import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../../core/base/log.ts';
import { SeededRandom } from '../../../../core/base/random.ts';
import { ZooKeeperClient } from '../../../../core/net/zookeeper/client.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import { SimulatedZooKeeper } from '../../../../core/testing/zookeeper.ts';
import {
  readTaskInstance,
  type TaskInstance,
} from '../../../../schedulers/aurora/config/task-instance.ts';
import {
  Announcer,
  announcedPath,
  memberJson,
} from '../../../../schedulers/aurora/thermos/announcer.ts';
import { credentialsOf } from '../../../../schedulers/aurora/thermos/executor-options.ts';

function instanceOf(announce: object | undefined): TaskInstance {
  const job = {
    ...{ role: 'www', environment: 'prod', cluster: 'c', name: 'web', announce },
    task: {
      processes: [{ name: 'run', cmdline: 'serve {{thermos.ports[http]}}' }],
      resources: { cpu: 1, ram: 1, disk: 1 },
    },
  };
  const ports = new Map([['http', 31_001]]);
  const read = readTaskInstance(JSON.stringify(job), {
    ...{ instance: 2, hostname: 'h1', taskId: 't', ports },
  });
  assert.ok(read.ok, read.ok ? '' : read.error);
  return read.value;
}

const MEMBER =
  '{"additionalEndpoints": {"aurora": {"host": "h1", "port": 31001}, "http": {"host": "h1", "port": 31001}}, ' +
  '"serviceEndpoint": {"host": "h1", "port": 31001}, "status": "ALIVE", "shard": 2}';

class World {
  readonly clock = new SimulatedClock();
  readonly zooKeeper = new SimulatedZooKeeper(this.clock);
  readonly client = new ZooKeeperClient(
    {
      servers: [{ host: 'z1', port: 2_181 }],
      ...{ sessionTimeoutMs: 9_000, credentials: undefined },
    },
    {
      clock: this.clock,
      random: new SeededRandom(7),
      log: silentLog,
      connect: this.zooKeeper.connect,
    },
  );

  announce(): Announcer {
    return new Announcer(
      { path: '/aurora/www/prod/web', json: MEMBER, joinLimitMs: 15_000 },
      { client: this.client, clock: this.clock, log: silentLog },
    );
  }

  members(): readonly string[] {
    const prefix = '/aurora/www/prod/web/';
    return Object.keys(this.zooKeeper.tree).flatMap((path) =>
      path.startsWith(prefix) ? [path.slice(prefix.length)] : [],
    );
  }
}

test('a member says its host, ports and instance, aliases too', () => {
  assert.equal(memberJson(instanceOf({}), 'h1'), MEMBER);
  assert.equal(memberJson(instanceOf(undefined), 'h1'), undefined);
  assert.match(
    memberJson(instanceOf({ primary_port: 'other', portmap: { fixed: '8080' } }), 'h1') ?? '',
    /"fixed": \{"host": "h1", "port": 8080\}.*"serviceEndpoint": \{"host": "h1", "port": 0\}/,
  );
});

test('a job names its own path only where it may', () => {
  const options = { root: '/aurora', allowsOwnPath: false };
  assert.deepEqual(announcedPath(instanceOf({}), options), {
    ok: true,
    value: '/aurora/www/prod/web',
  });
  const own = instanceOf({ zk_path: '/mine/web' });
  assert.equal(announcedPath(own, options).ok, false);
  const allowed = announcedPath(own, { ...options, allowsOwnPath: true });
  assert.deepEqual(allowed, { ok: true, value: '/mine/web' });
});

test('a task is announced while it runs', async () => {
  const world = new World();
  const announcer = world.announce();
  await world.clock.advance(20_000);
  assert.deepEqual(world.members(), ['member_0000000000']);
  assert.equal(world.zooKeeper.tree['/aurora/www/prod/web/member_0000000000'], MEMBER);
  assert.equal(announcer.report(), undefined);
  const stopped = announcer.stop();
  await world.clock.advance(1_000);
  await stopped;
  assert.deepEqual(world.members(), []);
});

test('a task whose session is lost is announced again', async () => {
  const world = new World();
  const announcer = world.announce();
  await world.clock.advance(1_000);
  world.zooKeeper.isDown = true;
  world.zooKeeper.cutAll();
  await world.clock.advance(30_000);
  world.zooKeeper.isDown = false;
  await world.clock.advance(30_000);
  assert.deepEqual(world.members(), ['member_0000000001']);
  assert.equal(announcer.report(), undefined);
  const stopped = announcer.stop();
  await world.clock.advance(1_000);
  await stopped;
});

test('a task that cannot be announced in time has failed', async () => {
  const world = new World();
  world.zooKeeper.isDown = true;
  const announcer = world.announce();
  await world.clock.advance(14_999);
  assert.equal(announcer.report(), undefined);
  await world.clock.advance(1);
  assert.deepEqual(announcer.report(), {
    state: 'FAILED',
    message: 'Creating Announcer Serverset timed out.',
  });
  const stopped = announcer.stop();
  await world.clock.advance(1_000);
  await stopped;
});

test('one digest credential is taken, everything else is refused by name', () => {
  const digest = { scheme: 'digest', credential: 'user:pass' };
  const taken = credentialsOf({ auth: [digest], acl: [{ ...digest, permissions: { all: true } }] });
  assert.deepEqual(taken, { ok: true, value: 'user:pass' });
  const refused = [
    {},
    { auth: [digest, digest] },
    { auth: [{ scheme: 'ip', credential: '10.0.0.1' }] },
    { auth: [digest], acl: [{ scheme: 'digest', credential: 'other:pass' }] },
  ];
  for (const each of refused) assert.equal(credentialsOf(each).ok, false, JSON.stringify(each));
});
