/**
 * Replays what was recorded byte for byte: the first JSON records of a subscription (number
 * rendering, key order), the same in protobuf, and the whole session of an HTTP executor that was
 * launched as a process: its environment, its calls and its events.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeMessage } from '../../core/wire/codec.ts';
import { toJson } from '../../core/wire/json.ts';
import { RecordDecoder } from '../../core/wire/recordio.ts';
import { type HeaderLine, headerDifferences } from '../core/operator/recordings.ts';
import { EXECUTOR_PROGRAM } from './support/executor-program.ts';
import { at, listAt, textAt } from './support/json.ts';
import { eventually, PROJECT } from './support/programs.ts';
import { mask, sectionSteps } from './support/replay.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { exchange } from './support/wire-http.ts';

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function golden(name: string): unknown {
  return JSON.parse(readFileSync(join(PROJECT, 'test/wire/golden', name), 'utf8'));
}

/** The first records of a subscription; then its stream is closed. */
async function firstRecords(
  cluster: SmallCluster,
  request: { readonly body: string | Uint8Array<ArrayBuffer>; readonly type: string },
): Promise<{ readonly lines: readonly HeaderLine[]; readonly records: readonly Uint8Array[] }> {
  const answer = await exchange({
    method: 'POST',
    url: cluster.schedulerUrl,
    headers: { 'Content-Type': request.type, Accept: request.type },
    body: request.body,
  });
  assert.equal(answer.status, 200);
  const decoder = new RecordDecoder();
  const records: Uint8Array[] = [];
  for await (const chunk of answer.body) {
    for (const record of decoder.push(chunk)) records.push(Uint8Array.from(record));
    if (records.length >= 3) break;
  }
  answer.body.destroy();
  return { lines: answer.lines, records };
}

function withoutIds(text: string, ports: readonly (number | string)[]): string {
  const [master, agent] = ports;
  return text
    .replaceAll(UUID, 'uuid')
    .replace(/-O\d+"/g, '-O"')
    .replace(/-\d{4}"/g, '-0000"')
    .replaceAll(new RegExp(`([:"]port":|127.0.0.1:)${master}`, 'g'), '$1master')
    .replaceAll(new RegExp(`([:"]port":|127.0.0.1:)${agent}`, 'g'), '$1agent');
}

test('the first records in JSON are the recorded bytes', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-raw');
  const all = ['MULTI_ROLE', 'PARTITION_AWARE', 'TASK_KILLING_STATE', 'RESERVATION_REFINEMENT'];
  const capabilities = all.map((type) => ({ type }));
  const infos = [
    { user: 'root', name: 'raw', roles: ['r1'], capabilities },
    { user: 'root', name: 'raw', role: 'r2' },
  ];
  const steps = sectionSteps('raw bytes of the first records (number rendering, key order)');
  for (const [index, framework_info] of infos.entries()) {
    const body = JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info } });
    const { records } = await firstRecords(cluster, { body, type: 'application/json' });
    const text = textAt(steps[index], 'text').trim();
    const expected = [...new RecordDecoder().push(Buffer.from(text))];
    const texts = (list: readonly Uint8Array[]): string[] =>
      list.map((record) => Buffer.from(record).toString('utf8'));
    assert.deepEqual(
      texts(records).map((text) => withoutIds(text, [cluster.masterPort, cluster.agentPort])),
      texts(expected).map((text) => withoutIds(text, [5150, 5151])),
    );
  }
});

test('the first records in protobuf say what was recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-protobuf', {
    agentFlags: ['--attributes=rack:r1;zone:eu'],
  });
  const recorded = golden('scheduler-protobuf.json');
  const body = Uint8Array.from(Buffer.from(textAt(recorded, 'request', 'base64'), 'base64'));
  const { lines, records } = await firstRecords(cluster, {
    body,
    type: 'application/x-protobuf',
  });
  assert.deepEqual(headerDifferences(Object(at(recorded, 'headers')), lines), []);
  const shown = (bytes: Uint8Array): string => {
    const event = decodeMessage('mesos.v1.scheduler.Event', bytes);
    assert.ok(event.ok);
    return toJson('mesos.v1.scheduler.Event', event.value);
  };
  const expected = listAt(recorded, 'events').map((event) =>
    shown(Buffer.from(textAt(event, 'base64'), 'base64')),
  );
  // Tasks held a part of the agent when this was recorded: amounts are left out.
  const form = (text: string, ports: readonly number[]): string =>
    withoutIds(text, ports)
      .replaceAll(/"scalar":\{"value":[\d.]+\}/g, '"scalar":{}')
      .replaceAll(/"begin":\d+/g, '"begin":0');
  assert.deepEqual(
    records.map((bytes) => form(shown(bytes), [cluster.masterPort, cluster.agentPort])),
    expected.map((text) => form(text, [15_050, 15_051])),
  );
});

