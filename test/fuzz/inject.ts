/** One request through a server's whole HTTP layer without a socket, and what comes back. */
import type { Readable } from 'node:stream';
import type { HttpServer } from '../../core/net/http-server.ts';
import { type SimulatedClock, settle } from '../../core/testing/clock.ts';
import { decodeMessage } from '../../core/wire/codec.ts';
import { effortOf } from './effort.ts';
import type { FuzzRequest } from './request.ts';

export interface OpenStream {
  /** `Mesos-Stream-Id`. */
  readonly id: string | undefined;
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Processor time of the thread: of the answer, or of the longest step of the cluster meanwhile. */
  readonly effortMs: number;
  /** Of an answer that goes on; `body` is its beginning. */
  readonly stream?: OpenStream;
}

/** Of a request that waits for something of the cluster. */
const WAITING = { status: 200, headers: {}, body: Buffer.alloc(0) };
/** Turns of the event loop until time is moved for an answer, and until that cannot help. */
const PATIENT_TURNS = 12;
const TURNS_MAX = 600;
/** Virtual time per turn then. */
const STEP_MS = 20;
/** Real time that is waited when moving virtual time has brought no answer. */
const PAUSE_MS = 10;
const PAUSES_MAX = 500;
/** Turns after the head until an answer counts as one that goes on. */
const STREAM_TURNS = 4;

export async function inject(
  server: HttpServer,
  request: FuzzRequest,
  clock: SimulatedClock,
): Promise<Answer> {
  let longestMs = 0;
  let steppingMs = 0;
  const step = async (): Promise<void> => {
    const spentMs = await effortOf(() => clock.advance(STEP_MS));
    longestMs = Math.max(longestMs, spentMs);
    steppingMs += spentMs;
  };
  let answer: Omit<Answer, 'effortMs'> = WAITING;
  const totalMs = await effortOf(async () => {
    answer = await answerTo(server, request, step);
  });
  return { ...answer, effortMs: Math.max(totalMs - steppingMs, longestMs) };
}

async function answerTo(
  server: HttpServer,
  request: FuzzRequest,
  step: () => Promise<void>,
): Promise<Omit<Answer, 'effortMs'>> {
  const chunks: Buffer[] = [];
  let head: { readonly status: number; readonly headers: Record<string, string> } | undefined;
  let isEnded = false;
  let failure: unknown;
  let close = (): void => {};
  const { method, url, headers, body } = request;
  const payload = body.length === 0 ? {} : { payload: body };
  server.app
    .inject({ method, url, headers: { ...headers }, ...payload, payloadAsStream: true })
    .then((response) => {
      head = { status: response.statusCode, headers: textHeaders(response.headers) };
      const stream: Readable = response.stream();
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => (isEnded = true));
      stream.on('error', () => (isEnded = true));
      close = () => response.raw.res.destroy();
    })
    .catch((thrown: unknown) => (failure = thrown));
  let headTurns = 0;
  for (let turn = 0; !isEnded; turn += 1) {
    if (failure !== undefined) throw failure;
    if (head !== undefined) headTurns += 1;
    if (head !== undefined && headTurns > STREAM_TURNS && mayGoOn(request, head)) {
      const id = head.headers['mesos-stream-id'];
      return { ...head, body: Buffer.concat(chunks), stream: { id, close } };
    }
    if (turn > TURNS_MAX && mayWait(request)) return WAITING;
    if (turn > TURNS_MAX + PAUSES_MAX) throw new Error('there is no answer');
    await settle();
    // Files and compression are the work of real threads, which may wait for a processor.
    if (turn > TURNS_MAX) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    else if (turn > PATIENT_TURNS) await step();
  }
  if (head === undefined) throw new Error('an answer without a head');
  return { ...head, body: Buffer.concat(chunks) };
}

/** WAIT_CONTAINER is answered when the container ends. */
function mayWait({ target, body }: FuzzRequest): boolean {
  if (target !== 'agent') return false;
  if (body.includes('"WAIT_')) return true;
  const call = decodeMessage('mesos.v1.agent.Call', body);
  return call.ok && call.value.type?.startsWith('WAIT_') === true;
}

/** Event streams and outputs of containers have no length. */
function mayGoOn(
  request: FuzzRequest,
  head: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
): boolean {
  return (
    head.status === 200 &&
    head.headers['content-length'] === undefined &&
    /\/api\/v1/.test(decodeURIComponentSafely(request.url))
  );
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function textHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
