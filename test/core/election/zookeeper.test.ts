/** Sessions, candidacies and detection under virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { detectorFor, zooKeeperElection } from '../../../core/election/index.ts';
import { encodeMasterInfo } from '../../../core/election/zookeeper/master-info.ts';
import { ZooKeeperClient } from '../../../core/net/zookeeper/client.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { SimulatedZooKeeper } from '../../../core/testing/zookeeper.ts';
import { encodeMessage } from '../../../core/wire/codec.ts';
import type { MasterInfo } from '../../../core/wire/types/mesos.v1.ts';

const SESSION_MS = 9_000;
const SERVERS = [{ host: 'z1', port: 2_181 }];

function info(id: string): MasterInfo {
  const ip = '10.0.0.1';
  return { id, ip: 1, port: 5_050, pid: `master@${ip}:5050`, address: { ip, port: 5_050 } };
}

class World {
  readonly clock = new SimulatedClock();
  readonly zooKeeper = new SimulatedZooKeeper(this.clock);
  readonly events: string[] = [];
  private readonly random = new SeededRandom(7);

  client(): ZooKeeperClient {
    const { clock, random, zooKeeper } = this;
    return new ZooKeeperClient(
      { servers: SERVERS, sessionTimeoutMs: SESSION_MS, credentials: undefined },
      { clock, random, log: silentLog, connect: zooKeeper.connect },
    );
  }

  /** A master that contends and watches; events are `name: what`. */
  master(name: string) {
    const client = this.client();
    const ports = { clock: this.clock, log: silentLog };
    const election = zooKeeperElection(client, '/mesos', ports);
    election.detector.watch((leader) => this.events.push(`${name}: ${leader?.id ?? 'nobody'}`));
    election.contender
      .contend(info(name), () => this.events.push(`${name}: lost`))
      .then(() => this.events.push(`${name}: leads`))
      .catch((thrown: unknown) => this.events.push(String(thrown)));
    return { client, ...election };
  }

  watch(name: string): void {
    const { clock, random, zooKeeper } = this;
    const options = { clock, random, connect: zooKeeper.connect, sessionTimeoutMs: SESSION_MS };
    const detector = detectorFor('zk://z1/mesos', options);
    assert.ok(detector.ok);
    detector.value.watch(
      (leader) => this.events.push(`${name}: ${leader?.id || leader?.pid || 'nobody'}`),
      (error) => this.events.push(`${name}: ${error.message}`),
    );
  }

  async pass(ms: number): Promise<string[]> {
    await this.clock.advance(ms);
    return this.events.splice(0);
  }

  get members(): string[] {
    return Object.keys(this.zooKeeper.tree).filter((path) => path.includes('info'));
  }
}

test('the first candidate leads, under the number 1, and everybody is told', async () => {
  const world = new World();
  world.watch('agent');
  world.master('a');
  assert.deepEqual((await world.pass(100)).sort(), [
    'a: a',
    'a: leads',
    'agent: a',
    'agent: nobody',
  ]);
  world.master('b');
  assert.deepEqual(await world.pass(100), ['b: a']);
  assert.deepEqual(world.members, ['/mesos/json.info_0000000001', '/mesos/json.info_0000000002']);
});

test('a withdrawn leader is followed at once', async () => {
  const world = new World();
  const first = world.master('a');
  await world.pass(100);
  world.master('b');
  await world.pass(100);
  await Promise.all([first.contender.withdraw(), world.clock.advance(10)]);
  assert.ok(world.events.includes('b: leads'), world.events.join());
});

test('a detector knows how many candidates there are', async () => {
  const world = new World();
  const a = world.master('a');
  const b = world.master('b');
  assert.equal(a.detector.memberCount, undefined);
  await world.pass(100);
  assert.equal(a.detector.memberCount, 2);
  void b.contender.withdraw();
  await world.pass(100);
  assert.equal(a.detector.memberCount, 1);
});

test('a lost connection changes nothing when it comes back within the session', async () => {
  const world = new World();
  world.master('a');
  await world.pass(100);
  world.zooKeeper.isDown = true;
  world.zooKeeper.cutAll();
  assert.deepEqual(await world.pass(SESSION_MS - 1_500), []);
  world.zooKeeper.isDown = false;
  assert.deepEqual(await world.pass(60_000), []);
  assert.deepEqual(world.members, ['/mesos/json.info_0000000001']);
});

