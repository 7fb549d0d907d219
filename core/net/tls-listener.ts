/**
 * TLS in front of an HTTP server: a second port, whose decrypted connections the server takes like
 * its own. Certificates come from a key store.
 */
import { createServer, type Server } from 'node:tls';
import { ClusterError, errorCode } from '../base/errors.ts';
import type { HttpServer } from './http-server.ts';
import type { KeyAndCertificates } from './java-key-store.ts';

/** A PKCS12 store as it is, or what was read from one of Java's. */
export type KeyStore = { readonly pfx: Buffer; readonly passphrase: string } | KeyAndCertificates;

export interface TlsAddress {
  readonly ip: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** How long a client may take to agree on a key. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export class TlsListener {
  address: TlsAddress;
  private readonly server: Server;

  constructor(http: HttpServer, address: TlsAddress, keys: KeyStore) {
    this.address = address;
    this.server = createServer({
      ...keys,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.server.on('secureConnection', (socket) => http.adopt(socket));
    // A client that speaks no TLS, or goes in the middle of it, harms only itself.
    this.server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** The HTTP server must be ready. Rejects with a `ClusterError` when the port cannot be had. */
  async listen(): Promise<void> {
    const { ip, port } = this.address;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => {
        const isTaken = errorCode(error) === 'EADDRINUSE';
        const code = isTaken ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE';
        const why = isTaken ? `address ${ip}:${port} is already in use` : error.message;
        reject(new ClusterError(code, why, { retriable: isTaken, cause: error }));
      });
      this.server.listen({ host: ip, port, exclusive: true }, resolve);
    });
    const bound = this.server.address();
    if (typeof bound === 'object' && bound !== null) this.address = { ip, port: bound.port };
  }

  /** Takes no more connections; those there are end with the HTTP server's. */
  close(): void {
    if (this.server.listening) this.server.close();
  }
}
