import { SystemClock } from '../../../core/base/clock.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SystemRandom } from '../../../core/base/random.ts';
import { ZooKeeperClient } from '../../../core/net/zookeeper/client.ts';
import { ZooKeeperStorage } from '../../../core/storage/zookeeper.ts';
import { SimulatedZooKeeper } from '../../../core/testing/zookeeper.ts';
import { testStorage } from './conformance.ts';

testStorage('simulated zookeeper', async () => {
  const instant = new SystemClock();
  const zooKeeper = new SimulatedZooKeeper(instant);
  const random = new SystemRandom();
  const client = new ZooKeeperClient(
    { servers: [{ host: 'z1', port: 1 }], sessionTimeoutMs: 10_000, credentials: undefined },
    { clock: instant, random, log: silentLog, connect: zooKeeper.connect },
  );
  const storage = new ZooKeeperStorage('/registry', { client, clock: instant, random });
  return {
    storage,
    end: async () => {
      await storage.close();
      await client.close();
    },
  };
});
