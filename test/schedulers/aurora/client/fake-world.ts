/** A client in a world of maps: its scheduler is a function, time passes as soon as it is waited for. */
import type { Clock, Timer } from '../../../../core/base/clock.ts';
import { SeededRandom } from '../../../../core/base/random.ts';
import type { HttpRequest, HttpResponse } from '../../../../core/net/ports.ts';
import { runAdmin, runClient } from '../../../../schedulers/aurora/client/main.ts';
import type { ClientPorts, Ran } from '../../../../schedulers/aurora/client/ports.ts';
import {
  decodeCall,
  encodeReply,
  type ThriftCall,
} from '../../../../schedulers/aurora/thrift/messages.ts';
import type { Response, Result } from '../../../../schedulers/aurora/thrift/types.ts';
import { surroundingsOf } from '../config/support/load.ts';

export const START = 1_480_000_000_000;

/** A timer fires at once and moves the time. */
class HurriedClock implements Clock {
  private nowMs = START;

  now(): number {
    return this.nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    queueMicrotask(() => {
      if (isCancelled) return;
      this.nowMs += delayMs;
      callback();
    });
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }
}

export function okay(result?: Result, ...messages: readonly string[]): Response {
  const details = messages.map((message) => ({ message }));
  return result === undefined
    ? { responseCode: 'OK', details }
    : { responseCode: 'OK', details, result };
}

export function refusal(responseCode: Response['responseCode'], message: string): Response {
  return { responseCode, details: [{ message }] };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Answer = Response | RawAnswer | Error;

export interface WorldOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** What the scheduler at `url` says. */
  readonly answer?: (call: ThriftCall, url: string) => Answer;
  readonly ran?: (argv: readonly string[], files: readonly string[]) => Partial<Ran>;
  readonly members?: () => readonly string[];
}

const CLUSTERS = JSON.stringify([
  {
    ...{ name: 'west', scheduler_uri: 'http://scheduler:8081', slave_root: '/slaves' },
    slave_run_directory: 'latest',
  },
]);

export class World {
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly calls: ThriftCall[] = [];
  readonly requests: HttpRequest[] = [];
  readonly programs: (readonly string[])[] = [];
  readonly written = new Map<string, string>();
  readonly clock = new HurriedClock();
  private readonly options: WorldOptions;

  constructor(options: WorldOptions = {}) {
    this.options = options;
  }

  aurora(...argv: readonly string[]): Promise<number> {
    return runClient(argv, this.ports());
  }

  admin(...argv: readonly string[]): Promise<number> {
    return runAdmin(argv, this.ports());
  }

  methods(): readonly string[] {
    return this.calls.map(({ method }) => method);
  }

  private ports(): ClientPorts {
    const { files = {}, environment = {}, members } = this.options;
    let texts: readonly string[] = [];
    return {
      clock: this.clock,
      random: new SeededRandom(1),
      http: { request: (request) => this.answer(request), close: async () => {} },
      surroundings: surroundingsOf({
        files: { '/etc/aurora/clusters.json': CLUSTERS, ...files },
        environment,
      }),
      home: '/home/someone',
      print: (line) => {
        this.out.push(line);
      },
      complain: (line) => {
        this.err.push(line);
      },
      write: (path, text) => {
        if (path.startsWith('/nowhere/')) throw new Error('ENOENT');
        this.written.set(path, text);
      },
      run: async (argv) => {
        this.programs.push(argv);
        return { code: 0, stdout: '', stderr: '', ...this.options.ran?.(argv, texts) };
      },
      attach: async (argv, onStart) => {
        this.programs.push(argv);
        onStart?.(4242);
        return this.options.ran?.(argv, texts).code ?? 0;
      },
      withFiles: async (given, use) => {
        texts = given;
        return await use(given.map((_, at) => `/tmp/${at}`));
      },
      members: async () => [...(members?.() ?? [])],
    };
  }

  private async answer(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    const call = decodeCall('binary', Buffer.from(request.body ?? ''));
    if (!call.ok || call.value.kind !== 'call') throw new Error('the client sent no call');
    this.calls.push(call.value);
    const answer = this.options.answer?.(call.value, request.url) ?? okay();
    if (answer instanceof Error) throw answer;
    if ('status' in answer) return response(answer.status, answer.headers ?? {}, Buffer.alloc(0));
    const { method, seqid } = call.value;
    return response(200, {}, encodeReply('binary', { method, seqid, response: answer }));
  }
}

function response(
  status: number,
  headers: Readonly<Record<string, string>>,
  bytes: Buffer,
): HttpResponse {
  return {
    ...{ status, headers },
    body: (async function* () {
      yield bytes;
    })(),
    text: async () => bytes.toString(),
    bytes: async () => bytes,
    cancel: () => {},
  };
}
