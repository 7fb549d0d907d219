/** What `network/cni` plans, without a kernel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CniNetworks } from '../../../../../core/agent/containerizer/cni/networks.ts';
import type { CniOptions } from '../../../../../core/agent/containerizer/cni/options.ts';
import { NO_ISOLATION } from '../../../../../core/agent/containerizer/isolation-options.ts';
import type { IsolatedContainer } from '../../../../../core/agent/containerizer/isolator.ts';
import { createIsolators } from '../../../../../core/agent/containerizer/isolators.ts';
import {
  IsolationPlanner,
  type PlannedContainer,
} from '../../../../../core/agent/containerizer/planner.ts';
import { err, ok, type Result } from '../../../../../core/base/result.ts';
import type { JsonObject } from '../../../../../core/wire/json-text.ts';
import type { NetworkInfo } from '../../../../../core/wire/types/mesos.v1.ts';

const CNI: CniOptions = {
  configDir: '/etc/cni',
  pluginsPath: '/opt/cni',
  root: '/run/cni',
  dns: { byNetwork: new Map(), others: { nameservers: ['10.0.0.9'] } },
};

function networksOf(configs: Readonly<Record<string, JsonObject>>): CniNetworks {
  return {
    find: (name) => {
      const config = configs[name];
      if (config === undefined) return err(`Unknown CNI network '${name}'`);
      return ok({ name, path: `/etc/cni/${name}`, config, plugin: '/opt/cni/bridge' });
    },
  };
}

function planned(
  networks: CniNetworks,
  infos: readonly NetworkInfo[],
  more: {
    readonly id?: string;
    readonly hostname?: string;
    readonly cni?: CniOptions | undefined;
  } = {},
): Result<PlannedContainer> {
  const { id = 'c1', hostname, cni = CNI } = more;
  const isolators = ['network/cni'];
  const container: IsolatedContainer = {
    id,
    sandbox: '/sandbox',
    sandboxDirectory: '/mnt/mesos/sandbox',
    containerInfo: {
      type: 'MESOS',
      network_infos: infos,
      ...(hostname === undefined ? {} : { hostname }),
    },
    command: undefined,
    resources: { requests: [], limits: {} },
    user: undefined,
  };
  const sources = { volumeDirectory: () => undefined, networks };
  return new IsolationPlanner(createIsolators({ ...NO_ISOLATION, isolators, cni }, sources)).plan(
    container,
  );
}

test('each named network is an interface, told to its plugin with what was asked for', () => {
  const networks = networksOf({ blue: { name: 'blue', mtu: 1450 }, red: { args: { x: 1 } } });
  const port_mappings = [{ host_port: 31_000, container_port: 80, protocol: 'tcp' }];
  const result = planned(networks, [{ name: 'blue', port_mappings }, {}, { name: 'red' }]);
  assert.ok(result.ok);
  const { plan, environment } = result.value;
  assert.deepEqual(environment, { LIBPROCESS_IP: '0.0.0.0' });
  assert.deepEqual(plan?.namespaces?.kinds, ['mount', 'net', 'uts']);
  assert.equal(plan?.namespaces?.network, '/run/cni/c1/ns');
  const { interfaces = [], ...rest } = plan?.network ?? {};
  assert.deepEqual(rest, {
    containerId: 'c1',
    directory: '/run/cni/c1',
    pluginsPath: '/opt/cni',
    hostname: 'c1',
  });
  assert.deepEqual(
    interfaces.map(({ name, network, config }) => `${name} ${network} ${config}`),
    [
      'eth0 blue {"name":"blue","mtu":1450,"args":{"org.apache.mesos":{"network_info":' +
        '{"name":"blue","port_mappings":[{"host_port":31000,"container_port":80,"protocol":"tcp"}]}}}}',
      'eth1 red {"args":{"x":1,"org.apache.mesos":{"network_info":{"name":"red"}}}}',
    ],
  );
  assert.deepEqual(interfaces[0]?.dns, { nameservers: ['10.0.0.9'] });
});

test('a container that names no network has no plan for one', () => {
  const result = planned(networksOf({}), [{}, { labels: { labels: [{ key: 'a' }] } }]);
  assert.deepEqual(result, { ok: true, value: { plan: undefined, environment: {} } });
});

test('a nested container has a name that fits, and a directory of its own', () => {
  const networks = networksOf({ blue: {} });
  const nested = planned(networks, [{ name: 'blue' }], { id: 'c1.n1' });
  assert.equal(nested.ok ? nested.value.plan?.network?.hostname : '', 'n1');
  assert.equal(nested.ok ? nested.value.plan?.network?.directory : '', '/run/cni/c1.n1');
  const named = planned(networks, [{ name: 'blue' }], { hostname: 'web' });
  assert.equal(named.ok ? named.value.plan?.network?.hostname : '', 'web');
});

test('networks are refused with the words of the original', () => {
  const refusal = (infos: readonly NetworkInfo[]): string => {
    const result = planned(
      networksOf({ blue: {}, bad: { args: [] }, own: { args: { 'org.apache.mesos': 1 } } }),
      infos,
    );
    return result.ok ? 'accepted' : result.error;
  };
  assert.equal(refusal([{ name: 'green' }]), "Unknown CNI network 'green'");
  assert.equal(
    refusal([{ name: 'blue' }, { name: 'blue' }]),
    "Attempted to join CNI network 'blue' multiple times",
  );
  assert.match(
    refusal([{ name: 'bad' }]),
    /^Invalid 'args' found in CNI network configuration file '\/etc\/cni\/bad': /,
  );
  assert.match(refusal([{ name: 'own' }]), /^'org.apache.mesos' in 'args' should not be set/);
});
