/** A real ZooKeeper server from Debian's package, on a free port, with its data in a directory. */
import { existsSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { eventually, freePorts, type Program, startProgram } from './programs.ts';

const JAR = '/usr/share/java/zookeeper.jar';
/** Sessions end at a tick; short ones make exact tests. */
const TICK_MS = 100;

export class ZooKeeperServer {
  readonly port: number;
  private readonly directory: string;
  private program: Program | undefined;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
  }

  /** Not started yet; `directory` must exist and keeps the data between starts. */
  static async in(directory: string): Promise<ZooKeeperServer> {
    if (!existsSync(JAR)) throw new Error(`${JAR} is missing: apt-get install zookeeper`);
    const [port = 0] = await freePorts(1);
    return new ZooKeeperServer(directory, port);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const config = join(this.directory, 'zoo.cfg');
    writeFileSync(
      config,
      [
        `tickTime=${TICK_MS}`,
        `dataDir=${join(this.directory, 'data')}`,
        `clientPort=${this.port}`,
        'clientPortAddress=127.0.0.1',
        'maxClientCnxns=0',
        'maxSessionTimeout=20000',
        'admin.enableServer=false',
        '4lw.commands.whitelist=ruok',
        'forceSync=no',
        '',
      ].join('\n'),
    );
    const main = 'org.apache.zookeeper.server.ZooKeeperServerMain';
    const java = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', JAR, main, config];
    this.program = startProgram('java', java);
    await eventually(
      'ZooKeeper answers',
      async () => ((await this.ask('ruok')) === 'imok' ? true : undefined),
      () => this.program?.output() ?? '',
    );
  }

  async kill(): Promise<void> {
    await this.program?.stop('SIGKILL');
  }

  /** Stops answering without closing anything; `thaw` goes on. */
  freeze(): void {
    this.program?.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.program?.child.kill('SIGCONT');
  }

  private ask(word: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.port, '127.0.0.1', () => socket.write(word));
      let text = '';
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
      // A server that is just starting may take the question and forget it.
      socket.setTimeout(500, () => socket.destroy());
    });
  }
}
