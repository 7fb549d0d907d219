/**
 * The Unix socket executors may use in place of TCP (spec executor-api, section 1): the same server, but
 * of its paths only those that executors and their tasks' containers need.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { HttpServer } from '../../net/http-server.ts';
import { AGENT_ACTOR } from '../agent.ts';

const ALLOWED: ReadonlySet<string> = new Set([
  `/${AGENT_ACTOR}/api/v1`,
  `/${AGENT_ACTOR}/api/v1/executor`,
]);

export class DomainSocket {
  private readonly server: HttpServer;
  private readonly path: string;
  private readonly sockets = new WeakSet<Socket>();
  private listener: Server | undefined;

  /** To be made before the server listens. */
  constructor(server: HttpServer, path: string) {
    this.server = server;
    this.path = path;
    server.app.addHook('onRequest', (request, reply, done) => {
      if (!this.sockets.has(request.raw.socket) || isAllowed(request.originalUrl)) done();
      else reply.code(403).type('text/plain; charset=utf-8').send('403 Forbidden.');
    });
  }

  async start(): Promise<void> {
    const listener = createServer((socket) => {
      this.sockets.add(socket);
      this.server.adopt(socket);
    });
    this.listener = listener;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      // Left by an agent that was killed; a living one would hold the work directory.
      rmSync(this.path, { force: true });
      await new Promise<void>((resolve, reject) => {
        listener.once('error', reject);
        listener.listen(this.path, resolve);
      });
      // Executors run as any user; who they are is told by their token, as over TCP.
      chmodSync(this.path, 0o777);
    } catch (thrown) {
      const why = `Failed to create domain socket '${this.path}': ${describeError(thrown)}`;
      throw new ClusterError('ADDRESS_UNAVAILABLE', why, { retriable: false, cause: thrown });
    }
  }

  stop(): void {
    this.listener?.close();
  }
}

function isAllowed(url: string): boolean {
  const [path = ''] = url.split('?');
  try {
    return ALLOWED.has(decodeURIComponent(path));
  } catch {
    return false;
  }
}
