/** Who is asked and named when ZooKeeper tells the masters, under virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeaderDetector } from '../../core/election/ports.ts';
import { SimulatedClock } from '../../core/testing/index.ts';
import type { MasterInfo } from '../../core/wire/types/mesos.v1.ts';
import { MasterList } from '../../dns/masters.ts';

function master(ip: string, port = 5_050): MasterInfo {
  return { id: ip, ip: 0, port, address: { ip, port } };
}

function listOf(masters: readonly string[], timeoutMs = 30_000) {
  const clock = new SimulatedClock();
  let tellLeader: (leader: MasterInfo | undefined) => void = () => {};
  let tellMembers: (members: readonly MasterInfo[]) => void = () => {};
  const told: string[] = [];
  const detector: LeaderDetector = {
    watch: (onChange) => {
      tellLeader = onChange;
      return () => {};
    },
    watchMembers: (onMembers) => {
      tellMembers = onMembers;
      return () => {};
    },
    stop: async () => {},
  };
  const list = new MasterList(
    { detector, clock },
    { masters, timeoutMs },
    {
      onMasters: (each) => told.push(each.join(' ')),
      onFailed: (why) => told.push(why),
    },
  );
  list.start();
  return {
    clock,
    lead: (leader: MasterInfo | undefined) => {
      tellLeader(leader);
      return told.splice(0);
    },
    announce: (...members: readonly MasterInfo[]) => {
      tellMembers(members);
      return told.splice(0);
    },
    told: () => told.splice(0),
  };
}

test('the leader stands first, then the configured masters without it', () => {
  const it = listOf(['10.0.0.1:5050', '10.0.0.2:5050']);
  assert.deepEqual(it.lead(master('10.0.0.2')), ['10.0.0.2:5050 10.0.0.1:5050']);
  assert.deepEqual(it.lead(master('10.0.0.3')), ['10.0.0.3:5050 10.0.0.1:5050']);
  assert.deepEqual(it.lead(undefined), [' 10.0.0.1:5050']);
});

test('those who announce themselves replace the configured masters', () => {
  const it = listOf(['10.0.0.9:5050']);
  assert.deepEqual(it.announce(master('10.0.0.1'), master('10.0.0.2')), [
    ' 10.0.0.1:5050 10.0.0.2:5050',
  ]);
  assert.deepEqual(it.lead(master('10.0.0.1')), ['10.0.0.1:5050 10.0.0.2:5050']);
  assert.deepEqual(it.announce(master('10.0.0.1'), master('10.0.0.2'), master('::1', 1)), [
    '10.0.0.1:5050 10.0.0.2:5050 [::1]:1',
  ]);
  assert.deepEqual(it.announce(master('10.0.0.1')), ['10.0.0.1:5050']);
});

test('whom we knew stays when ZooKeeper is lost, and nothing is told twice', () => {
  const it = listOf([]);
  it.lead(master('10.0.0.1'));
  it.announce(master('10.0.0.1'), master('10.0.0.2'));
  assert.deepEqual(it.announce(master('10.0.0.1'), master('10.0.0.2')), []);
  assert.deepEqual(it.announce(), []);
  assert.deepEqual(it.lead(undefined), [' 10.0.0.2:5050']);
});

test('old infos have their address as a number, its bytes from the low end', () => {
  const it = listOf([]);
  const old = { id: 'a', ip: 0x0400_000a, port: 5_051 };
  assert.deepEqual(it.lead(old), ['10.0.0.4:5051']);
});

test('no leader for too long is the end, unless the time is 0', async () => {
  const it = listOf([], 90_000);
  await it.clock.advance(89_999);
  assert.deepEqual(it.told(), []);
  await it.clock.advance(1);
  assert.deepEqual(it.told(), ['master detection timed out after 1m30s']);
  const found = listOf([]);
  found.lead(master('10.0.0.1'));
  await found.clock.advance(60_000);
  assert.deepEqual(found.told(), []);
  found.lead(undefined);
  await found.clock.advance(30_000);
  assert.deepEqual(found.told(), ['master detection timed out after 30s']);
  const patient = listOf([], 0);
  await patient.clock.advance(1e9);
  assert.deepEqual(patient.told(), []);
});
