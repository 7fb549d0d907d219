/** Bytes and sizes of sources on the web; `ftp.ts` and `hadoop.ts` have the others. */
import type { Clock } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import { ClusterError } from '../../base/errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../net/ports.ts';

const REDIRECTS_MAX = 20;

export interface WebPorts {
  readonly http: HttpClient;
  readonly clock: Clock;
}

export interface Transfer {
  /** Silence that ends it. */
  readonly stallTimeoutMs: DurationMs;
  readonly signal: AbortSignal;
}

/** Throws unless the answer is 200. */
export async function* download(
  ports: WebPorts,
  url: string,
  { stallTimeoutMs, signal }: Transfer,
): AsyncIterable<Uint8Array> {
  const stall = new AbortController();
  const watch = (): { cancel(): void } =>
    ports.clock.setTimer(stallTimeoutMs, () => stall.abort(new Error('the download stalled')));
  let timer = watch();
  const either = AbortSignal.any([signal, stall.signal]);
  let response: HttpResponse | undefined;
  try {
    response = await follow(ports.http, { method: 'GET', url }, either);
    if (response.status !== 200) {
      const text = `Error downloading resource, received HTTP return code ${response.status}`;
      throw new ClusterError('FETCH', text, { retriable: false });
    }
    for await (const chunk of response.body) {
      timer.cancel();
      timer = watch();
      yield chunk;
    }
  } finally {
    timer.cancel();
    response?.cancel();
  }
}

/** What the server says of its size; undefined when it says nothing. */
export async function webSize(
  ports: WebPorts,
  url: string,
  { stallTimeoutMs, signal }: Transfer,
): Promise<number | undefined> {
  const stall = new AbortController();
  const timer = ports.clock.setTimer(stallTimeoutMs, () =>
    stall.abort(new Error('the server does not answer')),
  );
  try {
    const either = AbortSignal.any([signal, stall.signal]);
    const response = await follow(ports.http, { method: 'HEAD', url }, either);
    response.cancel();
    const size = Number(response.headers['content-length']);
    return response.status === 200 && size > 0 ? size : undefined;
  } finally {
    timer.cancel();
  }
}

/** The answer behind all redirects; who we are is told to the first server only. */
export async function follow(
  http: HttpClient,
  first: Omit<HttpRequest, 'body' | 'signal'>,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let { url, headers = {} } = first;
  for (let hop = 0; hop < REDIRECTS_MAX; hop += 1) {
    const response = await http.request({ ...first, url, headers, signal });
    const { location } = response.headers;
    const isRedirect = response.status >= 300 && response.status < 400;
    if (!isRedirect || location === undefined) return response;
    response.cancel();
    const next = new URL(location, url);
    if (next.protocol !== 'http:' && next.protocol !== 'https:') {
      const text = `Error downloading resource: redirected to '${next.protocol}'`;
      throw new ClusterError('FETCH', text, { retriable: false });
    }
    if (next.origin !== new URL(url).origin) {
      const { authorization: _ours, ...others } = headers;
      headers = others;
    }
    url = next.toString();
  }
  const text = `Error downloading resource: more than ${REDIRECTS_MAX} redirects`;
  throw new ClusterError('FETCH', text, { retriable: false });
}
