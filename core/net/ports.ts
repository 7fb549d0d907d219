/** What shells need of the network; implementations: sockets (`core/net`) and the simulator's. */
import type { DurationMs } from '../base/duration.ts';

/** Address of an actor, `id@ip:port` (spec libprocess, section 1). */
export interface Upid {
  readonly id: string;
  readonly ip: string;
  readonly port: number;
}

export interface Envelope {
  readonly from: Upid;
  readonly to: Upid;
  /** Full protobuf name, for instance `mesos.internal.PingSlaveMessage`. */
  readonly name: string;
  readonly body: Uint8Array;
}

/** Libprocess messages: at most once, in order per pair of actors. */
export interface MessageTransport {
  /** The announced address of this process. */
  readonly ip: string;
  readonly port: number;
  /** Receives everything sent to the actor `id` here, in arrival order, synchronously. */
  register(id: string, receive: (envelope: Envelope) => void): void;
  unregister(id: string): void;
  send(envelope: Envelope): void;
  /**
   * Keeps a connection to the peer's address and calls `onExited` once when it is lost or cannot be
   * made. Gives a function that unlinks.
   */
  link(peer: Upid, onExited: () => void): () => void;
}

export interface HttpRequest {
  readonly method: string;
  /** Absolute, `http://` or `https://`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Ends waiting for the head of the answer; streams may then stay silent for ever. */
  readonly headTimeoutMs?: DurationMs;
  readonly signal?: AbortSignal;
  /**
   * Sent behind all earlier requests of this kind to the same origin, without waiting for their
   * answers. When one of them is not answered, those behind it reject, too. For short answers.
   */
  readonly inOrder?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it arrives; consume it or `cancel`. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads the rest as text; at most `maxBytes` (default 64 MiB), else rejects. */
  text(maxBytes?: number): Promise<string>;
  bytes(maxBytes?: number): Promise<Uint8Array>;
  cancel(): void;
}

export interface HttpClient {
  /**
   * Rejects with a `ClusterError` when no answer comes; any status resolves. Redirects are not
   * followed. Request streams (attach container input) are not part of this port.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}
