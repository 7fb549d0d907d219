import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenOnOnePort, type PortListener } from '../../dns/listening.ts';

/** Gives the ports of its list one after the other; a port in `taken` is refused as the system does. */
class ListedPorts implements PortListener {
  readonly asked: number[] = [];
  isOpen = false;
  private readonly next: Iterator<number>;
  private readonly taken: ReadonlySet<number>;

  constructor(free: Iterable<number>, taken: Iterable<number> = []) {
    this.next = free[Symbol.iterator]();
    this.taken = new Set(taken);
  }

  async listen(_ip: string, port: number): Promise<number> {
    this.asked.push(port);
    const given = port === 0 ? Number(this.next.next().value) : port;
    if (this.taken.has(given)) {
      throw Object.assign(new Error(`address already in use ${given}`), { code: 'EADDRINUSE' });
    }
    this.isOpen = true;
    return given;
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }
}

function* counting(): Generator<number> {
  for (let port = 40_000; ; port += 1) yield port;
}

test('a number that somebody has for TCP is given back, and another one is asked for', async () => {
  const udp = new ListedPorts([40_000, 40_001, 40_002]);
  const tcp = new ListedPorts([], [40_000, 40_001]);
  assert.equal(await listenOnOnePort(udp, tcp, '127.0.0.1', 0), 40_002);
  assert.deepEqual(udp.asked, [0, 0, 0]);
  assert.deepEqual(tcp.asked, [40_000, 40_001, 40_002]);
  assert.ok(udp.isOpen && tcp.isOpen);
});

test('a port that is named is taken or refused', async () => {
  const udp = new ListedPorts([]);
  const tcp = new ListedPorts([], [53]);
  await assert.rejects(listenOnOnePort(udp, tcp, '127.0.0.1', 53), {
    code: 'LISTEN_FAILED',
    message: 'failed to setup "tcp" server: address already in use 53 (EADDRINUSE)',
  });
  assert.deepEqual(udp.asked, [53]);
  const taken = new ListedPorts([], [53]);
  await assert.rejects(listenOnOnePort(taken, new ListedPorts([]), '127.0.0.1', 53), {
    message: 'failed to setup "udp" server: address already in use 53 (EADDRINUSE)',
  });
});

test('asking for another number ends', async () => {
  const udp = new ListedPorts(counting());
  const tcp = new ListedPorts(
    [],
    Array.from({ length: 100 }, (_, at) => 40_000 + at),
  );
  await assert.rejects(listenOnOnePort(udp, tcp, '127.0.0.1', 0), { code: 'LISTEN_FAILED' });
  assert.equal(tcp.asked.length, 16);
});
