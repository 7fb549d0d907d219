/**
 * A real master and one real agent with the identity of the recorded ones (host name, resources),
 * for tests that replay recordings. Both can be killed, stopped and started again in place.
 */
import { join } from 'node:path';
import { after, before } from 'node:test';
import { listAt } from './json.ts';
import {
  eventually,
  freePorts,
  http,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './programs.ts';

export interface SmallClusterOptions {
  readonly masterFlags?: readonly string[];
  readonly agentFlags?: readonly string[];
  /** That of the recorded agent unless given; it cannot be connected to. */
  readonly agentHostname?: string;
  /** That of the recorded agent unless given. */
  readonly taskPorts?: string;
}

/** A test, or all those of a file. */
export interface Ending {
  after(act: () => Promise<void>): void;
}

/** One cluster for all tests of a file: starting it is most of what a short test costs. */
export function sharedCluster(name: string, options: SmallClusterOptions = {}): () => SmallCluster {
  let cluster: SmallCluster | undefined;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    cluster = await SmallCluster.start({ after: (act) => ends.push(act) }, name, options);
  });
  after(async () => {
    for (const end of ends) await end();
  });
  return () => {
    if (cluster === undefined) throw new Error('the cluster has not been started');
    return cluster;
  };
}

export class SmallCluster {
  readonly directory: string;
  readonly masterPort: number;
  readonly agentPort: number;
  private readonly options: SmallClusterOptions;
  private master: Program | undefined;
  private agent: Program | undefined;
  private readonly ended: Program[] = [];

  private constructor(directory: string, ports: readonly number[], options: SmallClusterOptions) {
    const [masterPort = 0, agentPort = 0] = ports;
    this.directory = directory;
    this.masterPort = masterPort;
    this.agentPort = agentPort;
    this.options = options;
  }

  /** Starts both, waits for the registration, and ends everything with the test. */
  static async start(
    t: Ending,
    name: string,
    options: SmallClusterOptions = {},
  ): Promise<SmallCluster> {
    const directory = await temporaryDirectory(name);
    const cluster = new SmallCluster(directory, await freePorts(2), options);
    t.after(async () => {
      await cluster.stop();
      await removeDirectory(directory);
    });
    cluster.startMaster();
    cluster.startAgent();
    await cluster.agentRegistered();
    return cluster;
  }

  get schedulerUrl(): string {
    return `${this.masterUrl}/api/v1/scheduler`;
  }

  get masterUrl(): string {
    return `http://127.0.0.1:${this.masterPort}`;
  }

  get agentUrl(): string {
    return `http://127.0.0.1:${this.agentPort}`;
  }

  get agentDirectory(): string {
    return join(this.directory, 'agent');
  }

  startMaster(): void {
    this.master = startOrrery([
      'master',
      '--ip=127.0.0.1',
      `--port=${this.masterPort}`,
      '--hostname=localhost',
      `--work_dir=${join(this.directory, 'master')}`,
      ...(this.options.masterFlags ?? []),
    ]);
  }

  startAgent(): void {
    this.agent = startOrrery([
      'agent',
      `--master=127.0.0.1:${this.masterPort}`,
      '--ip=127.0.0.1',
      `--port=${this.agentPort}`,
      `--hostname=${this.options.agentHostname ?? 'agent1.example'}`,
      `--resources=cpus:4;mem:4096;disk:8192;ports:[${this.options.taskPorts ?? '31000-32000'}]`,
      `--work_dir=${this.agentDirectory}`,
      '--registration_backoff_factor=200ms',
      ...(this.options.agentFlags ?? []),
    ]);
  }

  /** Sends a signal that ends the agent and waits for the end; gives its exit code. */
  async endAgent(signal: NodeJS.Signals): Promise<number | null> {
    const { agent } = this;
    if (agent === undefined) return null;
    this.ended.push(agent);
    this.agent = undefined;
    return await agent.stop(signal);
  }

  /** SIGSTOP and SIGCONT. */
  signalAgent(signal: NodeJS.Signals): void {
    this.agent?.child.kill(signal);
  }

  async agentRegistered(): Promise<void> {
    await eventually(
      'the agent registers',
      async () => {
        const answer = await http('GET', `${this.masterUrl}/slaves`);
        const active = listAt(answer.body, 'slaves').filter(
          (each) => each !== null && typeof each === 'object' && Reflect.get(each, 'active'),
        );
        return active.length === 1 ? true : undefined;
      },
      () => this.output(),
    );
  }

  output(): string {
    return [this.master, this.agent, ...this.ended].map((each) => each?.output()).join('\n');
  }

  /** SIGUSR1 makes the agent kill its tasks and its launcher, so that nothing is left. */
  private async stop(): Promise<void> {
    try {
      if (this.agent === undefined) {
        this.startAgent();
        await this.agentRegistered();
      }
      await this.endAgent('SIGUSR1');
    } finally {
      // Whatever has failed, no process may hold up the end of the test.
      await this.agent?.stop('SIGKILL');
      await this.master?.stop('SIGTERM');
    }
  }
}
