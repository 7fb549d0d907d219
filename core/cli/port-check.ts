/**
 * Tries ports before anything is started, so that a taken one has no consequences. Another process
 * may still be quicker; then the start of the part fails with the same sentence.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

export interface PortToTry {
  readonly ip: string;
  /** 0 is always free. */
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Rejects with the system's error, which carries the port, for the first that is not free. */
export async function expectFreePorts(ports: readonly PortToTry[]): Promise<void> {
  for (const { ip, port, protocol } of ports) {
    if (port === 0) continue;
    await (protocol === 'tcp' ? tryTcp(ip, port) : tryUdp(ip, port));
  }
}

function tryTcp(ip: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: ip, port, exclusive: true }, () => server.close(() => resolve()));
  });
}

function tryUdp(ip: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, ip, () => socket.close(() => resolve()));
  });
}
