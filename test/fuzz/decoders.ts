/**
 * Every decoder and parser that reads what strangers write, fed with the body of a case and with noise:
 * none throws, none depends on how bytes are cut, and what was read can be written and read again.
 */
import { strict as assert } from 'node:assert';
import { AGENT_FLAGS } from '../../core/agent/flags.ts';
import { parseBytes } from '../../core/base/bytes.ts';
import { parseDuration } from '../../core/base/duration.ts';
import { ClusterError } from '../../core/base/errors.ts';
import { parseFlags } from '../../core/base/flags.ts';
import { MASTER_FLAGS } from '../../core/master/flags.ts';
import { decodeForm } from '../../core/master/http/bodies.ts';
import { acceptsGzip, acceptsMediaType } from '../../core/net/media-types.ts';
import { RouteTable } from '../../core/net/routes.ts';
import { parseZooKeeperUrl } from '../../core/net/zookeeper/url.ts';
import { formatAttributes, parseAttributes } from '../../core/resources/attributes.ts';
import { formatResources } from '../../core/resources/format.ts';
import { parseAgentResources, parseResources } from '../../core/resources/parse-flag.ts';
import { validateRole } from '../../core/resources/roles.ts';
import { parseMasters } from '../../core/scheduler/masters.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/codec.ts';
import { decodeDriverCall } from '../../core/wire/driver-call.ts';
import { fromJson, parseJson, toJson } from '../../core/wire/json.ts';
import { decodeSegment, type ParsedRequest, RequestParser } from '../../core/wire/libprocess.ts';
import { RecordDecoder } from '../../core/wire/recordio.ts';
import type { MessageName } from '../../core/wire/schema.ts';
import { parseUpid } from '../../core/wire/upid.ts';
import type { Dice } from './dice.ts';
import { generateBytes, internalMessageNames } from './generate.ts';
import { frameRecords, mutateBytes } from './mutate-bytes.ts';
import { NASTY_TEXTS } from './mutate-json.ts';
import { bodyOfCase, type FuzzCase } from './request.ts';

const NAMES: readonly MessageName[] = [
  ...internalMessageNames(),
  'mesos.v1.scheduler.Call',
  'mesos.v1.scheduler.Event',
  'mesos.v1.executor.Call',
  'mesos.v1.executor.Event',
  'mesos.v1.master.Call',
  'mesos.v1.master.Response',
  'mesos.v1.agent.Call',
  'mesos.v1.agent.Response',
];

/** Values of the flag grammars, to be mutated. */
const FLAG_TEXTS: readonly [string, ...string[]] = [
  'cpus:4;mem:4096;disk:8192;ports:[31000-32000,33000-34000]',
  'cpus(role1):2.5;gpus:1;set:{a,b,c}',
  '[{"name":"cpus","type":"SCALAR","scalar":{"value":4},"reservations":[{"type":"STATIC","role":"a"}]}]',
  'rack:r1;zone:eu;level:3.5;range:[1-2];set:{x}',
  '10secs',
  '1.5weeks',
  '16MB',
  'zk://user:secret@host:2181,host2:2181/mesos',
  'host:5050,other:5051',
  'master@10.0.0.1:5050',
  'slave(1)@[::1]:5051',
  'a/b/c',
  '/master/quota/role1.json?x=y',
  'application/json;q=0.5, */*;q=0.1',
  'slaveId=a%20b&resources=%5B%5D',
];

const HTTP_TEXT =
  'POST /master/mesos.internal.PingSlaveMessage HTTP/1.1\r\nUser-Agent: libprocess/slave(1)@10.0.0.2:5051\r\n';
