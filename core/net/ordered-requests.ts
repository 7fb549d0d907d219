/**
 * Requests that must be handled in the order they were made: one connection per origin, on which they
 * follow each other without waiting for answers. When one of them gets no answer, those behind it get
 * none either and are not sent again: whether the server took them cannot be known.
 */
import { Client } from 'undici';

/** Requests under way on one connection; the next ones wait until an answer comes. */
const PIPELINED_MAX = 256;

export interface OrderedOptions {
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
}

export class OrderedRequests {
  private readonly options: OrderedOptions;
  private readonly clients = new Map<string, Client>();

  constructor(options: OrderedOptions) {
    this.options = options;
  }

  /** Where to send the next request to this URL. */
  dispatcherOf(url: string): Client {
    const { origin } = new URL(url);
    const known = this.clients.get(origin);
    if (known !== undefined) return known;
    const { connectTimeoutMs, keepAliveMs } = this.options;
    const client = new Client(origin, {
      connect: { timeout: connectTimeoutMs },
      pipelining: PIPELINED_MAX,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
    });
    this.clients.set(origin, client);
    // The library would send what was under way again, on a new connection.
    client.on('disconnect', (_origin, _targets, error) => this.drop(client, error));
    client.on('connectionError', (_origin, _targets, error) => this.drop(client, error));
    return client;
  }

  /** Ends the connection with everything that is under way on it. */
  drop(client: Client, reason: Error): void {
    for (const [origin, each] of this.clients) {
      if (each === client) this.clients.delete(origin);
    }
    // Those under way are rejected with the reason; nobody waits for the socket's end.
    if (!client.destroyed) client.destroy(reason, () => {});
  }

  close(): void {
    for (const client of [...this.clients.values()]) {
      this.drop(client, new Error('the HTTP client is closed'));
    }
  }
}
