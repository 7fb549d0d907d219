/** The fake cluster of the scheduler tests behind a real socket: a master as far as a framework can see. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SystemClock } from '../../core/base/clock.ts';
import { FakeCluster } from '../core/scheduler/fake-cluster.ts';

export interface ClusterServer {
  readonly cluster: FakeCluster;
  readonly port: number;
  close(): Promise<void>;
}

export async function startClusterServer(cpus: number, mem: number): Promise<ClusterServer> {
  const cluster = new FakeCluster(new SystemClock(), [{ id: 'a1', cpus, mem }]);
  const server = createServer((request, response) => {
    serve(cluster, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    cluster,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  cluster: FakeCluster,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const answer = await cluster.request({
    method: 'POST',
    url: `http://127.0.0.1${request.url}`,
    headers,
    body: Buffer.concat(chunks),
    signal: gone.signal,
  });
  response.writeHead(answer.status, answer.headers);
  response.flushHeaders();
  for await (const chunk of answer.body) response.write(chunk);
  response.end();
}
