/** Containers with images: the bench of isolation with a provisioner over a directory of archives. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ProvisionerOptions } from '../../../core/agent/containerizer/provisioner/options.ts';
import { NodeProvisioner } from '../../../core/agent/containerizer/provisioner/provisioner.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SystemRandom } from '../../../core/base/random.ts';
import { createHttpClient } from '../../../core/net/http-client.ts';
import type {
  ContainerInfo,
  Image,
  Resource,
  TaskInfo,
} from '../../../core/wire/types/mesos.v1.ts';
import { needs } from './host-features.ts';
import { hasBusybox } from './image-archives.ts';
import { clock, IsolationBench } from './isolation-bench.ts';

export const ISOLATION = '--isolation=filesystem/linux,docker/runtime,appc/runtime';
const STALL_MS = 60_000;

/** For the options of a test. */
export const IMAGES = {
  skip:
    needs('root', 'namespaces', 'cgroup:freezer').skip || (!hasBusybox() && 'no busybox-static'),
};

export interface ImageBenchOptions {
  readonly isolation?: string;
  readonly flags?: readonly string[];
  readonly backend?: 'copy' | 'bind' | 'overlay';
  readonly registry?: string;
  readonly dockerConfig?: unknown;
  readonly uriPrefix?: string;
  /** Every disk is a persistent volume, `<folder>/volume`. */
  readonly volumes?: boolean;
}

export class ImageBench {
  readonly bench: IsolationBench;
  /** Where archives of images are looked for. */
  readonly archives: string;
  readonly folder: string;
  provisioners: NodeProvisioner[] = [];

  private constructor(folder: string, bench: IsolationBench, provisioners: NodeProvisioner[]) {
    this.folder = folder;
    this.archives = join(folder, 'archives');
    this.bench = bench;
    this.provisioners = provisioners;
  }

  static async start(t: TestContext, options: ImageBenchOptions = {}): Promise<ImageBench> {
    const folder = mkdtempSync(join(tmpdir(), 'images-'));
    mkdirSync(join(folder, 'archives'));
    const http = createHttpClient();
    t.after(async () => {
      await http.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const provisioners: NodeProvisioner[] = [];
    const provision = (workDir: string): NodeProvisioner => {
      const ports = { http, clock, log: silentLog, random: new SystemRandom() };
      const it = new NodeProvisioner(optionsFor(workDir, folder, options), ports);
      provisioners.push(it);
      return it;
    };
    const flags = [options.isolation ?? ISOLATION, ...(options.flags ?? [])];
    const volume = join(folder, 'volume');
    mkdirSync(volume);
    const volumeDirectory = (resource: Resource): string | undefined =>
      options.volumes === true && resource.disk !== undefined ? volume : undefined;
    const bench = await IsolationBench.start(t, flags, { provision, volumeDirectory });
    return new ImageBench(folder, bench, provisioners);
  }

  get provisioner(): NodeProvisioner {
    const last = this.provisioners.at(-1);
    if (last === undefined) throw new Error('there is no provisioner');
    return last;
  }

  get storeDir(): string {
    return join(this.folder, 'store');
  }

  /** Runs a command in an image until it ends; gives what it printed. */
  async outputOf(id: string, command: string, info: Partial<TaskInfo>): Promise<string> {
    await this.bench.run(id, { command, info });
    await this.bench.updated(id, 'TASK_FINISHED');
    this.bench.acknowledge(id);
    await this.bench.exited(id);
    return this.bench.output(id);
  }

  /** What the provisioner has for containers. */
  containers(): readonly string[] {
    const path = join(this.bench.folder, 'provisioner/containers');
    return existsSync(path) ? readdirSync(path) : [];
  }

  /** Mount points below the folders of this bench. */
  mounts(): readonly string[] {
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(`${this.bench.folder}/provisioner/containers`));
  }
}

function optionsFor(
  workDir: string,
  folder: string,
  { backend, registry, dockerConfig, uriPrefix }: ImageBenchOptions,
): ProvisionerOptions {
  return {
    workDir,
    backend,
    docker: {
      registry: registry ?? join(folder, 'archives'),
      config: dockerConfig,
      stallTimeoutMs: STALL_MS,
      storeDir: join(folder, 'store'),
      hadoopHome: undefined,
    },
    appc: {
      directory: join(folder, 'appc'),
      uriPrefix: uriPrefix ?? `${folder}/archives/`,
      stallTimeoutMs: STALL_MS,
    },
  };
}

export function dockerImage(name: string, more: Partial<Image> = {}): Image {
  return { type: 'DOCKER', docker: { name }, ...more };
}

export function inImage(
  image: Image | string,
  more: Partial<ContainerInfo> = {},
): { readonly container: ContainerInfo } {
  const wanted = typeof image === 'string' ? dockerImage(image) : image;
  return { container: { type: 'MESOS', mesos: { image: wanted }, ...more } };
}
