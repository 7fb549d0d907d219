/** Where the addresses of a daemon come from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AddressFlags, findAddresses } from '../../../core/cli/daemon-address.ts';

const NONE: AddressFlags = {
  ip: undefined,
  ip_discovery_command: undefined,
  ip6: undefined,
  ip6_discovery_command: undefined,
  advertise_ip: undefined,
  advertise_port: undefined,
};

function found(flags: Partial<AddressFlags>, env: Record<string, string> = {}) {
  const addresses = findAddresses({ ...NONE, ...flags }, env);
  assert.ok(addresses.ok, addresses.ok ? '' : addresses.error);
  return addresses.value;
}

function refusal(flags: Partial<AddressFlags>, env: Record<string, string> = {}): string {
  const addresses = findAddresses({ ...NONE, ...flags }, env);
  return addresses.ok ? 'accepted' : addresses.error;
}

test('the command of --ip_discovery_command prints the address', () => {
  assert.equal(found({ ip_discovery_command: 'echo 10.1.2.3' }).ip, '10.1.2.3');
});

test('an address and a command that finds it exclude each other', () => {
  assert.equal(
    refusal({ ip: '10.1.2.3', ip_discovery_command: 'echo 10.1.2.3' }),
    'Only one of `--ip` or `--ip_discovery_command` should be specified',
  );
});

test('an IPv6 address is given, or found by a command', () => {
  assert.equal(found({ ip6: '2001:db8::7' }).ip6, '2001:db8::7');
  assert.equal(found({ ip6_discovery_command: 'echo 2001:db8::8' }).ip6, '2001:db8::8');
  assert.equal(
    refusal({ ip6: '2001:db8::7', ip6_discovery_command: 'echo 2001:db8::8' }),
    'Only one of `--ip6` or `--ip6_discovery_command` should be specified',
  );
  assert.equal(
    refusal({ ip6: '10.1.2.3' }),
    "Failed to parse '10.1.2.3' as the IPv6 address of 'ip6'",
  );
  assert.match(
    refusal({ ip6_discovery_command: 'exit 3' }),
    /^Failed to run --ip6_discovery_command 'exit 3': /,
  );
});

test('a command that fails, or prints no address, is refused', () => {
  assert.match(
    refusal({ ip_discovery_command: 'exit 3' }),
    /^Failed to run --ip_discovery_command 'exit 3': /,
  );
  assert.equal(
    refusal({ ip_discovery_command: 'echo here' }),
    "Failed to parse 'here' as the IPv4 address of 'ip'",
  );
});

test('the environment of the messaging library counts where a flag is not given', () => {
  const env = {
    LIBPROCESS_IP: '10.0.0.1',
    LIBPROCESS_IP6: '2001:db8::1',
    LIBPROCESS_ADVERTISE_IP: '192.0.2.1',
    LIBPROCESS_ADVERTISE_PORT: '15050',
  };
  assert.deepEqual(found({}, env), {
    ip: '10.0.0.1',
    ip6: '2001:db8::1',
    advertiseIp: '192.0.2.1',
    advertisePort: 15_050,
  });
  const flags = {
    ip: '10.9.9.9',
    ip6: '2001:db8::9',
    advertise_ip: '192.0.2.9',
    advertise_port: 9,
  };
  assert.deepEqual(found(flags, env), {
    ip: '10.9.9.9',
    ip6: '2001:db8::9',
    advertiseIp: '192.0.2.9',
    advertisePort: 9,
  });
  assert.deepEqual(found({}), {
    ip: undefined,
    ip6: undefined,
    advertiseIp: undefined,
    advertisePort: undefined,
  });
});

test('a port in the environment that is none is refused', () => {
  assert.equal(
    refusal({}, { LIBPROCESS_ADVERTISE_PORT: 'many' }),
    "Failed to parse 'many' as the port of 'advertise_port'",
  );
});
