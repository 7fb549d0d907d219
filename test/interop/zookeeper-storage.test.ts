/** The storage on a real ZooKeeper: what every storage does, and what two writers do to each other. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SystemClock } from '../../core/base/clock.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { createZooKeeperClient } from '../../core/net/zookeeper/open.ts';
import { ZooKeeperStorage } from '../../core/storage/zookeeper.ts';
import { put, testStorage } from '../core/storage/conformance.ts';
import { removeDirectory, temporaryDirectory } from '../e2e/support/programs.ts';
import { ZooKeeperServer } from '../e2e/support/zookeeper.ts';

const directory = await temporaryDirectory('zookeeper');
const server = await ZooKeeperServer.in(directory);
const clock = new SystemClock();
const random = new SystemRandom();
let pathCount = 0;

before(() => server.start());
after(async () => {
  await server.kill();
  await removeDirectory(directory);
});

function open(path: string): { storage: ZooKeeperStorage; end: () => Promise<void> } {
  const servers = [{ host: '127.0.0.1', port: server.port }];
  const client = createZooKeeperClient({ servers, credentials: undefined });
  const storage = new ZooKeeperStorage(path, { client, clock, random });
  return {
    storage,
    end: async () => {
      await storage.close();
      await client.close();
    },
  };
}

testStorage('zookeeper', async () => {
  pathCount += 1;
  return open(`/conformance-${pathCount}`);
});

test('zookeeper: a second writer fences the first, and finds all it has written', async () => {
  const first = open('/fenced');
  const second = open('/fenced');
  try {
    await first.storage.write([put('a', '1'), put('b', '1')]);
    const found = await second.storage.list('');
    assert.deepEqual(
      found.map(([key]) => key),
      ['a', 'b'],
    );
    await assert.rejects(first.storage.write([put('a', '2')]), { code: 'STORAGE_FENCED' });
    await assert.rejects(first.storage.write([put('c', '2')]), { code: 'STORAGE_FENCED' });
    await second.storage.write([put('a', '3'), { kind: 'delete', key: 'b' }]);
    assert.equal(Buffer.from((await second.storage.get('a')) ?? []).toString(), '3');
  } finally {
    await first.end();
    await second.end();
  }
});

test('zookeeper: ten thousand entries are written in batches and read again', async () => {
  const first = open('/many');
  const second = open('/many');
  try {
    const value = 'x'.repeat(500);
    const count = 10_000;
    await Promise.all(
      Array.from({ length: count }, (_, at) => first.storage.write([put(`agents/${at}`, value)])),
    );
    assert.equal((await second.storage.list('agents/')).length, count);
  } finally {
    await first.end();
    await second.end();
  }
});

test('zookeeper: what was under way when the server was killed is there exactly once', async () => {
  const first = open('/killed');
  const second = open('/killed');
  try {
    await first.storage.write([put('start', '')]);
    const writes = Array.from({ length: 200 }, (_, at) =>
      first.storage.write([put(`each/${at}`, String(at))]),
    );
    await server.kill();
    const later = first.storage.write([put('later', '')]);
    await server.start();
    await Promise.all([...writes, later]);
    assert.equal((await second.storage.list('each/')).length, 200);
  } finally {
    await first.end();
    await second.end();
  }
});

test('zookeeper: a write above the limit of ZooKeeper is refused, and others go on', async () => {
  const { storage, end } = open('/large');
  try {
    await assert.rejects(storage.write([put('big', 'x'.repeat(1_100_000))]), {
      code: 'STORAGE_TOO_LARGE',
    });
    await storage.write([put('small', '')]);
  } finally {
    await end();
  }
});
