/** A master as far as the DNS daemon can see: `/master/state` and the operator event stream. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { encodeRecord } from '../../../core/wire/recordio.ts';

export interface FakeMaster {
  readonly port: number;
  /** The document that `/master/state` gives; `leader` is filled in. */
  state: Record<string, unknown>;
  /** The `get_state` of the next SUBSCRIBED event; undefined refuses subscriptions. */
  snapshot: unknown;
  readonly stateCount: number;
  readonly streamCount: number;
  /** Sends an event to every open stream. */
  send(event: unknown): void;
  endStreams(): void;
  close(): Promise<void>;
}

/** Port 0 takes a free one. */
export async function startFakeMaster(ip = '127.0.0.1', port = 0): Promise<FakeMaster> {
  const master = new FakeMasterServer(ip);
  await master.listen(port);
  return master;
}

class FakeMasterServer implements FakeMaster {
  state: Record<string, unknown> = { slaves: [], frameworks: [] };
  snapshot: unknown = { get_tasks: {}, get_agents: {}, get_frameworks: {} };
  stateCount = 0;
  port = 0;
  private readonly streams = new Set<ServerResponse>();
  private readonly server: Server;
  private readonly ip: string;

  constructor(ip: string) {
    this.ip = ip;
    this.server = createServer((request, response) => {
      if (request.url === '/master/state') {
        this.stateCount += 1;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ leader: `master@${ip}:${this.port}`, ...this.state }));
        return;
      }
      if (request.url !== '/api/v1' || this.snapshot === undefined) {
        response.statusCode = 404;
        response.end();
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      this.streams.add(response);
      response.on('close', () => this.streams.delete(response));
      const subscribed = { get_state: this.snapshot, heartbeat_interval_seconds: 15 };
      response.write(encodeRecord(JSON.stringify({ type: 'SUBSCRIBED', subscribed })));
    });
  }

  get streamCount(): number {
    return this.streams.size;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, this.ip, resolve);
    });
    const address = this.server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  send(event: unknown): void {
    for (const stream of this.streams) stream.write(encodeRecord(JSON.stringify(event)));
  }

  endStreams(): void {
    for (const stream of this.streams) stream.end();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Shapes of the operator API, filled with what names are made from. */
export const v1 = {
  agent: (id: string, ip: string) => ({
    agent_info: { hostname: ip, id: { value: id } },
    active: true,
    pid: `slave(1)@${ip}:5051`,
  }),
  framework: (id: string, name: string, hostname = '') => ({
    framework_info: { id: { value: id }, name, hostname },
    active: true,
  }),
  task: (options: {
    readonly id: string;
    readonly name: string;
    readonly framework: string;
    readonly agent: string;
    readonly ports?: readonly (readonly [number, number])[];
    readonly state?: string;
    readonly ip?: string;
    readonly discovery?: unknown;
  }) => ({
    name: options.name,
    task_id: { value: options.id },
    framework_id: { value: options.framework },
    agent_id: { value: options.agent },
    state: options.state ?? 'TASK_STAGING',
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } },
      {
        name: 'ports',
        type: 'RANGES',
        ranges: { range: (options.ports ?? []).map(([begin, end]) => ({ begin, end })) },
      },
    ],
    discovery: options.discovery,
    statuses: options.ip === undefined ? [] : [v1.status(options.id, 'TASK_RUNNING', options.ip)],
  }),
  status: (id: string, state: string, ip?: string, timestamp = 1) => ({
    task_id: { value: id },
    state,
    timestamp,
    container_status:
      ip === undefined ? undefined : { network_infos: [{ ip_addresses: [{ ip_address: ip }] }] },
  }),
  taskAdded: (task: unknown) => ({ type: 'TASK_ADDED', task_added: { task } }),
  taskUpdated: (framework: string, id: string, state: string, ip?: string, timestamp = 1) => ({
    type: 'TASK_UPDATED',
    task_updated: {
      framework_id: { value: framework },
      status: v1.status(id, state, ip, timestamp),
      state,
    },
  }),
  agentAdded: (agent: unknown) => ({ type: 'AGENT_ADDED', agent_added: { agent } }),
  agentRemoved: (id: string) => ({
    type: 'AGENT_REMOVED',
    agent_removed: { agent_id: { value: id } },
  }),
  frameworkAdded: (framework: unknown) => ({
    type: 'FRAMEWORK_ADDED',
    framework_added: { framework },
  }),
  frameworkRemoved: (id: string) => ({
    type: 'FRAMEWORK_REMOVED',
    framework_removed: { framework_info: { id: { value: id } } },
  }),
};