test('an executor process sees the recorded environment, answers and events', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-process', {
    agentFlags: ['--attributes=rack:r1;zone:eu'],
  });
  const program = join(cluster.directory, 'executor.mjs');
  const journal = join(cluster.directory, 'journal.json');
  writeFileSync(program, EXECUTOR_PROGRAM);
  const recorded = golden('executor-session.json');
  const subscribed = listAt(recorded).find((step) => at(step, 'event', 'type') === 'SUBSCRIBED');
  const info = structuredClone(at(subscribed, 'event', 'subscribed', 'framework_info'));
  Reflect.deleteProperty(Object(info), 'id');
  const body = { type: 'SUBSCRIBE', subscribe: { framework_info: info } };
  const session = await SchedulerSession.subscribe(cluster.schedulerUrl, 'process', body);
  const [offer] = await session.settledOffers();
  const launched = listAt(recorded).find((step) => at(step, 'event', 'type') === 'LAUNCH');
  const text = JSON.stringify(at(launched, 'event', 'launch', 'task'))
    .replaceAll(textAt(info ?? {}, 'name'), 'unused name')
    .replaceAll(
      textAt(launched, 'event', 'launch', 'task', 'agent_id', 'value'),
      textAt(offer, 'agent_id', 'value'),
    )
    .replaceAll(
      textAt(subscribed, 'event', 'subscribed', 'framework_info', 'id', 'value'),
      session.frameworkId,
    )
    .replaceAll('node /opt/app/executor.mjs', `${process.execPath} ${program} ${journal}`);
  const launch = { task_infos: [JSON.parse(text)] };
  await session.call({
    type: 'ACCEPT',
    accept: { offer_ids: [at(offer, 'id')], operations: [{ type: 'LAUNCH', launch }] },
  });
  await session.nextUpdate('custom-1');
  const target = { agent_id: at(offer, 'agent_id'), executor_id: { value: 'custom-exec' } };
  await session.call({ type: 'MESSAGE', message: { ...target, data: 'dG8gZXhlY3V0b3I=' } });
  const message = await session.next('MESSAGE', (event) => event['type'] === 'MESSAGE');
  assert.equal(at(message, 'message', 'data'), 'ZnJvbSBleGVjdXRvcg==');
  await session.call({ type: 'KILL', kill: { task_id: { value: 'custom-1' } } });
  await session.nextUpdate('custom-1');
  await session.call({ type: 'SHUTDOWN', shutdown: target });
  const steps = await eventually('the executor ends', () => {
    const seen: unknown = JSON.parse(readFileSync(journal, 'utf8'));
    return at(listAt(seen).at(-1), 'event', 'type') === 'SHUTDOWN' ? listAt(seen) : undefined;
  });
  compareSessions(steps, listAt(recorded), {
    [`${process.execPath} ${program} ${journal}`]: 'node /opt/app/executor.mjs',
    [`${cluster.agentDirectory}/`]: '/opt/app/a/',
    [`127.0.0.1:${cluster.agentPort}`]: '127.0.0.1:15051',
  });
});

/** Step for step; ACKNOWLEDGED events and the answers of calls may change places. */
function compareSessions(
  ours: readonly unknown[],
  recorded: readonly unknown[],
  renamed: Readonly<Record<string, string>>,
): void {
  const normal = (steps: readonly unknown[]): unknown[] =>
    steps.map((step) => {
      let text = JSON.stringify(mask(step)).replaceAll('uuid-0001', 'uuid-0000');
      for (const [from, to] of Object.entries(renamed)) text = text.replaceAll(from, to);
      return JSON.parse(text);
    });
  const kinds = (steps: readonly unknown[], wanted: (step: unknown) => boolean): unknown[] =>
    normal(steps.filter(wanted));
  const isKind = (kind: string) => (step: unknown) => at(step, 'kind') === kind;
  const isCall = (step: unknown): boolean => isKind('call')(step) || isKind('subscribe')(step);
  assert.deepEqual(kinds(ours, isKind('env')), kinds(recorded, isKind('env')));
  assert.deepEqual(
    kinds(ours, isCall).map(withHeaderLines),
    kinds(recorded, isCall).map(withHeaderLines),
  );
  assert.deepEqual(kinds(ours, isKind('event')), kinds(recorded, isKind('event')));
}

/** Header lines as a list, so that their order counts. */
function withHeaderLines(step: unknown): unknown {
  const headers = Object.entries(at(step, 'headers') ?? {});
  const lines = headers.map(([name, value]) => [name, name === 'date' ? typeof value : value]);
  return { ...Object(step), headers: lines };
}