const HEADS: readonly [string, ...string[]] = [
  `${HTTP_TEXT}Connection: Keep-Alive\r\nHost: \r\n\r\n`,
  `${HTTP_TEXT}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `${HTTP_TEXT}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n`,
  `${HTTP_TEXT}Content-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello`,
  `${HTTP_TEXT}Content-Length: 99999999999\r\n\r\n`,
  `${HTTP_TEXT}Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n`,
];

/** Of longer ones only the beginning goes through the framings, which are fed byte by byte. */
const FRAMED_MAX_BYTES = 4_096;

export function fuzzDecoders(dice: Dice, it: FuzzCase): void {
  const body = bodyOfCase(it);
  const bytes = dice.once(2) ? body : mutateBytes(dice, body);
  fuzzProtobuf(dice, bytes);
  fuzzJson(dice, bytes.toString('utf8'));
  const beginning = bytes.subarray(0, FRAMED_MAX_BYTES);
  fuzzRecords(dice, beginning);
  fuzzLibprocess(dice, beginning);
  const example = dice.pick(FLAG_TEXTS);
  const text = dice.once(4)
    ? example + dice.pick(NASTY_TEXTS)
    : mutateBytes(dice, Buffer.from(example)).toString('utf8');
  fuzzTexts(text);
  if (dice.once(64)) fuzzFlags(text);
}

function fuzzProtobuf(dice: Dice, noise: Buffer): void {
  const name = dice.pickAny(NAMES) ?? 'mesos.v1.scheduler.Call';
  const generated = dice.once(2) ? generateBytes(dice, name, ['a', 'b']) : undefined;
  const bytes = generated === undefined ? noise : mutateBytes(dice, generated);
  decodeDriverCall(bytes);
  const decoded = decodeMessage(name, bytes);
  if (!decoded.ok) return;
  const written = encodeMessage(name, decoded.value);
  const again = decodeMessage(name, written);
  assert.ok(
    again.ok,
    `${name}: written, but not readable: ${Buffer.from(written).toString('hex')}`,
  );
  // Written once, fields are in order; unknown ones may have come in another.
  const twice = Buffer.from(encodeMessage(name, again.value));
  assert.deepEqual(twice, Buffer.from(written), `${name} changes when it is written and read`);
}

function fuzzJson(dice: Dice, text: string): void {
  const tree = parseJson(text);
  if (!tree.ok) return;
  const name = dice.pickAny(NAMES) ?? 'mesos.v1.scheduler.Call';
  const message = fromJson(name, tree.value);
  if (!message.ok) return;
  const again = parseJson(toJson(name, message.value));
  assert.ok(again.ok, `${name}: JSON that is none`);
  assert.ok(fromJson(name, again.value).ok, `${name}: JSON that cannot be read again`);
}

function fuzzRecords(dice: Dice, bytes: Buffer): void {
  const stream = frameRecords(dice, [bytes, bytes.subarray(0, 5)]);
  const cutInto = recordsIn(cut(dice, stream));
  const single = recordsIn(bytewise(stream));
  assert.deepEqual(cutInto, single, 'records depend on the chunks');
}

function recordsIn(chunks: Iterable<Buffer>): readonly string[] {
  const decoder = new RecordDecoder(1_000_000);
  const records: string[] = [];
  try {
    for (const chunk of chunks) {
      for (const record of decoder.push(chunk)) records.push(Buffer.from(record).toString('hex'));
    }
  } catch (thrown) {
    assert.ok(thrown instanceof ClusterError, String(thrown));
  }
  return records;
}

function fuzzLibprocess(dice: Dice, bytes: Buffer): void {
  const head = Buffer.from(dice.pick(HEADS));
  const stream = mutateBytes(dice, Buffer.concat([head, head, dice.once(4) ? bytes : head]));
  const whole = requestsIn([stream]);
  assert.deepEqual(requestsIn(cut(dice, stream)), whole, 'messages depend on the chunks');
}

function requestsIn(chunks: Iterable<Buffer>): readonly string[] {
  const parser = new RequestParser();
  const requests = Array.from(chunks, (chunk) => parser.push(chunk));
  return requests.flat().flatMap(printRequest);
}

function printRequest(request: ParsedRequest): readonly string[] {
  // How much had arrived by then is all that `rest` tells.
  if (request.kind === 'other') return ['other'];
  if (request.kind === 'broken') return ['broken'];
  return [JSON.stringify(request)];
}

function* cut(dice: Dice, bytes: Buffer): Generator<Buffer> {
  const sizeMax = dice.pick([1, 3, 50, 5_000]);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + dice.below(sizeMax);
    yield bytes.subarray(at, end);
    at = end;
  }
}

function* bytewise(bytes: Buffer): Generator<Buffer> {
  for (const byte of bytes) yield Buffer.of(byte);
}

const ROUTES = new RouteTable('master');
for (const url of [
  '/master/state',
  '/master/quota',
  '/files/read',
  '/help/:id',
  '/master/redirect/:rest',
]) {
  ROUTES.add(url);
}

function fuzzTexts(text: string): void {
  const resources = parseResources(text);
  if (resources.ok) formatResources(resources.value);
  parseAgentResources(text, 'role1');
  const attributes = parseAttributes(text);
  if (attributes.ok) formatAttributes(attributes.value);
  parseDuration(text);
  parseBytes(text);
  parseUpid(text);
  parseZooKeeperUrl(text);
  parseMasters(text);
  decodeForm(text);
  decodeSegment(text);
  validateRole(text);
  ROUTES.resolve(text);
  acceptsMediaType(text, 'application/json');
  acceptsGzip(text);
}

/** Every flag's grammar is slow to try: names of unknown flags are compared with all known ones. */
function fuzzFlags(text: string): void {
  for (const table of [MASTER_FLAGS, AGENT_FLAGS]) {
    for (const name of ['resources', 'attributes', 'allocation_interval', 'weights', text]) {
      parseFlags(table, {
        argv: [`--${name}=${text}`],
        env: {},
        envPrefix: undefined,
        style: 'equals',
      });
    }
  }
}
