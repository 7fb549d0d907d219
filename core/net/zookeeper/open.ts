/** A client over real connections, from an address. */
import { type Clock, SystemClock } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { type Random, SystemRandom } from '../../base/random.ts';
import { DEFAULT_SESSION_TIMEOUT_MS, ZooKeeperClient } from './client.ts';
import { openZooKeeperConnection } from './connection.ts';
import type { ZooKeeperConnect } from './ports.ts';
import type { ZooKeeperUrl } from './url.ts';

/** All may be left out: the system's clock and chance, sockets, no log. */
export interface ZooKeeperPorts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  readonly connect?: ZooKeeperConnect;
  readonly sessionTimeoutMs?: DurationMs | undefined;
}

/** Not started: it connects with the first `start`. */
export function createZooKeeperClient(
  url: Pick<ZooKeeperUrl, 'servers' | 'credentials'>,
  ports: ZooKeeperPorts = {},
): ZooKeeperClient {
  const { servers, credentials } = url;
  const sessionTimeoutMs = ports.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
  return new ZooKeeperClient(
    { servers, credentials, sessionTimeoutMs },
    {
      clock: ports.clock ?? new SystemClock(),
      random: ports.random ?? new SystemRandom(),
      log: ports.log ?? silentLog,
      connect: ports.connect ?? openZooKeeperConnection,
    },
  );
}
