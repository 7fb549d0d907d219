import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../core/base/log.ts';
import { ClusterNames } from '../../dns/cluster-names.ts';
import { HostResolver } from '../../dns/host-resolver.ts';
import { NamesKeeper } from '../../dns/names-keeper.ts';

const RULES = { domain: 'mesos', labelRule: 'rfc1123', addressSources: ['host'] } as const;
const NOTHING = { agents: [], frameworks: [] };

/** A keeper that writes down what it complains about. */
function keeperOf(masters: readonly string[]) {
  const complaints: string[] = [];
  const names = new ClusterNames(RULES, { name: 'ns1.mesos.', addresses: [] });
  const hooks = {
    updated: () => undefined,
    resync: () => assert.fail('nothing is out of step'),
    needState: () => undefined,
    complain: (text: string) => void complaints.push(text),
  };
  const resolver = new HostResolver(async () => []);
  const keeper = new NamesKeeper(names, resolver, masters, hooks, silentLog);
  const hear = (leader: string): void => keeper.onState({ ...NOTHING, leader }, leader, false);
  return { names, complaints, hear };
}

/** The configured masters, and what is said when the first of them all leads. */
const ROWS: readonly (readonly [masters: readonly string[], said: readonly string[]])[] = [
  [[], []],
  [[''], []],
  [['10.0.0.1:5050'], []],
  [['10.0.0.2:5050', '10.0.0.1:5050'], []],
  [['10.0.0.2:5050'], ['warning: leader "10.0.0.1:5050" is not in master list']],
  [['10.0.0.1:5051'], ['warning: leader "10.0.0.1:5050" is not in master list']],
  [['nowhere', '10.0.0.1:5050'], ['master "nowhere" has no address, it gets no name']],
];

for (const [masters, said] of ROWS) {
  test(`with the masters '${masters.join()}' there is said: ${said.join(', ') || 'nothing'}`, () => {
    const { names, complaints, hear } = keeperOf(masters);
    hear('master@10.0.0.1:5050');
    assert.deepEqual(complaints, said);
    assert.deepEqual(names.records.values('leader.mesos.', 'A'), ['10.0.0.1']);
  });
}

test('a leader that stays outside of the list is complained about once', () => {
  const { complaints, hear } = keeperOf(['10.0.0.2:5050']);
  for (let time = 0; time < 3; time += 1) hear('master@10.0.0.1:5050');
  hear('master@10.0.0.3:5050');
  assert.equal(complaints.length, 2);
});
