/** A master on a loopback network with memory storage, for tests without sockets. */
import { SystemClock } from '../../../core/base/clock.ts';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { registerSchedulerApi } from '../../../core/master/http/scheduler-api.ts';
import { createMaster, type Master } from '../../../core/master/master.ts';
import {
  type CompiledMasterOptions,
  DEFAULT_MASTER_OPTIONS,
} from '../../../core/master/options.ts';
import { createHttpServer, type HttpServer } from '../../../core/net/http-server.ts';
import { LoopbackNetwork } from '../../../core/net/loopback.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';

export interface StartedMaster extends AsyncDisposable {
  readonly master: Master;
  readonly server: HttpServer;
  readonly network: LoopbackNetwork;
}

export async function startMaster(
  options: Partial<CompiledMasterOptions> = {},
): Promise<StartedMaster> {
  const network = new LoopbackNetwork();
  const transport = network.createTransport('10.0.0.1', 5050);
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  const master = createMaster(
    { ...DEFAULT_MASTER_OPTIONS, ...options },
    {
      clock: new SystemClock(),
      random: new SeededRandom(1),
      log: silentLog,
      transport,
      storage: new MemoryStorage(),
      metrics: new Metrics(),
    },
  );
  registerSchedulerApi(server.app, { master });
  await server.app.ready();
  await master.start();
  return {
    master,
    server,
    network,
    async [Symbol.asyncDispose]() {
      await master.stop();
      transport.stop();
      await server.close();
    },
  };
}
