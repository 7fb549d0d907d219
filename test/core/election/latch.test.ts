/** Leadership of schedulers under virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { ZooKeeperLatch } from '../../../core/election/index.ts';
import { ZooKeeperClient } from '../../../core/net/zookeeper/client.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { SimulatedZooKeeper } from '../../../core/testing/zookeeper.ts';

const SESSION_MS = 9_000;
const PATH = '/marathon/leader-curator';

class World {
  readonly clock = new SimulatedClock();
  readonly zooKeeper = new SimulatedZooKeeper(this.clock);
  private readonly events: string[] = [];
  private readonly random = new SeededRandom(7);

  /** A candidate; its events are `name: what`. */
  candidate(name: string): { readonly client: ZooKeeperClient; readonly latch: ZooKeeperLatch } {
    const { clock, random, zooKeeper, events } = this;
    const client = new ZooKeeperClient(
      {
        servers: [{ host: 'z1', port: 2_181 }],
        sessionTimeoutMs: SESSION_MS,
        credentials: undefined,
      },
      { clock, random, log: silentLog, connect: zooKeeper.connect },
    );
    const latch = new ZooKeeperLatch(
      client,
      { path: PATH, id: `${name}:8080` },
      {
        onLeader: (id) => events.push(`${name}: ${id ?? 'nobody'}`),
        onElected: () => events.push(`${name}: elected`),
        onLost: () => events.push(`${name}: lost`),
        onFailed: (error) => events.push(`${name}: ${error.message}`),
      },
      { clock, random, log: silentLog },
    );
    latch.start();
    return { client, latch };
  }

  async pass(ms: number): Promise<string[]> {
    await this.clock.advance(ms);
    return this.events.splice(0);
  }
}

test('the first candidate leads; later ones know who it is', async () => {
  const world = new World();
  world.candidate('a');
  const first = await world.pass(100);
  assert.deepEqual(first.slice(-2), ['a: a:8080', 'a: elected']);
  world.candidate('b');
  assert.deepEqual(await world.pass(100), ['b: a:8080']);
  const nodes = Object.keys(world.zooKeeper.tree).filter((path) => path.startsWith(`${PATH}/`));
  assert.equal(nodes.length, 2);
  for (const node of nodes) {
    assert.match(node, /\/_c_[0-9a-f-]{36}-latch-\d{10}$/, 'named as by the original');
  }
});

test('a leader that stops is followed at once', async () => {
  const world = new World();
  const { latch } = world.candidate('a');
  await world.pass(100);
  world.candidate('b');
  await world.pass(100);
  const stopped = latch.stop();
  assert.deepEqual(await world.pass(100), ['b: b:8080', 'b: elected']);
  await stopped;
});

test('a leader that dies is followed when its session ends, and never leads beside the next', async () => {
  const world = new World();
  world.candidate('a');
  await world.pass(100);
  world.candidate('b');
  await world.pass(100);
  world.zooKeeper.isDown = true;
  world.zooKeeper.cutAll();
  assert.deepEqual(await world.pass(SESSION_MS), ['a: lost', 'b: nobody']);
  world.zooKeeper.isDown = false;
  const after = await world.pass(60_000);
  assert.deepEqual(after, ['b: b:8080', 'b: elected'], 'the old leader does not come back');
});

test('a short loss of the connection changes nothing', async () => {
  const world = new World();
  world.candidate('a');
  world.candidate('b');
  await world.pass(100);
  world.zooKeeper.cutAll();
  assert.deepEqual(await world.pass(60_000), []);
});
