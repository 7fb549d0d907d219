/** The `HttpClient` port of a scheduler in the simulated network: calls and events over its link. */

import { ClusterError } from '../../core/base/errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../core/net/ports.ts';
import { MASTER, type SimulatedCluster } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import { SchedulerLink } from '../../core/testing/scheduler-link.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/codec.ts';
import { encodeRecord } from '../../core/wire/recordio.ts';
import type { Call } from '../../core/wire/types/mesos.v1.scheduler.ts';
import { Channel, response } from '../schedulers/fake-channel.ts';

export interface SchedulerHttpOptions {
  readonly cluster: SimulatedCluster;
  readonly process: SimulatedProcess;
  readonly onCall: (call: Call) => void;
  /** Status of everything that is not the master, such as tasks that are probed. */
  readonly probe: (url: string) => number;
}

export class SchedulerHttp implements HttpClient {
  private readonly options: SchedulerHttpOptions;
  private link: SchedulerLink | undefined;

  constructor(options: SchedulerHttpOptions) {
    this.options = options;
  }

  request(request: HttpRequest): Promise<HttpResponse> {
    if (!request.url.includes('/api/v1/scheduler')) {
      return Promise.resolve(answer(this.options.probe(request.url), nothing()));
    }
    const call = callOf(request);
    this.options.onCall(call);
    if (call.type === 'SUBSCRIBE') return this.subscribe(call, request.signal);
    this.link?.call(call);
    return Promise.resolve(answer(202, nothing()));
  }

  close(): Promise<void> {
    this.link?.close();
    return Promise.resolve();
  }

  private subscribe(call: Call, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const { cluster, process } = this.options;
    this.link?.close();
    const stream = new Channel();
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const link = new SchedulerLink(
        {
          network: cluster.network,
          process,
          masterName: MASTER,
          master: () => cluster.master,
          onEvent: (event) => {
            stream.push(encodeRecord(encodeMessage('mesos.v1.scheduler.Event', event)));
            if (!isAnswered) resolve(answer(200, stream.read()));
            isAnswered = true;
          },
          onBroken: () => {
            stream.end();
            if (isAnswered) return;
            isAnswered = true;
            const text = 'the connection to the master broke';
            reject(new ClusterError('UNREACHABLE', text, { retriable: true }));
          },
        },
        call,
      );
      this.link = link;
      const hangUp = (): void => {
        link.close();
        stream.end();
      };
      signal?.addEventListener('abort', hangUp, { once: true });
    });
  }
}

function callOf({ body }: HttpRequest): Call {
  if (body === undefined || typeof body === 'string') throw new Error('the call is no protobuf');
  const call = decodeMessage('mesos.v1.scheduler.Call', body);
  if (!call.ok) throw new Error(call.error);
  return call.value;
}

function answer(status: number, body: AsyncIterable<Uint8Array>): HttpResponse {
  return response(status, body, { 'mesos-stream-id': 'S' });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
