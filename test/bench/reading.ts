/**
 * Reads a big answer as fast as a program can: a bare socket and one buffer that is used again and
 * again, so that what is measured is the server and not this reader.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { cpuSeconds } from './measure.ts';

const BUFFER_BYTES = 1024 ** 2;
const HEAD_END = '\r\n\r\n';

export interface Reading {
  readonly durationMs: number;
  /** Processor time of the server meanwhile. */
  readonly cpuMs: number;
  readonly bytes: number;
}

/** `GET path` of the server with this pid. The answer must have a `Content-Length`. */
export function readAnswer(pid: number, port: number, path: string): Promise<Reading> {
  const [start, cpuBefore] = [performance.now(), cpuSeconds(pid)];
  return new Promise((resolve, reject) => {
    let head = '';
    let bytes = 0;
    let length: number | undefined;
    const take = (count: number, buffer: Uint8Array): boolean => {
      bytes += count;
      if (length === undefined) {
        head += Buffer.from(buffer.buffer, buffer.byteOffset, count).toString('latin1');
        const end = head.indexOf(HEAD_END);
        if (end === -1) return true;
        length = Number(/^content-length: (\d+)/im.exec(head.slice(0, end))?.[1]);
        bytes = head.length - end - HEAD_END.length;
      }
      if (bytes < length) return true;
      const durationMs = performance.now() - start;
      socket.destroy();
      resolve({ durationMs, cpuMs: (cpuSeconds(pid) - cpuBefore) * 1_000, bytes });
      return true;
    };
    const socket = connect({
      host: '127.0.0.1',
      port,
      onread: { buffer: new Uint8Array(BUFFER_BYTES), callback: take },
    });
    socket.on('error', reject);
    socket.on('end', () => reject(new Error(`the answer ended after ${bytes} bytes`)));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  });
}

/** What this machine and this reader can do at best: as many bytes, ready in memory, no master. */
export async function readBareBytes(bytes: number, rounds: number): Promise<readonly Reading[]> {
  const script = `
    const piece = Buffer.alloc(512 * 1024, 120);
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: ${bytes}\\r\\n\\r\\n');
        let left = ${bytes};
        const more = () => {
          while (left > 0) {
            const part = piece.subarray(0, Math.min(left, piece.length));
            left -= part.length;
            if (!socket.write(part)) return socket.once('drain', more);
          }
        };
        more();
      });
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  `;
  const child: ChildProcess = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    if (child.stdout === null || child.pid === undefined) throw new Error('no server was started');
    const [line]: unknown[] = await once(child.stdout, 'data');
    const readings: Reading[] = [];
    for (let at = 0; at < rounds; at += 1) {
      readings.push(await readAnswer(child.pid, Number(String(line)), '/'));
    }
    return readings;
  } finally {
    child.kill('SIGKILL');
  }
}
