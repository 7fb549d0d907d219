/**
 * The operator endpoints against recordings of an original master, one test per recorded request: status,
 * header lines in order, and bodies with their keys in order and their numbers in the recorded form, after
 * times and figures of the machine are masked. What is not compared is named with its reason, so that the
 * list cannot grow by accident.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareHead, type RawAnswer } from '../operator/raw-http.ts';
import {
  differences,
  type Exchange,
  exchangesOf,
  formDifferences,
  formsIn,
  type NumberForms,
} from '../operator/recordings.ts';
import { addRecordedFrameworks } from './recorded-frameworks.ts';
import { type RecordedMaster, recordedState, startRecordedMaster } from './recorded-master.ts';

/** The requests to the master, keyed without the kind of cluster. */
function masterExchanges(file: string): readonly (readonly [string, Exchange])[] {
  return exchangesOf(file)
    .filter(({ label }) => !label.split(' ').includes('agent'))
    .map((exchange) => [exchange.label.replace(/^\w+ (master )?/, ''), exchange] as const);
}

/** Every text that was recorded as it came, for the forms of numbers. */
function recordedForms(): NumberForms {
  const files = ['operator-empty.json', 'operator-idle.json', 'operator-busy.json'];
  const texts = files.flatMap((file) =>
    exchangesOf(file).flatMap(({ request, response }) =>
      request.path.includes('jsonp') ? [response.text ?? ''] : [],
    ),
  );
  return formsIn(texts);
}

const FORMS = recordedForms();

function compare(answer: RawAnswer, exchange: Exchange): void {
  const { response, request } = exchange;
  const { path } = request;
  if (path === '/help') {
    compareHelp(answer, exchange);
    return;
  }
  compareHead(answer, exchange);
  const text = answer.body.toString();
  if (response.text === '(gzip body, left out)') return;
  if (path.endsWith('/__processes__')) compareProcesses(text, response.json);
  else if (path.startsWith('/metrics/')) compareMetrics(text, response.json);
  else if (path.includes('jsonp')) compareJsonp(text, response.text ?? '');
  else if (response.json === undefined) assert.equal(text, response.text);
  else assert.deepEqual(differences(response.json, JSON.parse(text)), []);
  if (path !== '/api/v1') assert.deepEqual(formDifferences(FORMS, text), []);
}

function compareJsonp(ours: string, recorded: string): void {
  const bare = (jsonp: string): unknown => JSON.parse(jsonp.replace(/^cb\((.*)\)$/s, '$1'));
  assert.match(ours, /^cb\(.*\)$/s);
  assert.deepEqual(differences(bare(recorded), bare(ours)), []);
}

/** In no order; how many connections and streams are open differs. */
function compareProcesses(ours: string, recorded: unknown): void {
  const ids = (list: unknown): readonly string[] => {
    assert.ok(Array.isArray(list));
    return list
      .map((each: unknown) =>
        JSON.stringify(each).replace(/(__http__|heartbeater)\(\d+\)/, '$1(N)'),
      )
      .sort();
  };
  const set = (list: unknown): readonly string[] => [...new Set(ids(list))];
  assert.deepEqual(set(JSON.parse(ours)), set(recorded));
}

/** By name, in order, all as doubles; timers of a young master have too few samples. */
function compareMetrics(ours: string, recorded: unknown): void {
  const names = (values: unknown): readonly string[] =>
    Object.keys(Object(values)).filter((name) => !isYoung(recorded) || !/_ms(\/|$)/.test(name));
  assert.deepEqual(names(JSON.parse(ours)), names(recorded));
  for (const [shown] of ours.matchAll(/:-?\d[\d.e-]*/g)) assert.match(shown, /[.e]/);
}

/** Nothing ran there yet. */
function isYoung(metrics: unknown): boolean {
  return Object(metrics)['frameworks/marathon-p/messages_processed'] === undefined;
}

/** The page around it is our own; the text that it shows is the recorded one. */
function compareHelp(answer: RawAnswer, { response }: Exchange): void {
  const recorded = /marked\("(## HELP.*?)"\)/s.exec(response.text ?? '')?.[1];
  assert.ok(recorded !== undefined);
  const markdown = JSON.parse(`"${recorded}"`);
  assert.equal(answer.status, response.status);
  assert.equal(answer.headers.find(([name]) => name === 'Content-Type')?.[1], 'text/html');
  const lines = String(markdown).matchAll(/> \[(.*?)\]\[.*?\]/g);
  const shown = answer.body.toString();
  for (const [, path = ''] of lines) assert.ok(shown.includes(`>${path}</a>`), path);
}

/** Old names with `.json` are served here and are 404 there: they give what the name without gives. */
async function compareAlias(it: RecordedMaster, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  assert.equal(response.status, 404);
  const plain = { ...request, path: request.path.replace(/\.json$/, '') };
  const [alias, direct] = [await it.ask({ request }), await it.ask({ request: plain })];
  assert.equal(alias.status, 200);
  assert.deepEqual(alias.body, direct.body);
}

function isAlias({ request }: Exchange): boolean {
  return request.path.endsWith('.json') && request.path !== '/system/stats.json';
}

for (const file of ['operator-empty.json', 'operator-idle.json', 'operator-busy.json']) {
  test(`the master answers the requests of ${file} as recorded`, async (t) => {
    const exchanges = masterExchanges(file);
    await using it = await startRecordedMaster(recordedState(exchangesOf(file)));
    if (file === 'operator-busy.json') {
      await addRecordedFrameworks(it.master, exchangesOf(file), () => it.advance());
    }
    for (const [label, exchange] of exchanges) {
      await t.test(label, async () => {
        if (isAlias(exchange)) return compareAlias(it, exchange);
        compare(await it.ask(exchange), exchange);
      });
    }
  });
}

test('the figures of a busy master are the recorded ones, but for times and the past', async () => {
  const exchanges = exchangesOf('operator-busy.json');
  await using it = await startRecordedMaster(recordedState(exchanges));
  await addRecordedFrameworks(it.master, exchanges, () => it.advance());
  const exchange = exchanges.find(({ request }) => request.path === '/metrics/snapshot');
  assert.ok(exchange !== undefined);
  const SAME =
    /^(allocator\/mesos\/(resources|roles|quota|offer_filters)|master\/(cpus|mem|disk|gpus|slaves_[acdiu]|tasks_(running|staging|unreachable)|frameworks_[acdi]|elected|operations\/|outstanding))/;
  const pick = (values: unknown): unknown =>
    Object.fromEntries(Object.entries(Object(values)).filter(([name]) => SAME.test(name)));
  const answer = await it.ask(exchange);
  assert.deepEqual(pick(JSON.parse(answer.body.toString())), pick(exchange.response.json));
});

test('a client that takes Markdown gets the recorded text of /help', async () => {
  const exchanges = exchangesOf('operator-idle.json');
  await using it = await startRecordedMaster(recordedState(exchanges));
  const exchange = exchanges.find(({ request }) => request.path === '/help');
  assert.ok(exchange !== undefined);
  const headers = { 'User-Agent': 'curl/8.0' };
  const answer = await it.ask({ request: { ...exchange.request, headers } });
  const recorded = /marked\("(## HELP.*?)"\)/s.exec(exchange.response.text ?? '')?.[1];
  assert.equal(answer.body.toString(), JSON.parse(`"${recorded}"`));
});