test('a leader without a connection ends with its session, the detector first', async () => {
  const world = new World();
  world.master('a');
  await world.pass(100);
  world.zooKeeper.isDown = true;
  world.zooKeeper.cutAll();
  assert.deepEqual(await world.pass(SESSION_MS), ['a: nobody', 'a: lost']);
});

test('a server that is silent is as good as none', async () => {
  const world = new World();
  world.master('a');
  await world.pass(100);
  world.zooKeeper.isSilent = true;
  assert.deepEqual(await world.pass(SESSION_MS), ['a: nobody', 'a: lost']);
});

test('a standby that loses its session contends again with a new number', async () => {
  const world = new World();
  world.master('a');
  await world.pass(100);
  const second = world.master('b');
  await world.pass(100);
  world.zooKeeper.expire(second.client.sessionId ?? '');
  world.zooKeeper.cutAll();
  await world.pass(3_000);
  assert.deepEqual(world.members, ['/mesos/json.info_0000000001', '/mesos/json.info_0000000003']);
});

test('a standby whose node was removed enters again', async () => {
  const world = new World();
  world.master('a');
  await world.pass(100);
  world.master('b');
  await world.pass(100);
  world.zooKeeper.delete('/mesos/json.info_0000000002');
  assert.deepEqual(await world.pass(1_000), []);
  assert.deepEqual(world.members, ['/mesos/json.info_0000000001', '/mesos/json.info_0000000003']);
});

test('older nodes are understood, unknown ones are final', async () => {
  const old: readonly (readonly [string, Uint8Array, string])[] = [
    ['info_', encodeMessage('mesos.v1.MasterInfo', info('old')), 'agent: old'],
    ['', Buffer.from('master@10.0.0.9:5050'), 'agent: master@10.0.0.9:5050'],
    ['json.info_', encodeMasterInfo(info('new')), 'agent: new'],
    ['other_', Buffer.from(''), "agent: Failed to parse data of unknown label 'other'"],
  ];
  for (const [prefix, data, expected] of old) {
    const world = new World();
    world.zooKeeper.create('/mesos', new Uint8Array(), '', {});
    world.zooKeeper.create(`/mesos/${prefix}`, data, '', { isSequential: true });
    world.zooKeeper.create('/mesos/log_replicas', new Uint8Array(), '', {});
    world.watch('agent');
    assert.deepEqual(await world.pass(100), [expected]);
  }
});

test('what masters write is byte for byte the JSON of the original', () => {
  const own: MasterInfo = {
    id: '3cf7577a-33bb-497f-96fc-659599ea5419',
    ip: 16_777_343,
    port: 5_252,
    pid: 'master@127.0.0.1:5252',
    hostname: 'm1.example',
    version: '1.12.0',
    address: { hostname: 'm1.example', ip: '127.0.0.1', port: 5_252 },
    capabilities: [{ type: 'AGENT_UPDATE' }, { type: 'AGENT_DRAINING' }, { type: 'QUOTA_V2' }],
  };
  assert.equal(
    Buffer.from(encodeMasterInfo(own)).toString(),
    '{"address":{"hostname":"m1.example","ip":"127.0.0.1","port":5252},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}],"hostname":"m1.example","id":"3cf7577a-33bb-497f-96fc-659599ea5419","ip":16777343,"pid":"master@127.0.0.1:5252","port":5252,"version":"1.12.0"}',
  );
});

test('whoever asks is told all masters, those of the old form only where there are no others', async () => {
  const world = new World();
  const client = world.client();
  const election = zooKeeperElection(client, '/mesos', { clock: world.clock, log: silentLog });
  election.detector.watchMembers?.((masters) =>
    world.events.push(masters.map(({ id }) => id).join(' ')),
  );
  assert.deepEqual(await world.pass(100), ['']);
  const options = { isEphemeral: true, isSequential: true };
  const old = encodeMessage('mesos.v1.MasterInfo', info('old'));
  void client.create('/mesos/info_', old, options);
  assert.deepEqual(await world.pass(100), ['old']);
  for (const data of [
    encodeMasterInfo(info('a')),
    new Uint8Array([7]),
    encodeMasterInfo(info('b')),
  ])
    void client.create('/mesos/json.info_', data, options);
  assert.equal((await world.pass(100)).at(-1), 'a b');
  world.zooKeeper.delete('/mesos/json.info_0000000001');
  assert.deepEqual(await world.pass(100), ['b']);
});
