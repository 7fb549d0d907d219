/** Asks instances whether they are well: an HTTP GET without redirects, or a TCP connect. */
import { connect } from 'node:net';
import { describeError } from '../../../core/base/errors.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import { type ProbeTarget, probeUrl } from '../machine/effects.ts';
import type { ProbeOutcome } from '../machine/health.ts';

export interface Prober {
  /** Calls back once, in every case. */
  probe(target: ProbeTarget, done: (outcome: ProbeOutcome) => void): void;
}

/** Resolves when a connection was made within the time; rejects otherwise. */
export type ConnectTcp = (host: string, port: number, timeoutMs: number) => Promise<void>;

/** A readiness response longer than this is not kept. */
const BODY_MAX_BYTES = 64 * 1024;

export class NetworkProber implements Prober {
  private readonly http: HttpClient;
  private readonly connectTcp: ConnectTcp;

  constructor(http: HttpClient, connectTcp: ConnectTcp = connectOverTcp) {
    this.http = http;
    this.connectTcp = connectTcp;
  }

  probe(target: ProbeTarget, done: (outcome: ProbeOutcome) => void): void {
    const asked = target.kind === 'tcp' ? this.tcp(target) : this.get(target);
    asked.then(done, (thrown: unknown) => {
      done({ succeeded: false, cause: describeError(thrown) });
    });
  }

  private async tcp({ host, port, timeoutMs }: ProbeTarget): Promise<ProbeOutcome> {
    await this.connectTcp(host, port, timeoutMs);
    return { succeeded: true };
  }

  private async get(target: ProbeTarget): Promise<ProbeOutcome> {
    const response = await this.http.request({
      method: 'GET',
      url: probeUrl(target),
      headers: { accept: '*/*' },
      headTimeoutMs: target.timeoutMs,
    });
    const { status } = response;
    const contentType = response.headers['content-type'] ?? '';
    const body = await response.text(BODY_MAX_BYTES).catch(() => '');
    if (status >= 200 && status < 400) {
      return { succeeded: true, response: { status, contentType, body } };
    }
    const cause = `${status} ${STATUS_TEXTS[status] ?? ''}`.trim();
    return { succeeded: false, cause, response: { status, contentType, body } };
  }
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function connectOverTcp(host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error(`no connection to ${host}:${port} within ${timeoutMs} ms`));
    });
    socket.once('error', (error) => {
      socket.destroy();
      reject(error);
    });
  });
}
