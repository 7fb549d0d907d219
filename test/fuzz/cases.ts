/**
 * Makes the cases of a fuzz run: a recorded request or message, with the ids of the living cluster in
 * place of the recorded ones, changed a little or a lot.
 */
import { encodeMessage } from '../../core/wire/codec.ts';
import { fromJson } from '../../core/wire/json.ts';
import type { MessageName } from '../../core/wire/schema.ts';
import type { Dice } from './dice.ts';
import { generateBytes, generateTree, internalMessageNames } from './generate.ts';
import { frameRecords, join, mutateBytes } from './mutate-bytes.ts';
import { jsonText, mutateJsonText, mutateTree, NASTY_TEXTS } from './mutate-json.ts';
import {
  isFields,
  type RecordedMessage,
  type RecordedRequest,
  recordedMessages,
  recordedRequests,
} from './recorded.ts';
import type { FuzzCase, FuzzMessage, FuzzRequest } from './request.ts';

export interface Subscription {
  readonly framework: string;
  readonly stream: string;
}

/** Ids that mean something in the cluster now. */
export interface LivingIds {
  readonly agents: readonly string[];
  readonly frameworks: readonly string[];
  readonly offers: readonly string[];
  readonly tasks: readonly string[];
  readonly executors: readonly string[];
  /** Streams of schedulers with the frameworks they belong to. */
  readonly subscriptions: readonly Subscription[];
  readonly containers: readonly string[];
}

/** Names the recordings do not have, for members that are renamed and values that are replaced. */
const WORDS = [
  'cpus',
  'mem',
  'disk',
  'ports',
  'role',
  'principal',
  'SCALAR',
  'RANGES',
  'SET',
  'DYNAMIC',
  'STATIC',
  'role1',
  'web',
  'parent',
  'value',
  'type',
  'tasks',
  'agent_id',
  'framework_id',
  'offer_ids',
  'operations',
  'LAUNCH',
  'RESERVE',
  'CREATE',
  'DESTROY',
  'LAUNCH_GROUP',
  'UNRESERVE',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
  'TEARDOWN',
  'MESSAGE',
  'KILL',
];

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'] as const;
const EDGES: readonly [string, ...string[]] = [
  '',
  '0',
  '-1',
  '1',
  '10',
  '2147483648',
  '1e3',
  'abc',
  '99999999999999999999',
  ' 1',
  '0x1',
  'true',
  '%31',
];

export class CaseMaker {
  private readonly requests: readonly RecordedRequest[] = recordedRequests();
  private readonly messages: readonly RecordedMessage[] = recordedMessages();
  private readonly messageNames = internalMessageNames();

  make(dice: Dice, living: LivingIds): FuzzCase {
    if (dice.below(8) === 0) return { kind: 'message', message: this.message(dice, living) };
    return { kind: 'http', request: this.request(dice, living) };
  }

  private request(dice: Dice, given: LivingIds): FuzzRequest {
    const base = dice.pickAny(this.requests);
    if (base === undefined) throw new Error('there are no recordings');
    const subscription = dice.pickAny(given.subscriptions);
    // Calls with the stream of another framework get no further.
    const living =
      subscription === undefined || dice.once(12)
        ? given
        : { ...given, frameworks: [subscription.framework] };
    const words = wordsOf(living);
    const path = withLivingIds(dice, base.url, living);
    const isCall = /\/api\/v1/.test(path);
    const headers = { ...base.headers };
    if (headers['mesos-stream-id'] !== undefined || path.includes('scheduler')) {
      const id = subscription?.stream;
      if (id !== undefined && !isSubscribe(base.body)) headers['mesos-stream-id'] = id;
    }
    const document = isFields(base.body) || Array.isArray(base.body);
    const body = document
      ? this.documentBody(dice, { base, living, words, headers, isCall })
      : mutatedText(dice, withLivingIds(dice, textOf(base.body), living));
    return {
      target: dice.once(40) ? dice.pick(['master', 'agent'] as const) : base.target,
      method: dice.once(30) ? dice.pick(METHODS) : base.method,
      url: dice.once(isCall ? 12 : 2) ? mutatedUrl(dice, path, words) : path,
      headers: dice.once(8) ? mutatedHeaders(dice, headers) : headers,
      body,
    };
  }

