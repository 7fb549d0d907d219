import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectorFor } from '../../../core/election/index.ts';
import {
  parseHostPort,
  parseMasterFlag,
  StandaloneContender,
  standaloneDetector,
} from '../../../core/election/standalone.ts';
import type { MasterInfo } from '../../../core/wire/types/mesos.v1.ts';

test('a fixed leader is told once to each watcher', async () => {
  const detector = standaloneDetector('10.0.0.1:5050');
  const told: (MasterInfo | undefined)[] = [];
  detector.watch((leader) => told.push(leader));
  detector.watch(() => assert.fail('no longer watching'))();
  await Promise.resolve();
  assert.equal(told.length, 1);
  assert.equal(told[0]?.pid, 'master@10.0.0.1:5050');
  assert.deepEqual(told[0]?.address, { hostname: '10.0.0.1', ip: '10.0.0.1', port: 5_050 });
});

test('a stopped detector tells nobody', async () => {
  const detector = standaloneDetector('10.0.0.1:5050');
  detector.watch(() => assert.fail('stopped'));
  await detector.stop();
  await Promise.resolve();
});

test('a lone contender leads at once', async () => {
  const contender = new StandaloneContender();
  await contender.contend({ id: 'm', ip: 0, port: 5_050 }, () => assert.fail('lost'));
  await contender.withdraw();
});

test('a master flag is one address or a list of them', () => {
  assert.deepEqual(parseMasterFlag('a:5050'), { ok: true, value: [{ host: 'a', port: 5_050 }] });
  assert.deepEqual(parseMasterFlag('mesos://a:5050, b:5051'), {
    ok: true,
    value: [
      { host: 'a', port: 5_050 },
      { host: 'b', port: 5_051 },
    ],
  });
  assert.deepEqual(parseMasterFlag('a'), { ok: false, error: "'a' is not of the form host:port" });
  assert.equal(detectorFor('a:b').ok, false);
  assert.equal(detectorFor('a:5050').ok, true);
});

test('zk:// is checked at once and connects later; its texts are those of the original', () => {
  assert.equal(detectorFor('zk://user:pw@z1:2181,z2/mesos').ok, true);
  assert.deepEqual(detectorFor('zk://z1:2181'), {
    ok: false,
    error: "Expecting a (chroot) path for ZooKeeper ('/' is not supported)",
  });
});

test('an address has a host and a port in range', () => {
  const table: readonly (readonly [string, string])[] = [
    ['a.b:1', 'a.b 1'],
    ['[2001:db8::1]:5050', '2001:db8::1 5050'],
    ['http://a:80/', 'a 80'],
    ['a', ''],
    ['a:', ''],
    ['a:0', ''],
    ['a:65536', ''],
    [':1', ''],
    ['a b:1', ''],
    ['2001:db8::1:5050', ''],
  ];
  for (const [text, expected] of table) {
    const address = parseHostPort(text);
    assert.equal(address === undefined ? '' : `${address.host} ${address.port}`, expected, text);
  }
});
