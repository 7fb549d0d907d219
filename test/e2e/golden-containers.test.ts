/**
 * Replays the recorded calls about containers (`test/wire/golden/agent-containers.json`) against a
 * real agent with real processes: the same calls in the same order give the same statuses, header
 * lines, texts, documents and records.
 *
 * Ids of the pod differ per run and are mapped; times, pids and usage are compared by type.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RecordDecoder } from '../../core/wire/recordio.ts';
import { headerDifferences } from '../core/operator/recordings.ts';
import { at, listAt, textAt } from './support/json.ts';
import { startPod } from './support/pod.ts';
import { PROJECT } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { bytesOf, exchange, type WireAnswer } from './support/wire-http.ts';

type Json = Readonly<Record<string, unknown>>;

const STEPS: readonly Json[] = JSON.parse(
  readFileSync(join(PROJECT, 'test/wire/golden/agent-containers.json'), 'utf8'),
);

const RECORDED = {
  root: '18413415-2bdb-442a-8830-5cc7d7892718',
  task: '7a8b5c68-372f-4c7f-ad11-c517446b2074',
  framework: '7c467b68-a7bd-4a77-81bd-de9495dc5cba-0004',
};

/** The first call that needs the pod. */
const FIRST_WITH_POD = 'GET_CONTAINERS with nested';

/** Figures of processes: present or not as the moment of the call decides. */
const USAGE = ['cpus_user_time_secs', 'cpus_system_time_secs', 'mem_rss_bytes'];

/** Streams that go on while later calls are made. */
const CONCURRENT = new Set([
  'LAUNCH_NESTED_CONTAINER_SESSION interactive cat',
  'ATTACH_CONTAINER_OUTPUT of running session',
]);

/** The recorded agent aborts; ours answers as for a nested container that has ended. */
const ABORTS = 'REMOVE_CONTAINER of a top-level container';

test('the calls about containers are answered as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'containers');
  const replay = new Replay(`${cluster.agentUrl}/api/v1`);
  let pod: Awaited<ReturnType<typeof startPod>> | undefined;
  for (const step of STEPS) {
    const label = textAt(step, 'label');
    if (label === FIRST_WITH_POD) {
      pod = await startPod(cluster, { value: 'sleep 1000' });
      replay.names.set(RECORDED.root, pod.rootContainer);
      replay.names.set(RECORDED.task, pod.taskContainer);
      replay.names.set(RECORDED.framework, pod.frameworkId);
    }
    await t.test(label, () => replay.step(step));
  }
  await t.test('the streams that went on have ended as recorded', () => replay.finish());
  await pod?.teardown();
});

class Replay {
  readonly url: string;
  readonly names = new Map<string, string>();
  private readonly open: { readonly step: Json; readonly body: Promise<Buffer> }[] = [];

  constructor(url: string) {
    this.url = url;
  }

  async step(step: Json): Promise<void> {
    const label = textAt(step, 'label');
    const client = new AbortController();
    const startedAt = performance.now();
    const response = await this.call(step, client.signal);
    if (label === ABORTS) {
      assert.equal(response.status, 200);
      return;
    }
    this.compareHead(step, response);
    if (at(step, 'ended') === 'by client') {
      client.abort();
      return;
    }
    if (CONCURRENT.has(label)) {
      this.open.push({ step, body: bytesOf(response) });
      return;
    }
    await this.compareBody(step, response);
    const blockedMs = Number(at(step, 'blocked_ms') ?? 0);
    const tookMs = performance.now() - startedAt;
    if (blockedMs > 1_000) assert.ok(tookMs > 500, `did not block: ${tookMs} ms`);
  }

  async finish(): Promise<void> {
    for (const { step, body } of this.open) compareRecords(at(step, 'response'), await body);
  }

  private call(step: Json, signal: AbortSignal): Promise<WireAnswer> {
    const recorded = at(step, 'request', 'body');
    const text = typeof recorded === 'string' ? recorded : JSON.stringify(recorded);
    const { 'Content-Length': _, ...headers } = Object(at(step, 'request', 'headers'));
    const body = this.renamed(text);
    return exchange({ method: 'POST', url: this.url, headers, body, signal });
  }

  private compareHead(step: Json, answer: WireAnswer): void {
    const recorded = Object(at(step, 'response', 'headers'));
    assert.equal(answer.status, at(step, 'response', 'status'));
    assert.equal(answer.reason, at(step, 'response', 'reason'));
    const length = Number(lengthOf(answer));
    assert.deepEqual(headerDifferences(recorded, answer.lines, length), []);
  }

  private async compareBody(step: Json, answer: WireAnswer): Promise<void> {
    const recorded = Object(at(step, 'response'));
    if (recorded.records !== undefined) {
      compareRecords(recorded, await bytesOf(answer));
      return;
    }
    const text = String(await bytesOf(answer));
    assert.equal(lengthOf(answer), String(Buffer.byteLength(text)));
    if (recorded.json === undefined) {
      assert.equal(text, this.renamed(textAt(recorded, 'text')));
      return;
    }
    const expected: unknown = JSON.parse(this.renamed(JSON.stringify(recorded.json)));
    const actual: unknown = JSON.parse(text);
    assert.deepEqual(masked(actual), masked(expected));
    assert.equal(JSON.stringify(masked(actual)), JSON.stringify(masked(expected)), 'key order');
  }

  private renamed(text: string): string {
    let result = text;
    for (const [recorded, actual] of this.names) result = result.replaceAll(recorded, actual);
    return result;
  }
}

function lengthOf({ lines }: WireAnswer): string | undefined {
  return lines.find(([name]) => name === 'Content-Length')?.[1];
}

/** How output is cut into records depends on the moment; what was written does not. */
function compareRecords(recorded: unknown, bytes: Buffer): void {
  const decoder = new RecordDecoder();
  const records = Array.from(decoder.push(bytes), (record): unknown =>
    JSON.parse(Buffer.from(record).toString('utf8')),
  );
  assert.ok(decoder.isBetweenRecords);
  const expected = listAt(recorded, 'records');
  for (const stream of ['STDOUT', 'STDERR']) {
    assert.equal(written(records, stream), written(expected, stream), stream);
  }
  if (JSON.stringify(records[0]) !== JSON.stringify(expected[0])) return;
  const start = /^\d+\n[^}]*\}\}/.exec(textAt(recorded, 'first_bytes'))?.[0] ?? '';
  assert.equal(bytes.toString('utf8').slice(0, start.length), start);
}

function written(records: readonly unknown[], stream: string): string {
  const parts = records
    .filter((record) => at(record, 'data', 'type') === stream)
    .map((record) => Buffer.from(textAt(record, 'data', 'data'), 'base64').toString('utf8'));
  return parts.join('').replaceAll(/\/dev\/pts\/\d+/g, '/dev/pts/N');
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    if (USAGE.includes(key)) return [];
    return [[key, /timestamp|executor_pid/.test(key) ? typeof each : masked(each)]];
  });
  return Object.fromEntries(entries);
}