  private documentBody(
    dice: Dice,
    given: {
      readonly base: RecordedRequest;
      readonly living: LivingIds;
      readonly words: readonly string[];
      readonly headers: Record<string, string>;
      readonly isCall: boolean;
    },
  ): Buffer {
    const { base, headers, words } = given;
    let tree: unknown =
      given.isCall && dice.once(5)
        ? generateTree(dice, callName(base), words)
        : JSON.parse(withLivingIds(dice, JSON.stringify(base.body), given.living, 'json'));
    for (let count = dice.pick([0, 1, 1, 1, 2, 3]); count > 0; count -= 1) {
      tree = mutateTree(dice, tree, words);
    }
    const asProtobuf = given.isCall && dice.once(3) ? protobufOf(base, tree) : undefined;
    if (asProtobuf !== undefined) {
      headers['content-type'] = 'application/x-protobuf';
      if (dice.once(2)) headers['accept'] = 'application/x-protobuf';
      return noisy(dice, asProtobuf);
    }
    let text = jsonText(tree);
    if (dice.once(8)) text = mutateJsonText(dice, text);
    if (given.isCall && base.target === 'agent' && dice.once(12)) {
      headers['content-type'] = 'application/recordio';
      headers['message-content-type'] = 'application/json';
      return frameRecords(dice, [Buffer.from(text), Buffer.from(text)]);
    }
    return dice.once(12) ? mutateBytes(dice, Buffer.from(text)) : Buffer.from(text);
  }

  private message(dice: Dice, living: LivingIds): FuzzMessage {
    const target = dice.pick(['master', 'agent'] as const);
    const { name, body } = dice.once(2)
      ? this.generatedMessage(dice, living)
      : this.recordedMessage(dice, living);
    return {
      target,
      from: dice.pick(['master', 'agent', 'agent', 'stranger'] as const),
      toId: dice.once(30) ? dice.pick(NASTY_TEXTS) : target === 'master' ? 'master' : 'slave(1)',
      name: dice.once(30) ? dice.pick(['', 'x', 'mesos.internal.StatusUpdateMessage']) : name,
      body,
    };
  }

  private recordedMessage(dice: Dice, living: LivingIds): RecordedMessage {
    const base = dice.pickAny(this.messages);
    if (base === undefined) throw new Error('there are no recordings');
    const text = withLivingIds(dice, base.body.toString('latin1'), living, 'framed');
    return { name: base.name, body: noisy(dice, Buffer.from(text, 'latin1')) };
  }

  private generatedMessage(dice: Dice, living: LivingIds): RecordedMessage {
    const name = dice.pickAny(this.messageNames) ?? 'mesos.internal.PingSlaveMessage';
    const body = generateBytes(dice, name, wordsOf(living)) ?? dice.bytes(dice.below(200));
    return { name, body: dice.once(3) ? noisy(dice, body) : body };
  }
}

function noisy(dice: Dice, bytes: Buffer): Buffer {
  let changed = bytes;
  for (let count = dice.below(3); count > 0; count -= 1) changed = mutateBytes(dice, changed);
  return changed;
}

function isSubscribe(body: unknown): boolean {
  return isFields(body) && body['type'] === 'SUBSCRIBE';
}

function protobufOf(base: RecordedRequest, tree: unknown): Buffer | undefined {
  const call = fromJson(callName(base), tree);
  return call.ok ? Buffer.from(encodeMessage(callName(base), call.value)) : undefined;
}

function callName(base: RecordedRequest): MessageName {
  if (base.url.includes('executor')) return 'mesos.v1.executor.Call';
  if (base.url.includes('scheduler')) return 'mesos.v1.scheduler.Call';
  return base.target === 'agent' ? 'mesos.v1.agent.Call' : 'mesos.v1.master.Call';
}

const RECORDED_ID =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(-S\d+|-O\d+|-\d{4})?/g;

/** Mostly living ids, sometimes the recorded ones. Of equal length where bytes are framed. */
function withLivingIds(
  dice: Dice,
  text: string,
  living: LivingIds,
  form: 'plain' | 'json' | 'framed' = 'plain',
): string {
  return text.replaceAll(RECORDED_ID, (recorded, suffix: string | undefined) => {
    if (dice.once(12)) return recorded;
    const found = dice.pickAny(idsLike(living, suffix));
    const isMisfit = form === 'framed' && found?.length !== recorded.length;
    if (found === undefined || isMisfit) return recorded;
    return form === 'json' ? JSON.stringify(found).slice(1, -1) : found;
  });
}

function idsLike(living: LivingIds, suffix: string | undefined): readonly string[] {
  if (suffix === undefined) return living.containers;
  if (suffix.startsWith('-S')) return living.agents;
  return suffix.startsWith('-O') ? living.offers : living.frameworks;
}

function wordsOf(living: LivingIds): readonly string[] {
  const { agents, frameworks, offers, tasks, executors } = living;
  return [...WORDS, ...agents, ...frameworks, ...offers, ...tasks, ...executors];
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : '';
}

