/**
 * The recorded RESERVE with an operation id and CREATE of a volume, against the real master and agent:
 * answers with their header lines, the operation's status, and the offers between, as they are written.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAttributes } from '../../../core/resources/attributes.ts';
import type { RawStream } from '../operator/raw-stream.ts';
import type { Exchange } from '../operator/recordings.ts';
import { RecordedCluster } from './recorded-cluster.ts';
import { RecordedFramework } from './recorded-framework.ts';

interface Step extends Partial<Pick<Exchange, 'request' | 'response'>> {
  readonly event?: unknown;
  readonly offer?: { readonly id: { readonly value: string } };
}

const STEPS: readonly Step[] = JSON.parse(
  readFileSync(new URL('../../wire/golden/reservation-volume.json', import.meta.url), 'utf8'),
);
const MASTER = '0460bb91-1069-46ea-8fee-1a33f54c3ee5';
const STREAM = '052a01b1-2076-4152-840d-21539d96d20c';
/** What was free when the recording began: tasks had the rest. */
const TASK = { cpus: 0.5, mem: 128, ports: { begin: 31_000, end: 31_002 } };

function idOfOffer(event: string): string {
  const id = /"id":\{"value":"([^"]*-O\d+)"/.exec(event)?.[1];
  assert.ok(id !== undefined, event);
  return id;
}

/** An operation's; different in every run. */
function uuidIn(event: string): string {
  const uuid = /"uuid":\{"value":"([^"]{22}==)"/.exec(event)?.[1];
  assert.ok(uuid !== undefined, event);
  return uuid;
}

/** The next OFFERS event after those already seen. */
async function nextOffer(stream: RawStream, from: number): Promise<string> {
  const isOffer = (each: string): boolean => each.startsWith('{"type":"OFFERS"');
  while (!stream.records.slice(from).some(isOffer)) await stream.until(stream.records.length + 1);
  return stream.records.slice(from).find(isOffer) ?? '';
}

/** Takes what the tasks of the recorded cluster had. */
async function launchTask(framework: RecordedFramework, offer: string): Promise<void> {
  const scalar = (name: string, value: number) => ({ name, type: 'SCALAR', scalar: { value } });
  const [cpus, mem] = [scalar('cpus', TASK.cpus), scalar('mem', TASK.mem)];
  const ports = { name: 'ports', type: 'RANGES', ranges: { range: [TASK.ports] } };
  const task = {
    name: 'busy',
    task_id: { value: 'busy' },
    agent_id: { value: `${MASTER}-S0` },
    command: { value: 'sleep infinity' },
    resources: [cpus, mem, ports],
  };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
  const filters = { refuse_seconds: 0 };
  const accept = { offer_ids: [{ value: idOfOffer(offer) }], operations, filters };
  await framework.call({ type: 'ACCEPT', accept });
}

test('a reservation with an id and a volume come out as recorded', async (t) => {
  const attributes = parseAttributes('rack:r1;zone:eu');
  assert.ok(attributes.ok);
  await using it = await RecordedCluster.start({
    masterPort: 15_050,
    master: { hostname: 'localhost' },
    agent: { port: 15_051, attributes: attributes.value },
  });
  it.learn(`${MASTER}-S0`, [...it.master.state.agents.keys()][0] ?? '');
  using framework = await RecordedFramework.subscribe(it, `${MASTER}-0002`, {
    user: 'root',
    name: 'reservations',
    roles: ['services'],
    principal: 'marathon-p',
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'PARTITION_AWARE' },
      { type: 'RESERVATION_REFINEMENT' },
    ],
  });
  const { stream } = framework;
  it.learn(STREAM, framework.streamId);
  const first = await nextOffer(stream, 0);
  let seen = stream.records.length;
  await launchTask(framework, first);
  it.learn(`${MASTER}-O37`, idOfOffer(await nextOffer(stream, seen)));
  for (const [index, step] of STEPS.entries()) {
    const { request, response, event, offer } = step;
    await t.test(`step ${index}`, async () => {
      if (request !== undefined && response !== undefined) {
        seen = stream.records.length;
        await it.replay({ request, response });
      } else if (event !== undefined) {
        const told = await stream.untilTold('UPDATE_OPERATION_STATUS');
        it.learn(uuidIn(JSON.stringify(event)), uuidIn(told));
        it.same(event, told);
      } else if (offer !== undefined) {
        const text = await nextOffer(stream, seen);
        it.learn(offer.id.value, idOfOffer(text));
        it.same({ type: 'OFFERS', offers: { offers: [offer] } }, text);
      }
    });
  }
});
