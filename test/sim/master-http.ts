/**
 * The scheduler API of a simulated master for clients that speak HTTP: each subscription is a
 * `SchedulerLink`, so that calls and events travel, get lost and break like all others.
 */
import { ClusterError } from '../../core/base/errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../core/net/ports.ts';
import { MASTER, type SimulatedCluster } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import { SchedulerLink } from '../../core/testing/scheduler-link.ts';
import type { Call } from '../../core/wire/types/mesos.v1.scheduler.ts';
import { decodeCall, FakeStream, textResponse } from '../core/scheduler/fake-master.ts';

const STREAM_ID = 'mesos-stream-id';

export class MasterHttp implements HttpClient {
  private readonly cluster: SimulatedCluster;
  private readonly process: SimulatedProcess;
  private readonly links = new Map<string, SchedulerLink>();
  private linkCount = 0;

  constructor(cluster: SimulatedCluster, process: SimulatedProcess) {
    this.cluster = cluster;
    this.process = process;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    if (!this.process.isAlive) throw lost('the process is dead');
    const headers = request.headers ?? {};
    const call = decodeCall(headers, request.body ?? '');
    if (call.type === 'SUBSCRIBE') return this.subscribe(request, call);
    const link = this.links.get(headers[STREAM_ID] ?? '');
    if (link === undefined) return textResponse(403, 'Framework is not subscribed', {});
    link.call(call);
    const { network } = this.cluster;
    await new Promise<void>((resolve) => {
      this.process.clock.setTimer(2 * network.latency(), resolve);
    });
    return textResponse(202, '', {});
  }

  async close(): Promise<void> {
    for (const link of this.links.values()) link.close();
  }

  private subscribe(request: HttpRequest, call: Call): Promise<HttpResponse> {
    this.linkCount += 1;
    const id = String(this.linkCount);
    const stream = new FakeStream(request.headers?.['accept'] === 'application/json');
    const answered = Promise.withResolvers<HttpResponse>();
    const end = (why: string): void => {
      this.links.get(id)?.close();
      this.links.delete(id);
      stream.end();
      answered.reject(lost(why));
    };
    const link = new SchedulerLink(
      {
        network: this.cluster.network,
        process: this.process,
        masterName: MASTER,
        master: () => this.cluster.master,
        onEvent: (event) => {
          const head = { status: 200, headers: { [STREAM_ID]: id } };
          answered.resolve({ ...head, ...streaming(stream, () => end('cancelled')) });
          stream.send(event);
        },
        onBroken: () => end('the connection broke'),
        onRefused: (refused, status, text) => end(`${refused.type} was refused: ${status} ${text}`),
      },
      call,
    );
    this.links.set(id, link);
    request.signal?.addEventListener('abort', () => end('aborted'), { once: true });
    const { headTimeoutMs } = request;
    if (headTimeoutMs !== undefined) {
      const timer = this.process.clock.setTimer(headTimeoutMs, () => end('no answer in time'));
      answered.promise.then(
        () => timer.cancel(),
        () => timer.cancel(),
      );
    }
    return answered.promise;
  }
}

function streaming(
  stream: FakeStream,
  cancel: () => void,
): Pick<HttpResponse, 'body' | 'text' | 'bytes' | 'cancel'> {
  return {
    body: stream,
    text: () => Promise.reject(new Error('a stream has no text')),
    bytes: () => Promise.reject(new Error('a stream has no bytes')),
    cancel,
  };
}

function lost(why: string): ClusterError {
  return new ClusterError('CONNECTION_LOST', why, { retriable: true });
}
