import assert from 'node:assert/strict';
import { test } from 'node:test';
import { masterAddress } from '../../../core/election/master-address.ts';

test('a master is reached by its IP address, not by the name it shows', () => {
  const rest = { id: 'm', hostname: 'localhost' };
  const address = { hostname: 'localhost', ip: '10.0.0.5', port: 5_051 };
  assert.equal(masterAddress({ ...rest, ip: 0, port: 5_050, address }), '10.0.0.5:5051');
  const ipv6 = { ...address, ip: 'fd00::5' };
  assert.equal(masterAddress({ ...rest, ip: 0, port: 5_050, address: ipv6 }), '[fd00::5]:5051');
});

test('infos of old masters have the address as a number only', () => {
  const info = { id: 'm', hostname: 'one.example', ip: 83_886_090, port: 5_050 };
  assert.equal(masterAddress(info), '10.0.0.5:5050');
});

test('without any address the name is all there is', () => {
  assert.equal(
    masterAddress({ id: 'm', hostname: 'one.example', ip: 0, port: 5_050 }),
    'one.example:5050',
  );
});
