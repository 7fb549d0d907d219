/**
 * What the v1 calls of the master refuse, statement by statement of the envelope and of the calls that change
 * something; recordings hold the rest.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, encodeMessage } from '../../../../core/wire/codec.ts';
import type { RawAnswer } from '../../operator/raw-http.ts';
import { exchangesOf } from '../../operator/recordings.ts';
import { type RecordedMaster, recordedState, startRecordedMaster } from '../recorded-master.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

function start(): Promise<RecordedMaster> {
  return startRecordedMaster(recordedState(exchangesOf('operator-idle.json')));
}

function post(
  it: RecordedMaster,
  body: unknown,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
): Promise<RawAnswer> {
  return it.ask({ request: { method: 'POST', path: '/api/v1', headers, body } });
}

async function said(answer: Promise<RawAnswer>): Promise<string> {
  const { status, body } = await answer;
  return `${status} ${body.toString()}`;
}

const WITH_ARGUMENTS = [
  'get_metrics set_logging_level list_files read_file update_weights reserve_resources unreserve_resources',
  'create_volumes destroy_volumes grow_volume shrink_volume update_maintenance_schedule start_maintenance',
  'stop_maintenance drain_agent deactivate_agent reactivate_agent update_quota set_quota remove_quota teardown',
  'mark_agent_gone',
].flatMap((line) => line.split(' '));

test('every call with arguments is refused without them, by the name of the field', async () => {
  await using it = await start();
  for (const field of WITH_ARGUMENTS) {
    assert.equal(
      await said(post(it, { type: field.toUpperCase() })),
      `400 Failed to validate master::Call: Expecting '${field}' to be present`,
    );
  }
});

test('the envelope is checked in its order: method, content type, body, call, accept', async () => {
  await using it = await start();
  const wrongMethod = await it.ask({
    request: { method: 'PUT', path: '/api/v1', headers: { 'Content-Type': 'text/plain' } },
  });
  assert.equal(wrongMethod.status, 405);
  assert.ok(wrongMethod.headers.some(([name, value]) => name === 'Allow' && value === 'POST'));
  const html = { Accept: 'text/html' };
  assert.equal(await said(post(it, 'no json', html)), "400 Expecting 'Content-Type' to be present");
  assert.equal(
    await said(post(it, 'no json', { ...html, 'Content-Type': 'text/plain' })),
    "415 Expecting 'Content-Type' of application/json or application/x-protobuf",
  );
  assert.match(
    await said(post(it, 'no json', { ...html, ...JSON_TYPE })),
    /^400 Failed to parse body into JSON: /,
  );
  assert.equal(
    await said(post(it, {}, { ...html, ...JSON_TYPE })),
    "400 Failed to validate master::Call: Expecting 'type' to be present",
  );
  assert.equal(
    await said(post(it, { type: 'GET_HEALTH' }, { ...html, ...JSON_TYPE })),
    "406 Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
  );
  assert.equal(await said(post(it, { type: 'UNKNOWN' })), '501 501 Not Implemented.');
  assert.equal(
    await said(post(it, 'garbage', { 'Content-Type': 'application/x-protobuf' })),
    '400 Failed to parse body into Call protobuf',
  );
});

const AGENT = { value: 'nowhere-S9' };

const UNKNOWN: readonly (readonly [call: object, outcome: string])[] = [
  [{ type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: AGENT } }, '400 Unknown agent'],
  [
    { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: AGENT } },
    '400 Agent is not deactivated',
  ],
  [{ type: 'DRAIN_AGENT', drain_agent: { agent_id: AGENT } }, '400 Unknown agent'],
  [
    { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: AGENT } },
    "404 Agent 'nowhere-S9' not found",
  ],
  [
    { type: 'TEARDOWN', teardown: { framework_id: { value: 'nobody' } } },
    '400 No framework found with specified ID',
  ],
  [
    { type: 'REMOVE_QUOTA', remove_quota: { role: 'dev' } },
    "400 Failed to remove quota: Role 'dev' has no quota set",
  ],
  [
    { type: 'RESERVE_RESOURCES', reserve_resources: { agent_id: AGENT, resources: [] } },
    '400 No agent found with specified ID',
  ],
  [
    {
      type: 'UNRESERVE_RESOURCES',
      unreserve_resources: { agent_id: AGENT, resources: [{ name: 'cpus', type: 'SCALAR' }] },
    },
    "400 Failed to validate master::Call: Resource 'cpus:0' is invalid: Invalid scalar resource",
  ],
  [
    { type: 'DESTROY_VOLUMES', destroy_volumes: { agent_id: AGENT, volumes: [] } },
    '400 No agent found with specified ID',
  ],
  [
    {
      type: 'SHRINK_VOLUME',
      shrink_volume: { volume: { name: 'disk', type: 'SCALAR' }, subtract: { value: 1 } },
    },
    "400 Failed to validate master::Call: Expecting 'agent_id' to be present; only agent default resources are supported right now",
  ],
];

test('calls about what is not there are refused with the texts of the original', async () => {
  await using it = await start();
  for (const [call, outcome] of UNKNOWN) assert.equal(await said(post(it, call)), outcome);
});

test('a call in protobuf may be answered in JSON and the other way round', async () => {
  await using it = await start();
  const json = await post(it, { type: 'GET_AGENTS' });
  const binary = await post(
    it,
    { type: 'GET_AGENTS' },
    {
      ...JSON_TYPE,
      Accept: 'application/x-protobuf',
    },
  );
  const { agents } = JSON.parse(json.body.toString()).get_agents;
  const read = decodeMessage('mesos.v1.master.Response', binary.body);
  assert.ok(read.ok);
  const [agent] = read.value.get_agents?.agents ?? [];
  assert.equal(agent?.agent_info.id?.value, agents[0].agent_info.id.value);
  assert.equal(agents[0].agent_info.checkpoint, true);
  assert.ok(agent !== undefined);
  // Field 7, of the old message only, is kept by originals and old clients read it.
  const info = Buffer.from(encodeMessage('mesos.v1.AgentInfo', agent.agent_info));
  assert.ok(info.includes(Buffer.from([7 << 3, 1])));
  assert.ok(binary.body.includes(info));
});

test('every metric of the snapshot is in the Prometheus text, one sample each, with its type', async () => {
  await using it = await start();
  const get = (path: string): Promise<RawAnswer> =>
    it.ask({ request: { method: 'GET', path, headers: {} } });
  const text = await get('/metrics/prometheus');
  const type = text.headers.find(([name]) => name === 'Content-Type')?.[1];
  assert.match(type ?? '', /^text\/plain; version=0\.0\.4/);
  const lines = text.body.toString().trimEnd().split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const names = samples.map(
    (line) => /^([a-zA-Z_:][a-zA-Z0-9_:]*) (NaN|-?[\d.e+-]+)$/.exec(line)?.[1],
  );
  assert.deepEqual(
    samples.filter((_, at) => names[at] === undefined),
    [],
  );
  assert.equal(new Set(names).size, names.length);
  const typed = lines.flatMap((line) => /^# TYPE (\S+) (counter|gauge)$/.exec(line)?.[1] ?? []);
  assert.deepEqual([...typed].sort(), [...names].sort());
  const snapshot = JSON.parse((await get('/metrics/snapshot')).body.toString());
  const plain = Object.keys(snapshot).map((name) => name.replaceAll(/[^a-zA-Z0-9_:]/g, '_'));
  assert.deepEqual(
    plain.filter((name) => !names.includes(name)),
    [],
  );
});
