/**
 * What a framework and an operator hear while an agent with a task is drained, put into maintenance and taken
 * down, against the recording, with the real master and agent. The answers to the requests of that recording
 * are in `maintenance-golden.test.ts`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { seconds } from '../../../core/base/duration.ts';
import type { Exchange } from '../operator/recordings.ts';
import { RecordedCluster } from './recorded-cluster.ts';
import { RecordedFramework } from './recorded-framework.ts';

interface Recorded extends Partial<Exchange> {
  readonly label: string;
  readonly event?: unknown;
  readonly events?: readonly { readonly type: string }[];
}

const RECORDED: readonly Recorded[] = JSON.parse(
  readFileSync(new URL('../../wire/golden/drain-and-maintenance.json', import.meta.url), 'utf8'),
);
const MASTER = '7c467b68-a7bd-4a77-81bd-de9495dc5cba';
const CONTAINER = 'f132a9f9-625d-42b3-be76-737881b39cff';
/** Both recorded runs of the task had the same labels. */
const UPDATES = RECORDED.filter(({ label }) => label === 'scheduler event UPDATE');

function recorded(label: string): Recorded {
  const found = RECORDED.find((each) => each.label === label);
  assert.ok(found !== undefined, label);
  return found;
}

function asAdded(updated: string): string {
  return updated
    .replace('FRAMEWORK_UPDATED', 'FRAMEWORK_ADDED')
    .replace('framework_updated', 'framework_added');
}

async function replay(it: RecordedCluster, label: string): Promise<void> {
  const { request, response } = recorded(label);
  assert.ok(request !== undefined && response !== undefined);
  await it.replay({ request, response });
}

test('draining and maintenance of an agent with a task are told as recorded', async () => {
  await using it = await RecordedCluster.start({
    masterPort: 5_250,
    master: { hostname: 'localhost' },
    agent: { port: 5_251 },
  });
  it.learn(`${MASTER}-S0`, [...it.master.state.agents.keys()][0] ?? '');
  using operator = it.subscribe({ type: 'SUBSCRIBE' }, '/api/v1');
  await operator.until(2);
  using framework = await RecordedFramework.subscribe(it, `${MASTER}-0003`, {
    user: 'root',
    name: 'dr',
    failover_timeout: 100,
    checkpoint: true,
    roles: ['d'],
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'PARTITION_AWARE' },
      { type: 'TASK_KILLING_STATE' },
    ],
  });
  const updates = await framework.launch({ name: 'drain-1', id: 'drain-1', container: CONTAINER });
  await replay(it, 'DRAIN_AGENT with task');
  for (const state of ['TASK_KILLING', 'TASK_KILLED']) {
    updates.push(await framework.acknowledged(state));
  }
  for (const [at, { event }] of UPDATES.entries()) it.same(event, updates[at] ?? '');
  await it.cluster.advance(seconds(1));
  await replay(it, 'REACTIVATE_AGENT drained');
  await it.cluster.advance(seconds(10));

  const { stream } = framework;
  const seen = stream.records.length;
  await replay(it, 'UPDATE_MAINTENANCE_SCHEDULE');
  const inverse = await stream.untilTold('INVERSE_OFFERS');
  const offers = stream.records.slice(seen).find((each) => each.startsWith('{"type":"OFFERS"'));
  assert.ok(offers !== undefined);
  const idIn = (text: string): string => /[^"]*-O\d+/.exec(text)?.[0] ?? '';
  it.learn(`${MASTER}-O5`, idIn(inverse));
  it.learn(`${MASTER}-O4`, idIn(offers));
  it.learn(`${MASTER}-O3`, idIn(stream.records[seen] ?? ''));
  it.same(recorded('scheduler event INVERSE_OFFERS').event, inverse);
  it.same(recorded('scheduler event OFFERS with unavailability').event, offers);
  await replay(it, 'START_MAINTENANCE');
  await stream.untilTold('"FAILURE"');
  const others = stream.records.slice(seen).filter((each) => /RESCIND"|FAILURE/.test(each));
  const { events = [] } = recorded('other scheduler events');
  assert.equal(others.length, events.length, others.join('\n'));
  for (const [at, event] of events.entries()) it.same(event, others[at] ?? '');

  await operator.untilTold('AGENT_REMOVED');
  const [, ...told] = recorded('operator event stream meanwhile').events ?? [];
  // Here the framework comes with the recorded id: it is added as one that is awaited, then updated.
  const [added = '', updated = '', ...rest] = operator.records
    .slice(1)
    .filter((each) => !each.includes('HEARTBEAT'));
  assert.match(added, /"active":false,"connected":false,"recovered":true/);
  const changes = [asAdded(updated), ...rest];
  assert.equal(changes.length, told.length, changes.join('\n'));
  for (const [at, event] of told.entries()) it.same(event, changes[at] ?? '');
});
