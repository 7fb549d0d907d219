/**
 * Server-sent events to many clients. Each client has a bounded queue: one that does not read is
 * dropped and counted, so that it can neither fill the memory nor slow the others down.
 */
import type { Clock, Timer } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';

/** Where one client's bytes go; a `ServerResponse` fits. */
export interface EventSink {
  write(text: string): unknown;
  /** Bytes written and not yet taken by the network. */
  readonly writableLength: number;
  end(): unknown;
}

export interface EventHubOptions {
  readonly clientsMax: number;
  /** A client with more waiting bytes is dropped. */
  readonly waitingBytesMax: number;
  /** A comment line in this interval keeps proxies from closing a silent stream; 0 for none. */
  readonly keepAliveMs: DurationMs;
  /** So many characters were given to a client. */
  readonly onSent?: (length: number) => void;
}

interface Client {
  readonly sink: EventSink;
  /** Undefined takes every type. */
  readonly types: ReadonlySet<string> | undefined;
}

export class EventHub {
  private readonly clock: Clock;
  private readonly options: EventHubOptions;
  private readonly clients = new Set<Client>();
  private keepAlive: Timer | undefined;
  private dropped = 0;

  constructor(clock: Clock, options: EventHubOptions) {
    this.clock = clock;
    this.options = options;
  }

  get clientCount(): number {
    return this.clients.size;
  }

  /** Clients dropped because they did not read. */
  get droppedCount(): number {
    return this.dropped;
  }

  /** Undefined when there are too many clients; else a function that leaves. */
  connect(sink: EventSink, types?: ReadonlySet<string>): (() => void) | undefined {
    if (this.clients.size >= this.options.clientsMax) return undefined;
    const client: Client = { sink, types };
    this.clients.add(client);
    this.keepAlive ??= this.nextKeepAlive();
    return () => this.leave(client);
  }

  /** Whether anybody asked for events of this type: others need not be written. */
  wants(type: string): boolean {
    for (const client of this.clients) if (takes(client, type)) return true;
    return false;
  }

  /** `json` is one line; the event is written to everyone who asked for its type. */
  publish(type: string, json: string): void {
    const text = `event: ${type}\r\ndata: ${json}\r\n\r\n`;
    for (const client of this.clients) {
      if (takes(client, type)) this.write(client, text);
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const client of [...this.clients]) {
      this.leave(client);
      client.sink.end();
    }
  }

  private write(client: Client, text: string): void {
    if (client.sink.writableLength > this.options.waitingBytesMax) {
      this.dropped += 1;
      this.leave(client);
      client.sink.end();
      return;
    }
    client.sink.write(text);
    this.options.onSent?.(text.length);
  }

  private leave(client: Client): void {
    this.clients.delete(client);
    if (this.clients.size > 0) return;
    this.keepAlive?.cancel();
    this.keepAlive = undefined;
  }

  private nextKeepAlive(): Timer | undefined {
    if (this.options.keepAliveMs === 0) return undefined;
    return this.clock.setTimer(this.options.keepAliveMs, () => {
      for (const client of [...this.clients]) this.write(client, ':\r\n\r\n');
      this.keepAlive = this.clients.size > 0 ? this.nextKeepAlive() : undefined;
    });
  }
}

function takes({ types }: Client, type: string): boolean {
  return types === undefined || types.has(type);
}
