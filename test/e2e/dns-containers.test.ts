/** A task in a network of its own, by name: plugin, agent, master, DNS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { compileDnsOptions, DEFAULT_DNS_CONFIG } from '../../dns/config.ts';
import { createDns, type Dns } from '../../dns/server.ts';
import { removeCgroupRoots } from './support/cgroup-roots.ts';
import { CniBench } from './support/cni-bench.ts';
import { needs } from './support/host-features.ts';
import { at, textAt } from './support/json.ts';
import { eventually, http } from './support/programs.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

const NETWORKS = needs('root', 'namespaces', 'bridges', 'cgroup:freezer');
const ROOT = `orrery-test-${process.pid}-dns`;

async function dnsOf(masterPort: number): Promise<{ readonly dns: Dns; stop(): Promise<void> }> {
  const client = createHttpClient();
  const options = compileDnsOptions(
    {
      ...DEFAULT_DNS_CONFIG,
      ...{ masters: [`127.0.0.1:${masterPort}`], port: 0, httpport: 0, externalon: false },
      ...{ listener: '127.0.0.1', httplistener: '127.0.0.1' },
    },
    { systemResolvers: () => [], readText: () => '' },
  );
  assert.ok(options.ok);
  const clock = new SystemClock();
  const ports = { clock, random: new SystemRandom(), http: client, log: silentLog };
  const dns = createDns(options.value, ports);
  await dns.start();
  const stop = async (): Promise<void> => {
    await dns.stop();
    await client.close();
  };
  return { dns, stop };
}

test('the name of a task leads to its address in its own network', NETWORKS, async (t) => {
  const cni = CniBench.places(76);
  const cluster = await SmallCluster.start(t, 'dns-containers', {
    agentFlags: [...cni.flags, '--isolation=network/cni', `--cgroups_root=${ROOT}`],
  });
  t.after(async () => {
    cni.remove();
    await removeCgroupRoots(ROOT, ['freezer']);
  });
  const session = await SchedulerSession.subscribe(cluster.schedulerUrl, 'shop', {
    type: 'SUBSCRIBE',
    subscribe: { framework_info: { user: 'root', name: 'shop' } },
  });
  t.after(() => session.stream.close());
  const [offer] = await session.settledOffers();
  const task = {
    ...{ name: 'web', task_id: { value: 'web.1' }, agent_id: at(offer, 'agent_id') },
    command: { value: 'exec sleep 1000' },
    container: { type: 'MESOS', network_infos: [{ name: 'blue' }] },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
  };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
  await session.call({ type: 'ACCEPT', accept: { offer_ids: [at(offer, 'id')], operations } });
  const status = at(await session.nextUpdate('web.1'), 'update', 'status');
  assert.equal(textAt(status, 'state'), 'TASK_RUNNING');
  const told = textAt(
    status,
    ...['container_status', 'network_infos', 0, 'ip_addresses', 0, 'ip_address'],
  );
  assert.equal(told, '10.76.0.2');
  const { dns, stop } = await dnsOf(cluster.masterPort);
  t.after(stop);
  const address = await eventually('the name', async () => {
    const url = `http://127.0.0.1:${dns.ports.http}/v1/hosts/web.shop.mesos.`;
    const found = textAt((await http('GET', url)).body, 0, 'ip');
    return found === '' ? undefined : found;
  });
  assert.equal(address, told);
});
