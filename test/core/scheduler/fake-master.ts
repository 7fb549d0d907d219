/** A master that tests script: an `HttpClient` that answers calls and keeps one event stream. */
import { ClusterError } from '../../../core/base/errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../../core/net/ports.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import { fromJson, parseJson, toJson } from '../../../core/wire/json.ts';
import { encodeRecord } from '../../../core/wire/recordio.ts';
import type { Call, Event } from '../../../core/wire/types/mesos.v1.scheduler.ts';

export interface ReceivedCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly call: Call;
}

/** What a test answers instead of the default. */
export type Answer =
  | { readonly status: number; readonly text?: string; readonly location?: string }
  | 'unreachable'
  | 'silent'
  | undefined;

export class FakeMaster implements HttpClient {
  readonly received: ReceivedCall[] = [];
  frameworkId = 'master-0000';
  /** Looked at first for every call. */
  answer: (received: ReceivedCall) => Answer = () => undefined;
  /** Told of every call that was taken. */
  onCall: (call: Call) => void = () => {};
  subscriptionCount = 0;
  private stream: FakeStream | undefined;

  /** The calls of one type, in order. */
  calls(type: Call['type']): Call[] {
    return this.received.map((each) => each.call).filter((call) => call.type === type);
  }

  get isConnected(): boolean {
    return this.stream !== undefined && !this.stream.isOver;
  }

  send(event: Event): void {
    this.stream?.send(event);
  }

  sendBytes(bytes: Uint8Array): void {
    this.stream?.push(bytes);
  }

  /** Ends the stream as a dying master does. */
  disconnect(): void {
    this.stream?.end();
    this.stream = undefined;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const headers = request.headers ?? {};
    const received = { url: request.url, headers, call: decodeCall(headers, request.body ?? '') };
    this.received.push(received);
    const answer = this.answer(received);
    if (answer === 'unreachable') {
      throw new ClusterError('CONNECTION_REFUSED', 'connection refused', { retriable: true });
    }
    if (answer === 'silent') return new Promise((_, reject) => rejectOnAbort(request, reject));
    if (answer !== undefined) {
      const location = answer.location === undefined ? {} : { location: answer.location };
      return textResponse(answer.status, answer.text ?? '', location);
    }
    if (received.call.type === 'SUBSCRIBE') return this.subscribe(request, received.call);
    const isOurs = headers['mesos-stream-id'] === String(this.subscriptionCount);
    if (!this.isConnected || !isOurs) return textResponse(403, 'Framework is not subscribed', {});
    this.onCall(received.call);
    return textResponse(202, '', {});
  }

  close(): Promise<void> {
    this.disconnect();
    return Promise.resolve();
  }

  private subscribe(request: HttpRequest, call: Call): HttpResponse {
    this.disconnect();
    this.subscriptionCount += 1;
    const isJson = request.headers?.['accept'] === 'application/json';
    const stream = new FakeStream(isJson);
    this.stream = stream;
    request.signal?.addEventListener('abort', () => stream.end(), { once: true });
    const id = call.framework_id?.value ?? this.frameworkId;
    stream.send({
      type: 'SUBSCRIBED',
      subscribed: { framework_id: { value: id }, heartbeat_interval_seconds: 15 },
    });
    stream.send({ type: 'HEARTBEAT' });
    this.onCall(call);
    return {
      status: 200,
      headers: { 'mesos-stream-id': String(this.subscriptionCount) },
      body: stream,
      text: () => Promise.reject(new Error('a stream has no text')),
      bytes: () => Promise.reject(new Error('a stream has no bytes')),
      cancel: () => {
        stream.end();
        if (this.stream === stream) this.stream = undefined;
      },
    };
  }
}

export class FakeStream implements AsyncIterable<Uint8Array> {
  isOver = false;
  private readonly isJson: boolean;
  private readonly chunks: Uint8Array[] = [];
  private wake: (() => void) | undefined;

  constructor(isJson: boolean) {
    this.isJson = isJson;
  }

  send(event: Event): void {
    const name = 'mesos.v1.scheduler.Event';
    this.push(encodeRecord(this.isJson ? toJson(name, event) : encodeMessage(name, event)));
  }

  push(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.wake?.();
  }

  end(): void {
    this.isOver = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
        continue;
      }
      if (this.isOver) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

export function decodeCall(
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string,
): Call {
  if (headers['content-type'] === 'application/x-protobuf') {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const call = decodeMessage('mesos.v1.scheduler.Call', bytes);
    if (!call.ok) throw new Error(call.error);
    return call.value;
  }
  const tree = parseJson(typeof body === 'string' ? body : new TextDecoder().decode(body));
  const call = tree.ok ? fromJson('mesos.v1.scheduler.Call', tree.value) : tree;
  if (!call.ok) throw new Error(call.error);
  return call.value;
}

export function textResponse(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): HttpResponse {
  const bytes = new TextEncoder().encode(text);
  return {
    status,
    headers,
    body: (async function* () {
      yield bytes;
    })(),
    text: () => Promise.resolve(text),
    bytes: () => Promise.resolve(bytes),
    cancel: () => {},
  };
}

function rejectOnAbort(request: HttpRequest, reject: (reason: unknown) => void): void {
  const fail = () => reject(new ClusterError('ABORTED', 'aborted', { retriable: true }));
  request.signal?.addEventListener('abort', fail, { once: true });
}
