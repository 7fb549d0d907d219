import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { Leadership } from '../../../core/master/leadership.ts';
import type { MasterInfo } from '../../../core/wire/types/mesos.v1.ts';
import { FakeElection } from './fake-election.ts';

function info(id: string, region?: string): MasterInfo {
  const domain =
    region === undefined
      ? {}
      : { domain: { fault_domain: { region: { name: region }, zone: { name: 'a' } } } };
  return { id, ip: 0, port: 5_050, pid: `master@10.0.0.1:5050`, ...domain };
}

function start(own: MasterInfo = info('me')) {
  const election = new FakeElection();
  const events: string[] = [];
  const leadership = new Leadership(
    own,
    { election, log: silentLog },
    {
      onElected: () => events.push('elected'),
      onEnded: (error) => events.push(error.message),
    },
  );
  leadership.start();
  return { election, events, leadership };
}

test('a master leads when its own info is detected, and stays a standby before', () => {
  const { election, events, leadership } = start();
  election.tell(info('other'));
  assert.deepEqual([leadership.isLeading, leadership.leader?.id], [false, 'other']);
  election.tell(undefined);
  assert.deepEqual([leadership.isLeading, leadership.leader], [false, undefined]);
  election.elect();
  election.elect();
  assert.deepEqual([leadership.isLeading, leadership.leader?.id], [true, 'me']);
  assert.deepEqual(events, ['elected']);
});

const ENDS: readonly (readonly [string, (election: FakeElection) => void, string])[] = [
  [
    'nobody is detected',
    (election) => election.tell(undefined),
    'Lost leadership after indecisive election... committing suicide!',
  ],
  [
    'another is detected',
    (election) => election.tell(info('other')),
    'Conceded leadership to another master... committing suicide!',
  ],
  [
    'its candidacy is lost',
    (election) => election.loseCandidacy(),
    'Lost candidacy as a leader... committing suicide!',
  ],
  [
    'the detection fails',
    (election) => election.failDetection("Failed to parse data of unknown label 'x'"),
    "Failed to detect the leading master: Failed to parse data of unknown label 'x'; committing suicide!",
  ],
];

for (const [name, happen, text] of ENDS) {
  test(`a leader ends for good when ${name}`, () => {
    const { election, events, leadership } = start();
    election.elect();
    happen(election);
    election.elect();
    assert.deepEqual(events, ['elected', text]);
    assert.deepEqual([leadership.isLeading, leadership.leader], [false, undefined]);
  });
}

test('a standby survives the loss of its candidacy, and a leader elsewhere', () => {
  const { election, events } = start();
  election.loseCandidacy();
  election.tell(info('other'));
  election.loseCandidacy();
  assert.deepEqual(events, []);
});

test('a standby ends when the leader is in another region', () => {
  const { election, events } = start(info('me', 'here'));
  election.tell(info('other', 'here'));
  election.tell(info('third'));
  assert.deepEqual(events, []);
  election.tell(info('fourth', 'there'));
  assert.match(events.join(), /all masters in the same cluster must use the same region$/);
});

test('stopping gives up the candidacy and tells nothing more', async () => {
  const { election, events, leadership } = start();
  election.elect();
  await leadership.stop();
  election.tell(undefined);
  assert.equal(election.hasWithdrawn, true);
  assert.deepEqual(events, ['elected']);
});
