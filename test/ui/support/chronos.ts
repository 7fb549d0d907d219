/** A Chronos on a real port over a fake cluster, for its pages. */
import assert from 'node:assert/strict';
import { SystemClock } from '../../../core/base/clock.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { CHRONOS_DEFAULTS } from '../../../schedulers/chronos/options.ts';
import { createChronos } from '../../../schedulers/chronos/server.ts';
import { FakeCluster } from '../../core/scheduler/fake-cluster.ts';

export async function startChronos() {
  const clock = new SystemClock();
  const cluster = new FakeCluster(clock, [{ id: 'a1', cpus: 4, mem: 4_096 }]);
  cluster.plan = ({ name }) =>
    name.endsWith(':endless') ? undefined : { afterMs: 5, state: 'TASK_FINISHED' };
  const options = {
    ...CHRONOS_DEFAULTS,
    master: 'm:5050',
    workDirectory: '/nowhere',
    httpAddress: '127.0.0.1',
    httpPort: 0,
  };
  const storage = new MemoryStorage();
  const random = new SeededRandom(1);
  const chronos = createChronos(options, { clock, random, storage, http: cluster, log: silentLog });
  await chronos.start();
  const post = async (job: Readonly<Record<string, unknown>>): Promise<void> => {
    const reply = await chronos.app.inject({
      method: 'POST',
      url: `/scheduler/${'parents' in job ? 'dependency' : 'iso8601'}`,
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({ command: 'true', mem: 1, disk: 1, cpus: 0.001, ...job }),
    });
    assert.equal(reply.statusCode, 204, reply.body);
  };
  const job = async (name: string): Promise<Readonly<Record<string, unknown>>> =>
    Object(JSON.parse((await chronos.app.inject({ url: `/v1/scheduler/job/${name}` })).body));
  const postMany = async (count: number): Promise<void> => {
    const names = Array.from({ length: count }, (_, number) => `job-${number}`);
    await Promise.all(names.map((name) => post({ name, schedule: 'R/2040-01-01T00:00:00Z/P1D' })));
  };
  const url = `http://127.0.0.1:${chronos.address.port}/`;
  const stop = (): Promise<void> => chronos.stop();
  return { url, post, postMany, job, [Symbol.asyncDispose]: stop };
}