/** Bodies of forms, and of requests that should have none. */
function mutatedText(dice: Dice, text: string): Buffer {
  if (text === '') return dice.once(10) ? dice.bytes(dice.below(40)) : Buffer.alloc(0);
  const fields = text.split('&');
  switch (dice.below(6)) {
    case 0:
      return Buffer.from(fields.filter(() => !dice.once(2)).join('&'));
    case 1:
      return Buffer.from([...fields, ...fields].join(dice.pick(['&', ';', '&&', ''])));
    case 2:
      return Buffer.from(fields.map((field) => `${field}${dice.pick(NASTY_TEXTS)}`).join('&'));
    case 3:
      return Buffer.from(
        fields.map((field) => field.replace(/=.*/, `=${dice.pick(EDGES)}`)).join('&'),
      );
    case 4:
      return mutateBytes(dice, Buffer.from(text));
    default:
      return Buffer.from(text);
  }
}

function mutatedUrl(dice: Dice, url: string, words: readonly string[]): string {
  const [path = '/', query = ''] = url.split('?');
  const value = encodeURIComponent(wellFormed(dice.pickAny(words) ?? dice.pick(NASTY_TEXTS)));
  switch (dice.below(10)) {
    case 0:
      return `${path}.json${query === '' ? '' : `?${query}`}`;
    case 1:
      return `/${dice.pick(['master', 'slave(1)', 'files', 'metrics', 'nope'])}${url}`;
    case 2:
      return `${path}/${value}${query === '' ? '' : `?${query}`}`;
    case 3:
      return `${path}?${query}&${dice.pick(['jsonp', 'limit', 'offset', 'order', 'path', 'length', 'task_id'])}=${dice.pick(EDGES)}`;
    case 4:
      return `${path}?${query.replaceAll(/=[^&]*/g, () => `=${dice.once(2) ? value : dice.pick(EDGES)}`)}`;
    case 5:
      return url.replaceAll(/[a-z]/g, (letter) => (dice.once(10) ? letter.toUpperCase() : letter));
    case 6:
      return `${path}?${encodeURIComponent(wellFormed(dice.pick(NASTY_TEXTS)))}=${value}&&=&${query}`;
    case 7:
      return `/files/${dice.pick(['browse', 'read', 'download', 'debug'])}?path=${filePath(dice, words)}&offset=${dice.pick(EDGES)}&length=${dice.pick(EDGES)}`;
    case 8:
      return url.replaceAll(/[a-z]/g, (letter) =>
        dice.once(10) ? `%${letter.charCodeAt(0).toString(16)}` : letter,
      );
    default:
      return `${url}${dice.pick(['/', '//', '?', '#x', '%', '%2', '%00', ';x', '..', '/..', '/.'])}`;
  }
}

/** Ways out of a sandbox, and into what is not one. */
function filePath(dice: Dice, words: readonly string[]): string {
  const parts = [
    '..',
    '.',
    '',
    'etc',
    'passwd',
    'sandbox',
    'sandbox',
    'out',
    'stdout',
    'link',
    'loop',
    '%2e%2e',
    'pipe',
    '\0',
  ];
  if (dice.once(60)) return '/a'.repeat(dice.pick([10, 3_000, 25_000]));
  const count = 1 + dice.below(8);
  const path = Array.from({ length: count }, () => dice.pickAny(parts) ?? '').join('/');
  const root = dice.pick(['/sandbox/', '/sandbox/', '/', '', `${dice.pickAny(words) ?? ''}/`]);
  return dice.once(4) ? `${root}${path}` : encodeURIComponent(`${root}${path}`);
}

function mutatedHeaders(
  dice: Dice,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const changed: Record<string, string> = { ...headers };
  const name = dice.pick([
    'content-type',
    'content-type',
    'accept',
    'accept',
    'mesos-stream-id',
    'accept-encoding',
    'content-encoding',
    'authorization',
    'expect',
    'message-accept',
    'message-content-type',
    'x-forwarded-for',
    'libprocess-from',
    'range',
  ] as const);
  if (dice.once(4)) delete changed[name];
  else {
    changed[name] = dice.pick([
      'application/json',
      'application/x-protobuf',
      'application/recordio',
      'text/html',
      '*/*',
      'application/*;q=0',
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
      'gzip',
      'gzip;q=0',
      'identity',
      '',
      'x',
      ';;;',
      ',,,',
      'Basic Zm9vOmJhcg==',
      'Bearer x.y.z',
      '00000000-0000-0000-0000-000000000000',
      '1',
      'a'.repeat(2_000),
      'application/json, application/x-protobuf;q=0.5',
      'multipart/form-data',
      'application/x-www-form-urlencoded',
    ]);
  }
  return changed;
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** Bytes of a request as a client would write them, for the part of a run that uses sockets. */
export function requestBytes(request: FuzzRequest): Buffer {
  const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${request.method} ${request.url.replaceAll(/[\s\0]/g, '')} HTTP/1.1\r\nHost: x\r\n${lines.join('')}`;
  const length = request.body.length === 0 ? '' : `Content-Length: ${request.body.length}\r\n`;
  return join(Buffer.from(`${head}${length}\r\n`), request.body);
}
