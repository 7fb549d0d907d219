/**
 * Forwards a query as it is to resolvers, one after another, over the transport it came by (spec
 * mesos-dns, section 5.2). Each exchange has its own socket, so that the source port is random and
 * only the resolver's own replies are heard.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { ipVersion } from '../core/base/addresses.ts';
import type { Clock } from '../core/base/clock.ts';
import type { DurationMs } from '../core/base/duration.ts';
import { resolverAddress } from './config-checks.ts';
import type { DnsCounters } from './counters.ts';
import { TcpFrames } from './tcp-frames.ts';
import { errorReply, type Query, RCODE } from './wire.ts';

export type Transport = 'udp' | 'tcp';

/** Forwarded queries at one time; more are answered SERVFAIL at once. */
const FORWARDS_MAX = 1_000;

interface Exchange {
  readonly message: Buffer;
  readonly ip: string;
  readonly port: number;
  readonly timeoutMs: DurationMs;
  readonly clock: Clock;
}

export class Forwarder {
  private readonly clock: Clock;
  private readonly timeoutMs: DurationMs;
  private readonly counters: DnsCounters;
  inFlightCount = 0;

  constructor(clock: Clock, timeoutMs: DurationMs, counters: DnsCounters) {
    this.clock = clock;
    this.timeoutMs = timeoutMs;
    this.counters = counters;
  }

  /** Never rejects: without any reply the answer is SERVFAIL. */
  async forward(
    message: Buffer,
    query: Query,
    resolvers: readonly string[],
    transport: Transport,
  ): Promise<Buffer> {
    if (this.inFlightCount >= FORWARDS_MAX) return errorReply(query, RCODE.SERVFAIL);
    this.inFlightCount += 1;
    try {
      for (const resolver of resolvers) {
        const reply = await this.ask(message, resolver, transport);
        if (reply !== undefined) return reply;
      }
      return errorReply(query, RCODE.SERVFAIL);
    } finally {
      this.inFlightCount -= 1;
    }
  }

  private async ask(
    message: Buffer,
    resolver: string,
    transport: Transport,
  ): Promise<Buffer | undefined> {
    this.counters.NonMesosForwarded.increment();
    const { ip, port } = resolverAddress(resolver);
    const exchange = { message, ip, port, timeoutMs: this.timeoutMs, clock: this.clock };
    const reply = await (transport === 'udp' ? askByUdp(exchange) : askByTcp(exchange));
    if (reply === undefined) {
      this.counters.NonMesosFailed.increment();
      return undefined;
    }
    this.counters.NonMesosSuccess.increment();
    if (reply.readUInt16BE(6) === 0) this.counters.NonMesosNXDomain.increment();
    return reply;
  }
}

/** A reply belongs to its query by id; anything shorter than a header is none. */
function isReplyTo(message: Buffer, reply: Buffer): boolean {
  if (reply.length < 12 || ((reply[2] ?? 0) & 0x80) === 0) return false;
  return reply.readUInt16BE(0) === message.readUInt16BE(0);
}

function askByUdp(exchange: Exchange): Promise<Buffer | undefined> {
  const { message, ip, port, timeoutMs, clock } = exchange;
  return new Promise((resolve) => {
    const socket = createSocket(ipVersion(ip) === 6 ? 'udp6' : 'udp4');
    const timer = clock.setTimer(timeoutMs, () => end(undefined));
    let isOver = false;
    const end = (reply: Buffer | undefined): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      socket.close();
      resolve(reply);
    };
    socket.on('error', () => end(undefined));
    socket.on('message', (reply) => {
      // A reply with another id is somebody's guess; the right one may still come.
      if (isReplyTo(message, reply)) end(reply);
    });
    socket.connect(port, ip, () => {
      if (!isOver) socket.send(message);
    });
  });
}

function askByTcp(exchange: Exchange): Promise<Buffer | undefined> {
  const { message, ip, port, timeoutMs, clock } = exchange;
  return new Promise((resolve) => {
    const frames = new TcpFrames();
    const socket = connect({ host: ip, port });
    const timer = clock.setTimer(timeoutMs, () => end(undefined));
    const end = (reply: Buffer | undefined): void => {
      timer.cancel();
      socket.destroy();
      resolve(reply);
    };
    socket.on('error', () => end(undefined));
    socket.on('close', () => end(undefined));
    socket.on('connect', () => socket.write(frameOf(message)));
    socket.on('data', (chunk) => {
      const [reply] = frames.push(chunk);
      if (reply !== undefined) end(isReplyTo(message, reply) ? reply : undefined);
    });
  });
}

/** A message with its two-byte length before it. */
export function frameOf(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(2 + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, 2);
  return frame;
}
