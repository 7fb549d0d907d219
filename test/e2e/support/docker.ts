/**
 * A real Docker engine of one test: its own directories and socket, no rules in the host's packet
 * filter, a bridge of its own, and one image made of Debian's busybox. The engine's containers are
 * removed when it stops.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import {
  eventually,
  type Program,
  removeDirectory,
  startProgram,
  temporaryDirectory,
} from './programs.ts';
import { SmallCluster, type SmallClusterOptions } from './small-cluster.ts';

const run = promisify(execFile);
const BUSYBOX = '/bin/busybox';
/** Engines of files that run at the same time would give the same addresses on one bridge. */
const WORKER = Number(process.env['NODE_TEST_WORKER_ID'] ?? 0) % 256;
/** The last test to take it finds it there. */
const BRIDGE = `orrery-docker${WORKER}`;
const BRIDGE_ADDRESS = `172.29.${WORKER}.1/24`;

export class TestEngine {
  readonly directory: string;
  private engine: Program | undefined;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Starts the engine with the image `busybox` and a cluster whose agent uses it. With the test the
   * cluster ends first: an agent cannot end its containers without the engine.
   */
  static async withCluster(
    t: TestContext,
    name: string,
    options: SmallClusterOptions = {},
  ): Promise<{ readonly engine: TestEngine; readonly cluster: SmallCluster }> {
    const engine = new TestEngine(await temporaryDirectory('engine'));
    try {
      await engine.beginWithImage();
      const agentFlags = [...engine.agentFlags, ...(options.agentFlags ?? [])];
      const cluster = await SmallCluster.start(t, name, { ...options, agentFlags });
      return { engine, cluster };
    } finally {
      t.after(() => engine.end());
    }
  }

  /** The engine and its image, without a cluster. */
  static async alone(t: TestContext): Promise<TestEngine> {
    const engine = new TestEngine(await temporaryDirectory('engine'));
    t.after(() => engine.end());
    await engine.beginWithImage();
    return engine;
  }

  private async beginWithImage(): Promise<void> {
    await makeBridge();
    await this.begin();
    await this.importBusybox();
  }

  private async end(): Promise<void> {
    try {
      if (this.engine === undefined) await this.begin();
      await this.removeContainers();
      await this.stop();
    } finally {
      await this.stop('SIGKILL');
      // Shims of containers outlive their engine, and hold its output open.
      await run('pkill', ['-9', '-f', this.directory]).catch(() => {});
      await this.unmount();
      await removeDirectory(this.directory);
    }
  }

  get socket(): string {
    return join(this.directory, 'docker.sock');
  }

  /** Flags of an agent that uses this engine. */
  get agentFlags(): readonly string[] {
    return ['--containerizers=docker,mesos', `--docker_socket=${this.socket}`];
  }

  async begin(): Promise<void> {
    const place = (name: string): string => join(this.directory, name);
    // That of a killed engine has died with it, but may be a zombie as long as init does not care, and
    // then the next engine believes that it runs.
    await rm(place('exec/containerd/containerd.pid'), { force: true });
    this.engine = startProgram('dockerd', [
      `--bridge=${BRIDGE}`,
      '--iptables=false',
      '--ip-masq=false',
      '--ip-forward=false',
      `--data-root=${place('data')}`,
      `--exec-root=${place('exec')}`,
      `--pidfile=${place('pid')}`,
      `--host=unix://${this.socket}`,
      '--live-restore',
    ]);
    await eventually(
      'the engine answers',
      async () => {
        await this.docker('ps');
        return true;
      },
      () => this.engine?.output() ?? '',
    );
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.engine?.stop(signal);
    this.engine = undefined;
  }

  /** SIGSTOP and SIGCONT: an engine that hangs. */
  signal(signal: NodeJS.Signals): void {
    this.engine?.child.kill(signal);
  }

  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('docker', ['-H', `unix://${this.socket}`, ...args]);
    return stdout;
  }

  /** Names of containers, those that have ended too. */
  async names(...filters: readonly string[]): Promise<readonly string[]> {
    const listed = await this.docker('ps', '-a', '--format', '{{.Names}}', ...filters);
    return listed.split('\n').filter((name) => name !== '');
  }

  async inspect(name: string): Promise<unknown> {
    return JSON.parse(await this.docker('inspect', '--type=container', name))[0];
  }

  private async removeContainers(): Promise<void> {
    const names = await this.names().catch(() => []);
    if (names.length > 0) await this.docker('rm', '-f', '-v', ...names).catch(() => {});
  }

  /** What engine and containers have left mounted below the directory, innermost first. */
  private async unmount(): Promise<void> {
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
    const paths = mounts.map((line) => line.split(' ')[1] ?? '');
    for (const path of paths.filter((each) => each.startsWith(`${this.directory}/`)).reverse()) {
      await run('umount', ['-l', path]);
    }
  }

  private async importBusybox(): Promise<void> {
    const root = join(this.directory, 'root');
    for (const name of ['bin', 'tmp', 'etc', 'proc', 'sys', 'dev']) {
      await mkdir(join(root, name), { recursive: true });
    }
    await copyFile(BUSYBOX, join(root, 'bin/busybox'));
    await run('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
    await run('tar', ['-C', root, '-cf', join(this.directory, 'root.tar'), '.']);
    await this.docker(
      'import',
      '-c',
      'CMD ["/bin/sh", "-c", "echo the image"]',
      join(this.directory, 'root.tar'),
      'busybox:latest',
    );
  }
}

async function makeBridge(): Promise<void> {
  const links = await readFile('/proc/net/dev', 'utf8');
  if (links.includes(`${BRIDGE}:`)) return;
  await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await run('ip', ['addr', 'add', BRIDGE_ADDRESS, 'dev', BRIDGE]);
  await run('ip', ['link', 'set', BRIDGE, 'up']);
}
