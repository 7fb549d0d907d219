import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InterfacePlan } from '../../../../../core/agent/containerizer/cni/network-plan.ts';
import {
  hostsText,
  networkInfoOf,
  type PluginOutput,
  parsePluginOutput,
  resolverText,
} from '../../../../../core/agent/containerizer/cni/plugin-output.ts';

function outputOf(tree: unknown): PluginOutput {
  const output = parsePluginOutput(JSON.stringify(tree));
  assert.ok(output.ok, output.ok ? '' : output.error);
  return output.value;
}

function interfaceOf(dns?: InterfacePlan['dns']): InterfacePlan {
  const plan = { name: 'eth0', network: 'n', plugin: '/p', config: '{}', info: {} };
  return dns === undefined ? plan : { ...plan, dns };
}

test('addresses of the older and the newer form lose their prefix', () => {
  const old = outputOf({
    ip4: { ip: '10.0.0.2/24', gateway: '10.0.0.1' },
    ip6: { ip: 'fd00::2/64' },
  });
  const addresses = [
    { protocol: 'IPv4', ip_address: '10.0.0.2' },
    { protocol: 'IPv6', ip_address: 'fd00::2' },
  ];
  assert.deepEqual(old.addresses, addresses);
  const ips = [{ version: '4', address: '10.0.0.2/24' }, { address: 'fd00::2/64' }];
  assert.deepEqual(outputOf({ cniVersion: '1.0.0', ips }).addresses, addresses);
  const asked = { name: 'blue', groups: ['g'], ip_addresses: [{ protocol: 'IPv4' as const }] };
  const info = networkInfoOf(asked, old);
  assert.deepEqual(info, { name: 'blue', groups: ['g'], ip_addresses: addresses });
});

test('what is no output of a plugin is refused with a sentence', () => {
  for (const text of ['', 'x', '[]', '3', 'null']) {
    const output = parsePluginOutput(text);
    assert.match(output.ok ? '' : output.error, /^JSON parse failed: /, text);
  }
  const wrong = parsePluginOutput('{"ip4":{"ip":"ten"}}');
  assert.match(wrong.ok ? '' : wrong.error, /^Unable to parse the IP address ten /);
});

test('no output whatever makes the parser throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (tree) => {
      parsePluginOutput(JSON.stringify(tree));
    }),
  );
});

test('the first IPv4 address gets the name of the container', () => {
  const outputs = [
    outputOf({ ip6: { ip: 'fd00::2/64' } }),
    outputOf({ ip4: { ip: '10.0.0.2/24' } }),
    outputOf({ ip4: { ip: '10.0.0.3/24' } }),
  ];
  assert.equal(hostsText('web', outputs), '127.0.0.1 localhost\n10.0.0.2 web\n');
  assert.equal(hostsText('web', []), '127.0.0.1 localhost\n');
});

test('servers are those of the plugins, else those of the flag, else those of the host', () => {
  const told = outputOf({
    dns: { nameservers: ['10.1.1.1'], domain: 'a', search: ['s'], options: ['ndots:2'] },
  });
  // Some plugins tell an empty object whatever the operator wants.
  const silent = outputOf({ dns: {} });
  const defaults = interfaceOf({ nameservers: ['10.9.9.9'], domain: 'b' });
  assert.equal(
    resolverText([
      { plan: interfaceOf({ nameservers: ['10.8.8.8'] }), output: told },
      { plan: defaults, output: silent },
    ]),
    'domain b\nsearch s\noptions ndots:2\nnameserver 10.1.1.1\nnameserver 10.9.9.9\n',
  );
  assert.equal(resolverText([{ plan: interfaceOf(), output: silent }]), undefined);
});
