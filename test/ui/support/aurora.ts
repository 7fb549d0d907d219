/** An Aurora with a fake cluster of one agent, at an address for browsers. */
import assert from 'node:assert/strict';
import { SystemClock } from '../../../core/base/clock.ts';
import { parseFlags } from '../../../core/base/flags.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import {
  AURORA_FLAGS,
  compileAuroraOptions,
  withTwoDashes,
} from '../../../schedulers/aurora/flags.ts';
import type { AuroraOptions } from '../../../schedulers/aurora/options.ts';
import { createAurora } from '../../../schedulers/aurora/server.ts';
import { FakeCluster } from '../../core/scheduler/fake-cluster.ts';

export type Job = Readonly<Record<string, unknown>>;

/** As `Job(...)` is in an `.aurora` file. */
export function hello(changes: Job = {}, resources: Job = {}): Job {
  return {
    role: 'www',
    environment: 'prod',
    name: 'web',
    service: true,
    instances: 2,
    update_config: { watch_secs: 0, batch_size: 1, rollback_on_failure: true },
    task: {
      name: 'web',
      processes: [{ name: 'web', cmdline: './web --port 80' }],
      resources: { cpu: 0.5, ram: 128 * 1024 ** 2, disk: 64 * 1024 ** 2, ...resources },
    },
    ...changes,
  };
}

function options(more: readonly string[]): AuroraOptions {
  const argv = withTwoDashes([
    '-cluster_name=devcluster',
    '-mesos_master_address=m:5050',
    '-native_log_file_path=/nowhere',
    '-ip=127.0.0.1',
    '-http_port=0',
    '-first_schedule_delay=1ms',
    ...more,
  ]);
  const flags = parseFlags(AURORA_FLAGS, {
    argv,
    env: {},
    envPrefix: undefined,
    style: 'spaced',
  });
  assert.ok(flags.ok);
  const compiled = compileAuroraOptions(flags.value);
  assert.ok(compiled.ok);
  return compiled.value;
}

export async function startAurora(...flags: readonly string[]) {
  const clock = new SystemClock();
  const cluster = new FakeCluster(clock, [{ id: 'a1', cpus: 40, mem: 40_960 }]);
  cluster.plan = () => undefined;
  const answer = cluster.onCall;
  cluster.onCall = (call) => {
    answer(call);
    // What a launch leaves is offered again, as a master does.
    if (call.type === 'ACCEPT') answer({ type: 'REVIVE' });
  };
  const storage = new MemoryStorage();
  const random = new SeededRandom(1);
  const ports = { clock, random, storage, http: cluster, log: silentLog };
  const aurora = createAurora(options(flags), ports);
  await aurora.start();
  const url = `http://127.0.0.1:${aurora.address.port}`;
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const reply = await fetch(`${url}${path}`, {
      ...{ method, headers: { ...type, ...headers } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return { aurora, cluster, url, ask, [Symbol.asyncDispose]: () => aurora.stop() };
}
