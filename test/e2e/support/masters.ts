/** Several masters on one ZooKeeper: started, killed and asked as a test needs it. */
import { join } from 'node:path';
import { textAt } from './json.ts';
import { eventually, http, type JsonAnswer, type Program, startOrrery } from './programs.ts';

export interface MastersOptions {
  /** `zk://host:port/path`. */
  readonly url: string;
  readonly ports: readonly number[];
  /** Their work directories are below it. */
  readonly directory: string;
  readonly sessionMs: number;
  /** Whether one that ends is started again, as an operator's supervisor does. */
  readonly isSupervised?: boolean;
}

export class Masters {
  private readonly options: MastersOptions;
  private readonly programs = new Map<number, Program>();
  private readonly ended: string[] = [];
  private isStopping = false;

  constructor(options: MastersOptions) {
    this.options = options;
  }

  get ports(): readonly number[] {
    return this.options.ports;
  }

  startAll(): void {
    for (const port of this.options.ports) this.start(port);
  }

  start(port: number): void {
    const { url, directory, sessionMs } = this.options;
    const before = this.programs.get(port);
    if (before !== undefined) this.ended.push(`[ended master ${port}]\n${before.output()}`);
    const program = startOrrery([
      'master',
      `--zk=${url}`,
      '--quorum=2',
      `--zk_session_timeout=${sessionMs}ms`,
      '--ip=127.0.0.1',
      '--hostname=127.0.0.1',
      `--port=${port}`,
      `--work_dir=${join(directory, `master-${port}`)}`,
    ]);
    this.programs.set(port, program);
    if (this.options.isSupervised !== true) return;
    program.child.once('exit', () => {
      if (!this.isStopping) this.start(port);
    });
  }

  at(port: number): Program {
    const program = this.programs.get(port);
    if (program === undefined) throw new Error(`no master was started on port ${port}`);
    return program;
  }

  /** The port of the master that the others name. */
  async leaderPort(): Promise<number> {
    return await eventually(
      'a master leads',
      async () => {
        for (const port of this.programs.keys()) {
          const answer = await http('GET', `http://127.0.0.1:${port}/redirect`).catch(
            () => undefined,
          );
          const leader = Number(answer?.headers.get('location')?.split(':')[1]);
          if (answer?.status === 307 && this.programs.has(leader)) return leader;
        }
        return undefined;
      },
      () => this.output(),
    );
  }

  /** One request to the leader. */
  async ask(method: string, path: string, body?: unknown): Promise<JsonAnswer> {
    return await http(method, `http://127.0.0.1:${await this.leaderPort()}${path}`, body);
  }

  /** Kills the leader; resolves when another serves. */
  async killLeader(): Promise<void> {
    const before = await this.leaderId();
    await this.at(await this.leaderPort()).stop('SIGKILL');
    await eventually(
      'another master serves',
      async () => ((await this.leaderId()) === before ? undefined : true),
      () => this.output(),
    );
  }

  private async leaderId(): Promise<string> {
    const answer = await this.ask('POST', '/api/v1', { type: 'GET_MASTER' });
    return textAt(answer.body, 'get_master', 'master_info', 'id');
  }

  async stopAll(): Promise<void> {
    this.isStopping = true;
    for (const program of this.programs.values()) await program.stop('SIGKILL');
  }

  /** The ends of what all of them printed, dead ones included. */
  output(): string {
    const texts = [...this.programs].map(([port, each]) => `[master ${port}]\n${each.output()}`);
    return [...this.ended, ...texts].join('\n').slice(-20_000);
  }
}
